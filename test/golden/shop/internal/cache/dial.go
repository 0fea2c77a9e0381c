package cache

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// dials turns connections being made into spans. go-redis dials in the background, without the context of the
// command that waits. So a dial leaves a record, and the attempt that gets its connection (claim) or its error
// (spanOfFailedDial) makes the span, with the times of the record.
//
// go-redis does not tell which dial made a connection. The record is therefore found by time: the first dial that
// began within the attempt. Attempts that dial in the same moment may take each other's, of which each then lies
// within its attempt too; a dial that outlived its attempt is never shown in a later one.
type dials struct {
	tracer trace.Tracer

	mu   sync.Mutex
	done []*dial // succeeded, connection not used yet
	most int
}

// dial is the record. A failed one is also the error that go-redis hands to the waiting attempt.
type dial struct {
	start, end time.Time
	addr       string
	err        error
}

func (d *dial) Error() string { return d.err.Error() }
func (d *dial) Unwrap() error { return d.err }

func newDials(tracer trace.Tracer, options Options) *dials {
	return &dials{tracer: tracer, most: options.PoolSize}
}

// DialHook records each dial.
func (d *dials) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		record := &dial{start: time.Now(), addr: addr}
		conn, err := next(ctx, network, addr)
		record.end = time.Now()
		if err != nil {
			record.err = err
			return nil, record
		}
		d.add(record)
		return conn, nil
	}
}

// add keeps as many records as there can be connections: the oldest are those that nobody claimed.
func (d *dials) add(record *dial) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.done) == d.most {
		d.done = slices.Delete(d.done, 0, 1)
	}
	d.done = append(d.done, record)
}

// claim is called, in the context of an attempt, before the first use of each new connection.
func (d *dials) claim(ctx context.Context, _ *redis.Conn) error {
	if start, ok := ctx.Value(attemptStart{}).(time.Time); ok {
		if record := d.take(start); record != nil && trace.SpanFromContext(ctx).IsRecording() {
			record.span(ctx, d.tracer)
		}
	}
	return nil
}

// attemptStart is the key under which the context of an attempt holds when it began.
type attemptStart struct{}

// take removes the record of the first dial that began at start or later; nil when there is none.
func (d *dials) take(start time.Time) *dial {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := -1
	for i, record := range d.done {
		if !record.start.Before(start) && (first < 0 || record.start.Before(d.done[first].start)) {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	record := d.done[first]
	d.done = slices.Delete(d.done, first, first+1)
	return record
}

// spanOfFailedDial shows the dial that made this attempt fail, unless it is an older one whose error go-redis repeats.
func spanOfFailedDial(ctx context.Context, tracer trace.Tracer, err error, attemptStart time.Time) {
	var record *dial
	if errors.As(err, &record) && record.end.After(attemptStart) {
		record.span(ctx, tracer)
	}
}

func (d *dial) span(ctx context.Context, tracer trace.Tracer) {
	_, span := tracer.Start(ctx, "connect", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(d.start),
		trace.WithAttributes(semconv.DBSystemNameRedis, attribute.String("network.peer.address", d.addr)))
	if d.err != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType(d)))
		span.SetStatus(codes.Error, d.err.Error())
	}
	span.End(trace.WithTimestamp(d.end))
}

// ProcessHook and ProcessPipelineHook leave commands alone: attempts have their spans already.
func (d *dials) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (d *dials) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
