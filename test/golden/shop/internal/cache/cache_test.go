package cache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/telemetry"
)

// bench is a client with everything it tells at hand.
type bench struct {
	*Client
	tel   *telemetry.Telemetry
	logs  bytes.Buffer
	spans *tracetest.SpanRecorder
}

func newBench(t *testing.T, options Options) *bench {
	b := &bench{spans: tracetest.NewSpanRecorder()}
	log, err := telemetry.NewLogger(&b.logs, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	b.tel = &telemetry.Telemetry{Log: log, Registry: prometheus.NewRegistry(), Tracer: provider.Tracer("test")}
	b.Client = New(options, b.tel)
	t.Cleanup(func() { b.Close() })
	return b
}

// request runs get as a request would: inside a span of its own.
func (b *bench) request(get func(context.Context)) trace.SpanContext {
	ctx, span := b.tel.Tracer.Start(context.Background(), "request")
	get(ctx)
	span.End()
	return span.SpanContext()
}

func (b *bench) named(name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, span := range b.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

// value is that of the counter or gauge with these label values.
func (b *bench) value(t *testing.T, name string, labels ...string) float64 {
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
			if family.GetName() == name && slices.Equal(values, labels) {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no series %s %v", name, labels)
	return 0
}

func attributes(span sdktrace.ReadOnlySpan) map[attribute.Key]string {
	values := make(map[attribute.Key]string)
	for _, kv := range span.Attributes() {
		values[kv.Key] = kv.Value.String()
	}
	return values
}

// onEachServer tests against a Redis in this process and, when TEST_REDIS_ADDR names one, against a real one.
func onEachServer(t *testing.T, test func(t *testing.T, addr string, writer *redis.Client)) {
	addrs := map[string]string{"in this process": miniredis.RunT(t).Addr()}
	if addr := os.Getenv("TEST_REDIS_ADDR"); addr != "" {
		addrs["TEST_REDIS_ADDR"] = addr
	}
	for name, addr := range addrs {
		t.Run(name, func(t *testing.T) {
			writer := redis.NewClient(&redis.Options{Addr: addr})
			defer writer.Close()
			test(t, addr, writer)
		})
	}
}

func TestAReadIsOneSpanWithItsDialInside(t *testing.T) { onEachServer(t, readIsOneSpan) }

func readIsOneSpan(t *testing.T, addr string, writer *redis.Client) {
	known := t.Name()
	if err := writer.Set(t.Context(), known, "ada", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addr)
	b := newBench(t, Options{Addr: addr, PoolSize: 2, Timeout: time.Second})
	request := b.request(func(ctx context.Context) {
		if value, err := b.Get(ctx, known); value != "ada" || err != nil {
			t.Errorf("Get: %q, %v", value, err)
		}
		if _, err := b.Get(ctx, known+" not"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown key: %v, want ErrNotFound", err)
		}
	})

	gets, connects := b.named("GET"), b.named("connect")
	if len(gets) != 2 || len(connects) != 1 {
		t.Fatalf("%d GET spans and %d connect spans, want 2 and 1", len(gets), len(connects))
	}
	if gets[0].Parent().SpanID() != request.SpanID() || connects[0].Parent().SpanID() != gets[0].SpanContext().SpanID() {
		t.Error("the spans are not nested request > GET > connect")
	}
	got := attributes(gets[0])
	for key, want := range map[attribute.Key]string{
		"db.system.name": "redis", "db.operation.name": "GET", "server.address": host, "server.port": port,
		"redis.attempt": "1", "error.type": "",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	if ok := b.value(t, "redis_client_attempts_total", "ok"); ok != 2 {
		t.Errorf("%v attempts were ok, want 2", ok)
	}
	if idle, used := b.value(t, "redis_pool_connections", "idle"), b.value(t, "redis_pool_connections", "used"); idle != 1 || used != 0 {
		t.Errorf("%v connections are idle and %v used, want 1 and 0", idle, used)
	}
}

func TestAnErrorThatRedisAnswersIsFinal(t *testing.T) { onEachServer(t, errorReplyIsFinal) }

func errorReplyIsFinal(t *testing.T, addr string, writer *redis.Client) {
	list := t.Name()
	if err := errors.Join(writer.Del(t.Context(), list).Err(), writer.LPush(t.Context(), list, "ada").Err(), writer.Expire(t.Context(), list, time.Minute).Err()); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{Addr: addr, PoolSize: 2, Timeout: time.Second})
	b.request(func(ctx context.Context) {
		if _, err := b.Get(ctx, list); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
			t.Errorf("Get of a list: %v", err)
		}
	})
	if gets := b.named("GET"); len(gets) != 1 || attributes(gets[0])["error.type"] != "error_reply" {
		t.Errorf("%d attempts, want one error_reply", len(gets))
	}
}

func TestDialsThatEndTogetherAreShownInTheirAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Addr: "127.0.0.1:1", PoolSize: 10, Timeout: time.Second})
		d := newDials(b.tel.Tracer, Options{PoolSize: 3})
		began := time.Now()
		dialUntil := func(end time.Duration) {
			dial := d.DialHook(func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(end - time.Since(began))
				return nil, nil
			})
			_, _ = dial(t.Context(), "tcp", "redis:6379")
		}
		attempt := func(start time.Duration) context.Context {
			ctx, _ := b.tel.Tracer.Start(t.Context(), "GET")
			return context.WithValue(ctx, attemptStart{}, began.Add(start))
		}
		dialUntil(10 * time.Millisecond) // its attempt gives up and claims nothing
		first := attempt(10 * time.Millisecond)
		go dialUntil(50 * time.Millisecond)
		time.Sleep(10 * time.Millisecond)
		second := attempt(20 * time.Millisecond)
		dialUntil(50 * time.Millisecond)
		synctest.Wait()
		late := attempt(50 * time.Millisecond)
		for _, ctx := range []context.Context{late, second, first} {
			_ = d.claim(ctx, nil)
		}

		connects := b.named("connect")
		if len(connects) != 2 {
			t.Fatalf("%d connect spans, want 2: nobody waited for the first dial", len(connects))
		}
		for i, want := range []struct {
			attempt context.Context
			start   time.Duration
		}{{second, 20 * time.Millisecond}, {first, 10 * time.Millisecond}} {
			if got := connects[i]; got.Parent().SpanID() != trace.SpanFromContext(want.attempt).SpanContext().SpanID() || got.StartTime().Sub(began) != want.start {
				t.Errorf("dial from %v is in the wrong attempt", got.StartTime().Sub(began))
			}
		}
	})
}

