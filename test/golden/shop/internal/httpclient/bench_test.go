package httpclient

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
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

func newBench(t *testing.T, address string, options Options) *bench {
	t.Helper()
	b := &bench{spans: tracetest.NewSpanRecorder()}
	logger, err := telemetry.NewLogger(&b.logs, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	if options.URL, err = url.Parse(address); err != nil {
		t.Fatal(err)
	}
	if options.Timeout == 0 {
		options.Timeout = time.Second
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	b.tel = &telemetry.Telemetry{
		Log: logger, Registry: prometheus.NewRegistry(), Tracer: provider.Tracer("test"), Propagator: propagation.TraceContext{},
	}
	b.Client = New(options, b.tel)
	b.jitter = func(time.Duration) time.Duration { return 0 }
	t.Cleanup(b.Close)
	return b
}

// do sends a request as a handler would: inside the span of its own request.
func (b *bench) do(t *testing.T, ctx context.Context, method, path, body string, header ...string) (*http.Response, error) {
	t.Helper()
	ctx, span := b.tel.Tracer.Start(ctx, "request")
	defer span.End()
	request, err := b.NewRequest(ctx, method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return b.Do(request)
}

// attempts are the spans of the attempts.
func (b *bench) attempts() []sdktrace.ReadOnlySpan {
	return slices.DeleteFunc(b.spans.Ended(), func(span sdktrace.ReadOnlySpan) bool { return span.SpanKind() != trace.SpanKindClient })
}

// value is that of the series with these label values, in the order of the labels' names; of a histogram the count.
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
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
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

// upstream is a service on connections in memory: with them a bubble of synctest has a clock of its own, and fails
// when a goroutine is left at its end.
type upstream struct {
	accepted chan net.Conn
	closed   chan struct{}
	close    func()
}

const address = "http://upstream:8082"

func newUpstream(t *testing.T, handler http.HandlerFunc) (Options, *http.Server) {
	u := &upstream{accepted: make(chan net.Conn), closed: make(chan struct{})}
	u.close = sync.OnceFunc(func() { close(u.closed) })
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(u) }()
	t.Cleanup(func() { server.Close() })
	return Options{dial: u.dial}, server
}

func (u *upstream) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case u.accepted <- theirs:
		return ours, nil
	case <-u.closed:
	case <-ctx.Done():
	}
	return nil, errors.New("nobody listens")
}

func (u *upstream) Accept() (net.Conn, error) {
	select {
	case conn := <-u.accepted:
		return conn, nil
	case <-u.closed:
		return nil, net.ErrClosed
	}
}

func (u *upstream) Close() error   { u.close(); return nil }
func (u *upstream) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// deadline is one that no test on real connections should meet.
const deadline = 20 * time.Second
