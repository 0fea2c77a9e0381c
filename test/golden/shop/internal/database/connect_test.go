package database_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
)

func TestAnExhaustedPoolIsToldFromASlowQuery(t *testing.T) {
	server := databasetest.Server(t)
	limited := options(server)
	limited.PoolSize, limited.Timeout = 1, time.Second
	limited.Server = server.Copy()
	limited.Server.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	b := newBench(t, limited)
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, _ *database.Tx) error {
			var pid int
			err := b.Query(ctx, selectPID, database.One(&pid)) // the only connection is in use
			if !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("Query: %v, want ErrUnavailable", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	waits, selects := b.named("pool wait"), b.named("SELECT pid")
	if len(waits) != 1 || len(selects) != 1 || waits[0].Parent().SpanID() != selects[0].SpanContext().SpanID() {
		t.Fatalf("%d waits in %d attempts, want 1 in 1", len(waits), len(selects))
	}
	expect(t, waits[0], map[attribute.Key]string{"error.type": "pool_timeout"})
	expect(t, selects[0], map[attribute.Key]string{"error.type": "pool_timeout"})
	b.expectValues(t, map[string]float64{"postgres_pool_timeouts_total": 1, "postgres_pool_waits_total": 0})
}

func TestAWaitThatEndsWellIsCountedAndShown(t *testing.T) {
	server := databasetest.Server(t)
	limited := options(server)
	limited.PoolSize = 1
	b := newBench(t, limited)
	done := make(chan error, 1)
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(context.Context, *database.Tx) error {
			waits := b.begun("pool wait")
			go func() {
				var pid int
				done <- b.Query(context.Background(), selectPID, database.One(&pid))
			}()
			waitFor(t, waits)
			return nil
		})
		if err := errors.Join(err, <-done); err != nil {
			t.Error(err)
		}
	})
	b.expectValues(t, map[string]float64{"postgres_pool_waits_total": 1, "postgres_pool_timeouts_total": 0})
	if seconds, _ := b.value(t, "postgres_pool_wait_seconds_total"); seconds <= 0 {
		t.Errorf("waited %v s", seconds)
	}
	if len(b.named("pool wait")) != 1 {
		t.Error("the wait has no span")
	}
}

func TestAServerThatIsAwayIsTriedAFewTimes(t *testing.T) {
	b := newBench(t, options(parse(t, "postgres://ada:secret@"+unused(t)+"/shop")))
	b.request(func(ctx context.Context) {
		err := b.Query(ctx, selectPID, database.One(new(int)))
		if !errors.Is(err, database.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Query: %v, want ErrUnavailable without the password", err)
		}
	})
	selects, connects := b.named("SELECT pid"), b.named("connect")
	if len(selects) != 3 || len(connects) != 3 || len(b.lines(t)) != 3 {
		t.Fatalf("%d attempts, %d connects, %d lines; want 3 of each", len(selects), len(connects), len(b.lines(t)))
	}
	for _, span := range append(selects, connects...) {
		expect(t, span, map[attribute.Key]string{"error.type": "dial_error"})
	}
	if strings.Contains(b.logs.String(), "secret") {
		t.Errorf("the log holds the password:\n%s", b.logs.String())
	}
	if text, _ := b.lines(t)[0]["error"].(string); strings.Count(text, "refused") != 1 || strings.Contains(text, "\n") {
		t.Errorf("the log says the same twice, or in several lines: %q", text)
	}
}

func TestAServerThatNeverAnswersRunsIntoTheTimeout(t *testing.T) {
	impatient := options(parse(t, "postgres://ada:secret@"+silent(t)+"/shop?sslmode=disable"))
	impatient.Timeout = 100 * time.Millisecond
	b := newBench(t, impatient)
	b.request(func(ctx context.Context) {
		if err := b.Query(ctx, selectPID, database.One(new(int))); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("Query: %v, want ErrUnavailable", err)
		}
	})
	expect(t, b.named("SELECT pid")[0], map[attribute.Key]string{"error.type": "dial_timeout"})
}

func TestAWrongPasswordStaysWrong(t *testing.T) {
	server := databasetest.Server(t).Copy()
	server.ConnConfig.Database = "no_such_database"
	b := newBench(t, options(server))
	b.request(func(ctx context.Context) {
		if err := b.Query(ctx, selectPID, database.One(new(int))); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("Query: %v, want ErrUnavailable", err)
		}
	})
	spans := b.named("SELECT pid")
	if len(spans) != 1 {
		t.Fatalf("%d attempts, want 1", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "3D000"})
}

func TestNoPasswordStandsInTheErrorOfAWrongURL(t *testing.T) {
	for _, text := range []string{
		"postgres://ada:se/cr/et@localhost/shop", "postgres://ada:secret@localhost/shop?sslmode=maybe", "postgres://ada:secret@localhost:port/shop",
		"postgres://ada:se%zzcret@localhost/shop", "postgres://localhost/shop?password=secret&sslmode=maybe", "host=localhost password=secret sslmode=maybe",
		"postgres://ada:sec:ret@h:x/shop", "secret", "postgres://ada:secret", "host=localhost password=se cret sslmode=maybe",
	} {
		_, err := database.ParseURL(text)
		if err == nil {
			t.Errorf("%s is taken", text)
			continue
		}
		for _, part := range []string{"secret", "cret", "se/", "sec:", "ret@"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("the error of %s holds %q: %v", text, part, err)
			}
		}
	}
	if _, err := database.ParseURL("postgres://ada:secret@localhost/shop?sslmode=maybe"); !strings.Contains(err.Error(), "sslmode") {
		t.Errorf("%v does not say what is wrong", err)
	}
}

// unused is an address where nobody listens.
func unused(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// silent is the address of a server that accepts connections and never answers.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return listener.Addr().String()
}