func TestEachFailedAttemptIsASpanAMetricAndALine(t *testing.T) {
	b := newBench(t, Options{Addr: unused(t), PoolSize: 10, Timeout: time.Second})
	var dialled countingDials
	b.redis.AddHook(&dialled)
	request := b.request(func(ctx context.Context) {
		if _, err := b.Get(ctx, "session:a"); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("Get: %v, want a failure", err)
		}
	})

	gets := b.named("GET")
	if len(gets) != maxAttempts || len(b.named("connect")) != maxAttempts {
		t.Fatalf("%d GET spans and %d connect spans, want %d of each", len(gets), len(b.named("connect")), maxAttempts)
	}
	if n := dialled.Load(); n != maxAttempts {
		t.Errorf("%d dials in %d attempts: go-redis dials again behind our back", n, maxAttempts)
	}
	if failed := b.value(t, "redis_client_attempts_total", "error"); failed != maxAttempts {
		t.Errorf("%v attempts failed, want %d", failed, maxAttempts)
	}
	lines := strings.Split(strings.TrimSpace(b.logs.String()), "\n")
	if len(lines) != maxAttempts {
		t.Fatalf("%d log lines, want %d:\n%s", len(lines), maxAttempts, b.logs.String())
	}
	for i, text := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]any{
			"msg": "redis attempt failed", "level": "warn", "attempt": float64(i + 1), "operation": "GET", "error_type": "dial_error",
			"trace_id": request.TraceID().String(), "span_id": gets[i].SpanContext().SpanID().String(),
		} {
			if line[key] != want {
				t.Errorf("line %d: %s is %v, want %v", i+1, key, line[key], want)
			}
		}
		if got := attributes(gets[i])["error.type"]; got != "dial_error" {
			t.Errorf("span %d: error.type is %q", i+1, got)
		}
	}
}

func TestAServerThatNeverAnswersRunsIntoTheTimeout(t *testing.T) {
	b := newBench(t, Options{Addr: silent(t), PoolSize: 2, Timeout: 20 * time.Millisecond})
	b.request(func(ctx context.Context) { _, _ = b.Get(ctx, "session:a") })
	if got := attributes(b.named("GET")[0])["error.type"]; got != "timeout" {
		t.Errorf("error.type is %q, want timeout", got)
	}
}

func TestAnExhaustedPoolIsSeenAsSuch(t *testing.T) {
	b := newBench(t, Options{Addr: silent(t), PoolSize: 1, Timeout: 30 * time.Millisecond})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() { b.request(func(ctx context.Context) { _, _ = b.Get(ctx, "session:a") }) })
	}
	readers.Wait()
	if !strings.Contains(b.logs.String(), `"error_type":"pool_timeout"`) {
		t.Errorf("no attempt waited in vain:\n%s", b.logs.String())
	}
	if timeouts, size := b.value(t, "redis_pool_timeouts_total"), b.value(t, "redis_pool_max_connections"); timeouts == 0 || size != 1 {
		t.Errorf("%v timeouts in a pool of %v, want some in a pool of 1", timeouts, size)
	}
}

func TestAClientThatHasGoneIsNotRetriedFor(t *testing.T) {
	b := newBench(t, Options{Addr: silent(t), PoolSize: 1, Timeout: time.Second})
	ctx, leave := context.WithCancel(context.Background())
	leave()
	if _, err := b.Get(ctx, "session:a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v, want context.Canceled", err)
	}
	if got := len(b.named("GET")); got != 1 {
		t.Errorf("%d attempts, want 1", got)
	}
}

type countingDials struct {
	dials
	atomic.Int32
}

func (c *countingDials) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c.Add(1)
		return next(ctx, network, addr)
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
