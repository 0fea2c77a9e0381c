package database_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
	"example.com/shop/internal/telemetry"
)

var (
	selectName  = database.Statement{Operation: "SELECT", Table: "products", SQL: "SELECT name FROM products WHERE sku = $1"}
	updateName  = database.Statement{Operation: "UPDATE", Table: "products", SQL: "UPDATE products SET name = name || $2 WHERE sku = $1"}
	selectSleep = database.Statement{Operation: "SELECT", Table: "clock", SQL: "SELECT pg_sleep($1)"}
	selectPID   = database.Statement{Operation: "SELECT", Table: "pid", SQL: "SELECT pg_backend_pid()"}
)

// bench is a client with everything it tells at hand.
type bench struct {
	*database.Client
	tel   *telemetry.Telemetry
	logs  bytes.Buffer
	spans *tracetest.SpanRecorder
	start starts
}

func newBench(t *testing.T, options database.Options) *bench {
	b := &bench{spans: tracetest.NewSpanRecorder()}
	log, err := telemetry.NewLogger(&b.logs, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans), sdktrace.WithSpanProcessor(&b.start))
	b.tel = &telemetry.Telemetry{Log: log, Registry: prometheus.NewRegistry(), Tracer: provider.Tracer("test")}
	if b.Client, err = database.New(options, b.tel); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// request runs do as a request would: inside a span of its own.
func (b *bench) request(do func(context.Context)) trace.SpanContext {
	ctx, span := b.tel.Tracer.Start(context.Background(), "request")
	do(ctx)
	span.End()
	return span.SpanContext()
}

// begun is closed when the next span of this name begins.
func (b *bench) begun(name string) <-chan struct{} {
	begun := make(chan struct{})
	b.start.Store(&waiter{name: name, begun: begun})
	return begun
}

type waiter struct {
	name  string
	begun chan struct{}
}

// starts is a span processor that tells one waiter of the span it waits for.
type starts struct{ atomic.Pointer[waiter] }

func (s *starts) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	if w := s.Load(); w != nil && w.name == span.Name() && s.CompareAndSwap(w, nil) {
		close(w.begun)
	}
}
func (s *starts) OnEnd(sdktrace.ReadOnlySpan)      {}
func (s *starts) Shutdown(context.Context) error   { return nil }
func (s *starts) ForceFlush(context.Context) error { return nil }

func (b *bench) named(name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, span := range b.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

// value is that of the counter or gauge with these label values, or the count of the histogram; exemplars are the
// values of its exemplars' labels.
func (b *bench) value(t *testing.T, name string, labels ...string) (value float64, exemplars []string) {
	t.Helper()
	families, err := b.tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			if family.GetName() != name || !slices.Equal(values, labels) {
				continue
			}
			for _, bucket := range metric.GetHistogram().GetBucket() {
				for _, label := range bucket.GetExemplar().GetLabel() {
					exemplars = append(exemplars, label.GetValue())
				}
			}
			return metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount()), exemplars
		}
	}
	t.Fatalf("no series %s %v", name, labels)
	return 0, nil
}

// expectValues checks series, each named as "NAME" or "NAME LABEL".
func (b *bench) expectValues(t *testing.T, want map[string]float64) {
	t.Helper()
	for series, value := range want {
		name, labels, _ := strings.Cut(series, " ")
		if got, _ := b.value(t, name, strings.Fields(labels)...); got != value {
			t.Errorf("%s is %v, want %v", series, got, value)
		}
	}
}

func (b *bench) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(b.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func attributes(span sdktrace.ReadOnlySpan) map[attribute.Key]string {
	values := make(map[attribute.Key]string)
	for _, kv := range span.Attributes() {
		values[kv.Key] = kv.Value.String()
	}
	return values
}

func expect(t *testing.T, span sdktrace.ReadOnlySpan, want map[attribute.Key]string) {
	t.Helper()
	got := attributes(span)
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %s is %q, want %q", span.Name(), key, got[key], value)
		}
	}
}

func options(server *pgxpool.Config) database.Options {
	return database.Options{Server: server, Application: "test", PoolSize: 2, Timeout: 5 * time.Second}
}

