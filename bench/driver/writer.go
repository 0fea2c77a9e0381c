package driver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// writer is a response that is thrown away. It can do what net/http's own can, because middleware asks for that.
type writer struct {
	header http.Header
	status int
	bytes  int64
}

func newWriter() *writer { return &writer{header: make(http.Header)} }

func (w *writer) reset() {
	clear(w.header)
	w.status, w.bytes = 0, 0
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.bytes += int64(len(p))
	return len(p), nil
}

func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.bytes += int64(len(s))
	return len(s), nil
}

func (w *writer) ReadFrom(from io.Reader) (int64, error) {
	w.WriteHeader(http.StatusOK)
	n, err := io.Copy(io.Discard, from)
	w.bytes += n
	return n, err
}

func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("there is no connection")
}
