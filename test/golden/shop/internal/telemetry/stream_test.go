package telemetry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"
)

// served runs a handler behind the middleware on a real server and waits until the middleware has finished with the
// one request that get makes.
func served(t *testing.T, configure func(*httptest.Server), handler http.HandlerFunc, get func(*httptest.Server)) *bench {
	t.Helper()
	b := newBench(t, sdktrace.NeverSample(), zapcore.InfoLevel)
	observed, finished := b.Route("GET /orders/{id}", handler), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(finished) // deferred: the middleware may panic to cut the connection
		observed.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	configure(server)
	if server.URL == "" {
		server.Start()
	}
	defer server.Close()
	get(server)
	<-finished
	return b
}

func plain(*httptest.Server) {}

func http2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.StartTLS()
}

// body gets the server's answer to its end.
func body(t *testing.T, s *httptest.Server) (*http.Response, string, error) {
	t.Helper()
	response, err := s.Client().Get(s.URL + "/orders/7")
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

func TestAStreamGoesOnAfterTheWriteTimeoutWhenItAsksTo(t *testing.T) {
	const timeout, lines = 200 * time.Millisecond, 6
	for name, configure := range map[string]func(*httptest.Server){"HTTP/1.1": plain, "HTTP/2": http2} {
		t.Run(name, func(t *testing.T) {
			var atEnd error
			b := served(t, func(s *httptest.Server) {
				s.Config.WriteTimeout = timeout
				configure(s)
			}, func(w http.ResponseWriter, r *http.Request) {
				control := http.NewResponseController(w)
				deadline := time.Now().Add(time.Minute)
				if err := control.SetWriteDeadline(deadline); err != nil {
					t.Error(err)
				}
				w.Header().Set("Content-Type", "text/event-stream")
				for range lines {
					_, _ = io.WriteString(w, "data: x\n\n")
					if err := control.Flush(); err != nil {
						t.Error(err)
					}
					<-time.After(timeout / 4)
				}
				atEnd = r.Context().Err()
			}, func(s *httptest.Server) {
				if _, text, err := body(t, s); err != nil || strings.Count(text, "data:") != lines {
					t.Errorf("got %q, %v", text, err)
				}
			})
			if got := b.count(t, "/orders/{id}", "200", ""); got != "1" || atEnd != nil {
				t.Errorf("count %s; the context ended by %v", got, atEnd)
			}
		})
	}
}

func TestAWriteAfterTheWriteTimeoutIsATimeout(t *testing.T) {
	b := served(t, func(s *httptest.Server) { s.Config.WriteTimeout = 20 * time.Millisecond }, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		for control.Flush() == nil {
			_, _ = io.WriteString(w, "data: x\n\n")
		}
		if r.Context().Err() == nil {
			t.Error("the request's context goes on")
		}
	}, func(s *httptest.Server) {
		if _, _, err := body(t, s); err == nil {
			t.Error("the client took a part for the whole")
		}
	})
	if got := b.count(t, "/orders/{id}", "504", "timeout"); got != "1" {
		t.Errorf("count %s:\n%v", got, b.lines(t))
	}
}

// leave reads the beginning of an answer and closes the connection.
func leave(t *testing.T) func(*httptest.Server) {
	return func(s *httptest.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/orders/7", nil)
		response, err := s.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(response.Body, make([]byte, 4)); err != nil {
			t.Error(err)
		}
		cancel()
		response.Body.Close()
	}
}

func TestAClientThatLeavesMidwayIsNoFailureOfOurs(t *testing.T) {
	for name, configure := range map[string]func(*httptest.Server){"HTTP/1.1": plain, "HTTP/2": http2} {
		t.Run(name+", a handler that notices", func(t *testing.T) {
			b := served(t, configure, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "data")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}, leave(t))
			if got := b.count(t, "/orders/{id}", "200", ""); got != "1" {
				t.Errorf("count %s: %v", got, b.lines(t))
			}
		})
		t.Run(name+", a handler that goes on writing", func(t *testing.T) {
			b := served(t, configure, func(w http.ResponseWriter, _ *http.Request) {
				for _, err := io.WriteString(w, "data"); err == nil; err = http.NewResponseController(w).Flush() {
					if _, err := w.Write(make([]byte, 1<<16)); err != nil {
						break
					}
				}
			}, leave(t))
			if got := b.count(t, "/orders/{id}", "200", "client_gone"); got != "1" {
				t.Errorf("count %s: %v", got, b.lines(t))
			}
		})
		t.Run(name+", a copy from a file", func(t *testing.T) {
			b := served(t, configure, func(w http.ResponseWriter, _ *http.Request) {
				if _, ok := w.(io.ReaderFrom); !ok {
					t.Error("no io.ReaderFrom")
				}
				_, _ = io.Copy(w, endless{})
			}, leave(t))
			if got := b.count(t, "/orders/{id}", "200", "client_gone"); got != "1" {
				t.Errorf("count %s: %v", got, b.lines(t))
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestACopyThatCannotReadIsNotTheClientsFault(t *testing.T) {
	b := served(t, plain, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, io.MultiReader(strings.NewReader("half"), broken{}))
	}, func(s *httptest.Server) { _, _, _ = body(t, s) })
	if got := b.count(t, "/orders/{id}", "200", ""); got != "1" {
		t.Errorf("count %s: %v", got, b.lines(t))
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is broken") }

func TestAnAnswerThatFailsMidwayIsCutOff(t *testing.T) {
	for name, cause := range map[string]any{"a panic": "boom", "http.ErrAbortHandler": http.ErrAbortHandler} {
		for protocol, configure := range map[string]func(*httptest.Server){"HTTP/1.1": plain, "HTTP/2": http2} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				b := served(t, configure, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(200)
					_ = http.NewResponseController(w).Flush()
					panic(cause)
				}, func(s *httptest.Server) {
					if _, _, err := body(t, s); err == nil {
						t.Error("the client took half an answer for a whole one")
					}
				})
				if got := b.count(t, "/orders/{id}", "500", "panic"); got != "1" {
					t.Errorf("count %s, want 1", got)
				}
			})
		}
	}
}