func TestAReadIsOneSpanWithItsConnectInside(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	request := b.request(func(ctx context.Context) {
		var name string
		if err := b.Query(ctx, selectName, database.One(&name), "a"); name != "tea" || err != nil {
			t.Errorf("Query: %q, %v", name, err)
		}
		if err := b.Query(ctx, selectName, database.One(&name), "b"); !errors.Is(err, database.ErrNoRows) {
			t.Errorf("unknown product: %v, want ErrNoRows", err)
		}
	})

	selects, connects := b.named("SELECT products"), b.named("connect")
	if len(selects) != 2 || len(connects) != 1 {
		t.Fatalf("%d SELECT spans and %d connect spans, want 2 and 1", len(selects), len(connects))
	}
	if selects[0].Parent().SpanID() != request.SpanID() || connects[0].Parent().SpanID() != selects[0].SpanContext().SpanID() {
		t.Error("the spans are not nested request > SELECT > connect")
	}
	expect(t, selects[0], map[attribute.Key]string{
		"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.collection.name": "products", "db.query.text": selectName.SQL,
		"db.namespace": server.ConnConfig.Database, "server.address": server.ConnConfig.Host, "server.port": strconv.Itoa(int(server.ConnConfig.Port)),
		"postgres.attempt": "1", "error.type": "",
	})
	if selects[0].SpanKind() != trace.SpanKindClient || len(b.named("pool wait")) != 0 {
		t.Error("not a client span, or one with a wait that there was not")
	}
	b.expectValues(t, map[string]float64{
		"postgres_client_attempts_total ok": 2, "postgres_pool_connections idle": 1, "postgres_pool_max_connections": 2,
		"postgres_client_operation_duration_seconds SELECT": 2,
	})
	if _, exemplars := b.value(t, "postgres_client_operation_duration_seconds", "SELECT"); !slices.Contains(exemplars, request.TraceID().String()) {
		t.Errorf("exemplars %v do not lead to the trace", exemplars)
	}
	if b.logs.Len() != 0 {
		t.Errorf("success is logged:\n%s", b.logs.String())
	}
}

func TestATransactionShowsEveryStatementInItsAttempt(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	mine := errors.New("mine")
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			changed, err := tx.Exec(ctx, updateName, "a", "!")
			if changed != 1 {
				t.Errorf("%d rows changed, want 1", changed)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			_, _ = tx.Exec(ctx, updateName, "a", "?")
			return mine
		})
		if !errors.Is(err, mine) {
			t.Errorf("Transaction: %v, want the error of its work", err)
		}
		var name string
		if err := b.Query(ctx, selectName, database.One(&name), "a"); name != "tea!" || err != nil {
			t.Errorf("Query: %q, %v; want tea!", name, err)
		}
	})
	database := " " + server.ConnConfig.Database
	attempts := b.named("TRANSACTION" + database)
	for name, want := range map[string]int{"TRANSACTION" + database: 2, "BEGIN" + database: 2, "UPDATE products": 2, "COMMIT" + database: 1, "ROLLBACK" + database: 1} {
		spans := b.named(name)
		if len(spans) != want {
			t.Errorf("%d spans %s, want %d", len(spans), name, want)
		}
		for _, span := range spans {
			inside := slices.ContainsFunc(attempts, func(a sdktrace.ReadOnlySpan) bool {
				return a.SpanContext().SpanID() == span.Parent().SpanID() || a.SpanContext().Equal(span.SpanContext())
			})
			if !inside {
				t.Errorf("%s is not inside its attempt", name)
			}
		}
	}
	// An error of the work is none of the database.
	b.expectValues(t, map[string]float64{"postgres_client_attempts_total ok": 3, "postgres_client_attempts_total error": 0})
	if b.logs.Len() != 0 {
		t.Errorf("it is logged:\n%s", b.logs.String())
	}
}

