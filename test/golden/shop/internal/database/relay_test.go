package database_test

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// relay stands between a client and a server and can cut all connections.
type relay struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	conns []net.Conn
}

// relayed is the server as reached through a relay.
func relayed(t *testing.T, server *pgxpool.Config) (*pgxpool.Config, *relay) {
	through := server.Copy()
	conn := through.ConnConfig
	r := newRelay(t, net.JoinHostPort(conn.Host, strconv.Itoa(int(conn.Port))))
	conn.Host, conn.Port = "127.0.0.1", r.port()
	for _, fallback := range conn.Fallbacks { // sslmode=prefer tries without TLS by one
		fallback.Host, fallback.Port = conn.Host, conn.Port
	}
	return through, r
}

func newRelay(t *testing.T, target string) *relay {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, target: target}
	t.Cleanup(func() {
		listener.Close()
		r.cut()
	})
	go r.serve()
	return r
}

func (r *relay) port() uint16 { return r.listener.Addr().(*net.TCPAddr).AddrPort().Port() }

func (r *relay) serve() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil {
			client.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, client, server)
		r.mu.Unlock()
		go pass(server, client)
		go pass(client, server)
	}
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.conns {
		conn.Close()
	}
	r.conns = nil
}