func TestAPanicBeforeTheAnswerIsAnsweredInJSON(t *testing.T) {
	served(t, plain, func(http.ResponseWriter, *http.Request) { panic("boom") }, func(s *httptest.Server) {
		response, text, err := body(t, s)
		if err != nil || response.StatusCode != 500 || text != "{\"error\":\"Internal Server Error\"}\n" || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %+v %q, %v", response, text, err)
		}
	})
}

func TestAnInformationalAnswerIsNotTheAnswer(t *testing.T) {
	b := served(t, plain, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNotFound)
	}, func(s *httptest.Server) {
		if response, _, err := body(t, s); err != nil || response.StatusCode != 404 {
			t.Errorf("got %+v, %v", response, err)
		}
	})
	if got := b.count(t, "/orders/{id}", "404", ""); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
}

func TestHEADIsAnsweredWithoutABody(t *testing.T) {
	b := served(t, plain, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "body") }, func(s *httptest.Server) {
		response, err := s.Client().Head(s.URL + "/orders/7")
		if err != nil || response.StatusCode != 200 || response.ContentLength != 4 {
			t.Errorf("got %+v, %v", response, err)
		}
	})
	if line := b.lines(t)[0]; line["method"] != "HEAD" || line["status"] != 200.0 {
		t.Errorf("access line %v", line)
	}
}

func TestAConnectionCanBeTakenOver(t *testing.T) {
	b := served(t, plain, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(conn, line)
	}, func(s *httptest.Server) {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET /orders/7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n")
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, nil)
		if err != nil || response.StatusCode != 101 {
			t.Fatalf("got %+v, %v", response, err)
		}
		if echo, err := reader.ReadString('\n'); echo != "hello\n" {
			t.Errorf("echo %q, %v", echo, err)
		}
	})
	if got := b.count(t, "/orders/{id}", "101", ""); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
}

func TestHTTP2RefusesToHandOverItsConnection(t *testing.T) {
	b := served(t, http2, func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) || r.ProtoMajor != 2 {
			t.Errorf("%s: %v, want http.ErrNotSupported", r.Proto, err)
		}
		w.WriteHeader(http.StatusHTTPVersionNotSupported)
	}, func(s *httptest.Server) {
		if response, _, err := body(t, s); err != nil || response.StatusCode != 505 {
			t.Errorf("got %+v, %v", response, err)
		}
	})
	if got := b.count(t, "/orders/{id}", "505", "505"); got != "1" {
		t.Errorf("count %s, want 1", got)
	}
}

func TestAHandlerMayReadWhileItWrites(t *testing.T) {
	served(t, plain, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if err := errors.Join(control.EnableFullDuplex(), control.SetReadDeadline(time.Now().Add(time.Minute))); err != nil {
			t.Error(err)
		}
		scanner := bufio.NewScanner(r.Body)
		for scanner.Scan() {
			_, _ = io.WriteString(w, scanner.Text()+"\n")
			_ = control.Flush()
		}
	}, func(s *httptest.Server) {
		reader, writer := io.Pipe()
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/orders/7", reader)
		go func() { _, _ = io.WriteString(writer, "one\n") }()
		response, err := s.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answers := bufio.NewReader(response.Body)
		for _, word := range []string{"one\n", "two\n"} {
			if echo, err := answers.ReadString('\n'); echo != word {
				t.Errorf("echo %q, %v", echo, err)
			}
			if word == "one\n" {
				_, _ = io.WriteString(writer, "two\n")
			}
		}
		_ = writer.Close()
	})
}