func TestAFailedStatementIsASpanAMetricAndALine(t *testing.T) {
	b := newBench(t, options(databasetest.Server(t)))
	request := b.request(func(ctx context.Context) {
		var n int
		err := b.Query(ctx, database.Statement{Operation: "SELECT", Table: "missing", SQL: "SELECT 1 FROM missing"}, database.One(&n))
		if err == nil || errors.Is(err, database.ErrNoRows) || errors.Is(err, database.ErrUnavailable) || errors.Is(err, database.ErrTimeout) {
			t.Errorf("Query: %v, want a failure that is ours", err)
		}
	})
	spans, lines := b.named("SELECT missing"), b.lines(t)
	if len(spans) != 1 || len(lines) != 1 {
		t.Fatalf("%d spans and %d lines, want 1 of each: what PostgreSQL refuses it refuses again", len(spans), len(lines))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "42P01", "db.response.status_code": "42P01"})
	for key, want := range map[string]any{
		"msg": "postgres attempt failed", "level": "warn", "attempt": 1.0, "operation": "SELECT", "statement": "SELECT missing", "error_type": "42P01",
		"trace_id": request.TraceID().String(), "span_id": spans[0].SpanContext().SpanID().String(),
	} {
		if lines[0][key] != want {
			t.Errorf("%s is %v, want %v", key, lines[0][key], want)
		}
	}
	b.expectValues(t, map[string]float64{"postgres_client_attempts_total error": 1})
}

func TestAReadWhoseConnectionWasKilledIsMadeAgain(t *testing.T) {
	server := databasetest.Server(t)
	b := newBench(t, options(server))
	b.request(func(ctx context.Context) {
		var before, after int
		if err := b.Query(ctx, selectPID, database.One(&before)); err != nil {
			t.Fatal(err)
		}
		kill(t, server, before)
		if err := b.Query(ctx, selectPID, database.One(&after)); err != nil || after == before {
			t.Errorf("Query: on connection %d after %d, %v", after, before, err)
		}
	})
	spans := b.named("SELECT pid")
	if len(spans) != 3 || len(b.lines(t)) != 1 {
		t.Fatalf("%d spans, want 1 before and 2 attempts after, with 1 line:\n%s", len(spans), b.logs.String())
	}
	if reason := attributes(spans[1])["error.type"]; reason != "57P01" && reason != "connection_error" {
		t.Errorf("error.type is %q", reason)
	}
	expect(t, spans[1], map[attribute.Key]string{"postgres.attempt": "1"})
	expect(t, spans[2], map[attribute.Key]string{"postgres.attempt": "2", "error.type": ""})
}

func TestATransactionWhoseConnectionWasKilledBeforeTheCommitIsDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			if _, err := tx.Exec(ctx, updateName, "a", "!"); err != nil {
				return err
			}
			var pid int
			if err := tx.Query(ctx, selectPID, database.One(&pid)); err != nil {
				return err
			}
			if attempts == 1 {
				kill(t, server, pid)
			}
			return tx.Query(ctx, selectPID, database.One(&pid))
		})
		var name string
		if readErr := b.Query(ctx, selectName, database.One(&name), "a"); err != nil || readErr != nil || name != "tea!" || attempts != 2 {
			t.Errorf("%v, %v: %q after %d attempts; want tea! after 2", err, readErr, name, attempts)
		}
	})
}

func TestACommitWithoutAnAnswerIsNotDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			var pid int
			err := tx.Query(ctx, selectPID, database.One(&pid))
			kill(t, server, pid)
			return err
		})
		if !errors.Is(err, database.ErrUnavailable) || attempts != 1 {
			t.Errorf("%v after %d attempts, want ErrUnavailable after 1", err, attempts)
		}
	})
	expect(t, b.named("TRANSACTION " + server.ConnConfig.Database)[0], map[attribute.Key]string{"error.type": "commit_unknown"})
}

