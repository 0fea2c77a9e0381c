package spans

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func TestSpansThatFindTheQueueFullAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics := newMetrics(registry)
	exporter := &stuck{begun: make(chan struct{}, 1), release: make(chan struct{})}
	q := newQueue(exporter, 3, metrics, registry)
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(q)).Tracer("test")
	end := func(n int) {
		for range n {
			_, span := tracer.Start(t.Context(), "job")
			span.End()
		}
	}
	end(3)
	go func() { _ = q.ForceFlush(t.Context()) }()
	<-exporter.begun // and stays
	end(3 + 4)       // fill the queue, and more
	count := func(reason string) float64 { return counted(t, metrics.processed.WithLabelValues(batching, reason)) }
	if dropped := count(queueFull); dropped != 4 {
		t.Errorf("%v dropped, want 4", dropped)
	}
	close(exporter.release)
	if err := q.Shutdown(t.Context()); err != nil || exporter.spans != 6 || count("") != 6 {
		t.Errorf("%d exported, %v processed, want 6; %v", exporter.spans, count(""), err)
	}
}

// stuck does not end its first export until it is released.
type stuck struct {
	begun, release chan struct{}
	spans          int
}

func (s *stuck) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.spans += len(spans)
	select {
	case s.begun <- struct{}{}:
	default:
	}
	<-s.release
	return nil
}

func (*stuck) Shutdown(context.Context) error { return nil }

func TestALostExportHasAReason(t *testing.T) {
	for err, want := range map[error]string{
		context.DeadlineExceeded:         "timeout",
		errors.New("connection refused"): "failed",
	} {
		if lost, reason := lostSpans(err, 7); lost != 7 || reason != want {
			t.Errorf("%v: %d lost for %q", err, lost, reason)
		}
	}
}
