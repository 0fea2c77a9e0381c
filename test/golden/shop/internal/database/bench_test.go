package database_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
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

// waitFor waits as long as anything here could take on a slow machine.
func waitFor(t *testing.T, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("what was waited for did not happen")
	}
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