func TestATransactionThatLostAgainstAnotherIsDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			var name string
			if err := tx.Query(ctx, selectName, database.One(&name), "a"); err != nil {
				return err
			}
			if attempts == 1 {
				databasetest.Exec(t, server, "UPDATE products SET name = name || ' from another' WHERE sku = 'a'")
			}
			_, err := tx.Exec(ctx, updateName, "a", "!")
			return err
		})
		var name string
		readErr := b.Query(ctx, selectName, database.One(&name), "a")
		if err != nil || readErr != nil || name != "tea from another!" || attempts != 2 {
			t.Errorf("%v, %v: %q after %d attempts; want both changes after 2", err, readErr, name, attempts)
		}
	})
	spans := b.named("TRANSACTION " + server.ConnConfig.Database)
	if len(spans) != 2 || len(b.lines(t)) != 1 {
		t.Fatalf("%d attempts and %d lines, want 2 and 1", len(spans), len(b.lines(t)))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "40001", "postgres.attempt": "1"})
	expect(t, spans[1], map[attribute.Key]string{"error.type": "", "postgres.attempt": "2"})
}

func TestAnExhaustedPoolIsToldFromASlowQuery(t *testing.T) {
	server := databasetest.Server(t)
	limited := options(server)
	limited.PoolSize, limited.Timeout = 1, 50*time.Millisecond
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
			<-waits
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

func TestASlowStatementIsEndedByTheServerAndItsConnectionIsKept(t *testing.T) {
	server := databasetest.Server(t)
	impatient := options(server)
	impatient.PoolSize, impatient.Timeout = 1, 500*time.Millisecond
	b := newBench(t, impatient)
	b.request(func(ctx context.Context) {
		var before, after int
		if err := b.Query(ctx, selectPID, database.One(&before)); err != nil {
			t.Error(err)
		}
		if err := b.Query(ctx, selectSleep, database.One(new(any)), 60); !errors.Is(err, database.ErrTimeout) {
			t.Errorf("Query: %v, want ErrTimeout", err)
		}
		if err := b.Query(ctx, selectPID, database.One(&after)); err != nil || before != after {
			t.Errorf("connection %d after %d, %v; want the same", after, before, err)
		}
	})
	spans := b.named("SELECT clock")
	if len(spans) != 1 {
		t.Fatalf("%d attempts, want 1: a slow query done again is slower still", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "57014"})
}

func TestAServerThatIsAwayIsTriedAFewTimes(t *testing.T) {
	b := newBench(t, options(parse(t, "postgres://ada:secret@"+unused(t)+"/shop?sslmode=disable")))
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
}

func TestAServerThatNeverAnswersRunsIntoTheTimeout(t *testing.T) {
	impatient := options(parse(t, "postgres://ada:secret@"+silent(t)+"/shop?sslmode=disable"))
	impatient.Timeout = 20 * time.Millisecond
	b := newBench(t, impatient)
	b.request(func(ctx context.Context) {
		if err := b.Query(ctx, selectPID, database.One(new(int))); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("Query: %v, want ErrUnavailable", err)
		}
	})
	expect(t, b.named("SELECT pid")[0], map[attribute.Key]string{"error.type": "dial_timeout"})
}

func TestAClientThatHasGoneIsNotRetriedFor(t *testing.T) {
	b := newBench(t, options(parse(t, "postgres://ada@"+silent(t)+"/shop?sslmode=disable")))
	ctx, leave := context.WithCancel(context.Background())
	connects := b.begun("connect")
	go func() {
		<-connects
		leave()
	}()
	if err := b.Query(ctx, selectPID, database.One(new(int))); !errors.Is(err, context.Canceled) {
		t.Errorf("Query: %v, want context.Canceled", err)
	}
	spans := b.named("SELECT pid")
	if len(spans) != 1 {
		t.Fatalf("%d attempts, want 1", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "canceled"})
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

func parse(t *testing.T, url string) *pgxpool.Config {
	t.Helper()
	server, err := database.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// kill ends another connection and returns when it is gone.
func kill(t *testing.T, server *pgxpool.Config, pid int) {
	t.Helper()
	var killed bool
	conn := databasetest.Connect(t, server)
	if err := conn.QueryRow(context.Background(), "SELECT pg_terminate_backend($1, 10000)", pid).Scan(&killed); err != nil || !killed {
		t.Fatalf("connection %d was not killed: %v", pid, err)
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
