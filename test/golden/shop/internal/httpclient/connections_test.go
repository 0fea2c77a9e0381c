package httpclient

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/shop/internal/retry"
)

func TestEveryStepHasItsTimeout(t *testing.T) {
	const second = time.Second
	stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	half := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	silent := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	for _, test := range []struct {
		name, url string
		handler   http.HandlerFunc
		options   Options
		errorType string
		after     time.Duration // of the first attempt
	}{
		{"dialling", address, nil, Options{dial: silent}, "dial_timeout", second / 2},
		{"dialling, as said", address, nil, Options{dial: silent, DialTimeout: second / 4}, "dial_timeout", second / 4},
		{"TLS", "https://upstream", nil, Options{dial: deaf}, "tls_timeout", second / 2},
		{"the wait for the answer", address, stall, Options{}, "timeout", second},
		{"the wait for the answer, as said", address, stall, Options{HeaderTimeout: second / 4}, "timeout", second / 4},
		{"the body", address, half, Options{HeaderTimeout: second / 4}, "timeout", second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.handler != nil {
					served, _ := newUpstream(t, test.handler)
					test.options.dial = served.dial
				}
				b := newBench(t, test.url, test.options)
				start := time.Now()
				_, err := b.do(t, t.Context(), "GET", "/", "")
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("error %v is no timeout", err)
				}
				if took := time.Since(start); took != retry.MaxAttempts*test.after {
					t.Errorf("the operation took %v, want %v", took, retry.MaxAttempts*test.after)
				}
				for _, span := range b.attempts() {
					if got := attributes(span)["error.type"]; got != test.errorType || span.EndTime().Sub(span.StartTime()) != test.after {
						t.Errorf("%s after %v, want %s after %v", got, span.EndTime().Sub(span.StartTime()), test.errorType, test.after)
					}
				}
			})
		})
	}
}

// deaf dials a connection on whose other end nobody speaks.
func deaf(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	return ours, nil
}

func TestThePoolIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		options, server := newUpstream(t, func(http.ResponseWriter, *http.Request) { <-release })
		options.MaxConnections = 2
		b := newBench(t, address, options)
		want := func(moment string, idle, active, inFlight, pending float64) {
			t.Helper()
			synctest.Wait()
			for series, want := range map[[2]string]float64{
				{"http_client_open_connections", "idle"}: idle, {"http_client_open_connections", "active"}: active,
				{"http_client_active_requests"}: inFlight, {"http_client_pending_requests"}: pending, {"http_client_max_connections"}: 2,
			} {
				labels := slices.DeleteFunc([]string{series[1], "upstream"}, func(s string) bool { return s == "" })
				if got := b.value(t, series[0], labels...); got != want {
					t.Errorf("%s: %v is %v, want %v", moment, series, got, want)
				}
			}
		}
		want("before the first request", 0, 0, 0, 0)
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() { _, _ = b.do(t, t.Context(), "GET", "/", "") })
		}
		want("three requests on two connections", 0, 2, 3, 1)
		release <- struct{}{}
		want("one answered", 0, 2, 2, 0)
		close(release)
		callers.Wait()
		want("all answered", 2, 0, 0, 0)
		server.Close()
		want("the upstream gone", 0, 0, 0, 0)
	})
}

func TestAWaitForAPlaceInThePoolThatEndsInVainIsSeenAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options, _ := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		options.MaxConnections = 1
		b := newBench(t, address, options)
		var first sync.WaitGroup
		first.Go(func() { _, _ = b.do(t, t.Context(), "POST", "/", "") })
		synctest.Wait()
		hurried, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, _ = b.do(t, hurried, "POST", "/", "")
		first.Wait()
		if got := b.value(t, "http_client_request_duration_seconds", "pool_timeout", "POST", "", "upstream"); got != 1 {
			t.Errorf("%v attempts waited in vain, want 1", got)
		}
	})
}

func TestRequestsOverHTTP2ShareOneConnection(t *testing.T) {
	arrived, release := make(chan string, 3), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- r.Proto
		if r.URL.Path == "/wait" {
			<-release
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	b := newBench(t, server.URL, Options{Timeout: deadline})
	b.trust(server)
	get := func(path string) {
		if _, err := b.do(t, t.Context(), "GET", path, ""); err != nil {
			t.Error(err)
		}
	}
	connections := func(state string) float64 {
		return b.value(t, "http_client_open_connections", state, "127.0.0.1")
	}
	get("/")
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() { get("/wait") })
	}
	for range 3 {
		if proto := <-arrived; proto != "HTTP/2.0" {
			t.Errorf("arrived by %s", proto)
		}
	}
	if idle, active := connections("idle"), connections("active"); idle != 0 || active != 1 {
		t.Errorf("two requests: %v idle and %v active connections, want 0 and 1", idle, active)
	}
	close(release)
	callers.Wait()
	if idle, active := connections("idle"), connections("active"); idle != 1 || active != 0 {
		t.Errorf("both answered: %v idle and %v active connections, want 1 and 0", idle, active)
	}
}

func TestACertificateThatIsNotTrustedIsFinal(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	b := newBench(t, server.URL, Options{Timeout: deadline})
	if _, err := b.do(t, t.Context(), "GET", "/", ""); err == nil {
		t.Error("it was accepted")
	}
	if attempts := b.attempts(); len(attempts) != 1 || attributes(attempts[0])["error.type"] != "tls_error" {
		t.Errorf("%d attempts, the first %v; want one tls_error", len(attempts), attempts[0].Attributes())
	}
}

// trust lets the client accept the test server's certificate.
func (b *bench) trust(server *httptest.Server) {
	b.http.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
}

func TestAStaleConnectionIsReplacedWithinTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrived := 0
		options, _ := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
			if arrived++; arrived == 2 { // as a server does that closes idle connections at this moment
				conn, _, _ := http.NewResponseController(w).Hijack()
				conn.Close()
			}
		})
		b := newBench(t, address, options)
		for range 2 {
			if _, err := b.do(t, t.Context(), "GET", "/", ""); err != nil {
				t.Error(err)
			}
		}
		attempts := b.attempts()
		if len(attempts) != 2 || arrived != 3 {
			t.Fatalf("%d attempts and %d arrivals, want 2 and 3", len(attempts), arrived)
		}
		if events := attempts[1].Events(); len(events) != 1 || !strings.Contains(events[0].Name, "stale") {
			t.Errorf("the second attempt does not tell of the other connection: %v", events)
		}
		synctest.Wait()
		if idle, active := b.value(t, "http_client_open_connections", "idle", "upstream"), b.value(t, "http_client_open_connections", "active", "upstream"); idle != 1 || active != 0 {
			t.Errorf("%v idle and %v active connections, want 1 and 0", idle, active)
		}
	})
}
