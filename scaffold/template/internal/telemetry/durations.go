package telemetry

import (
	"context"
	"net/http"
	"sort"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// durations are the series of one route. Those of the route's own method are looked up once for each code.
type durations struct {
	metrics       httpMetrics
	method, route string // method is empty when the route takes any
	byCode        [600]atomic.Pointer[series]
	began         time.Time
}

// newDurations are the series of a route; they come into being with their first request.
func newDurations(metrics httpMetrics, method, route string) *durations {
	return &durations{metrics: metrics, method: method, route: route, began: time.Now()}
}

// prepare makes the series of 200 and of the usual failures at once: no errors, no traffic and no scrape then look
// different, and rate() sees the first failure, which it does not in a series that begins above 0.
func (d *durations) prepare() {
	for _, status := range []int{200, 500, 503} {
		d.of(d.method, status, "")
	}
	d.of(d.method, http.StatusInternalServerError, errorTypePanic)
	d.of(d.method, http.StatusGatewayTimeout, errorTypeTimeout)
}

// of returns the series of a status; kind is the error type where the status does not tell it.
func (d *durations) of(method string, status int, kind string) *series {
	cached := method == d.method && status < len(d.byCode) && kind == ""
	if cached {
		if s := d.byCode[status].Load(); s != nil {
			return s
		}
	}
	if kind == "" {
		kind = errorType(status)
	}
	s := &series{observer: d.metrics.duration.WithLabelValues(method, d.route, strconv.Itoa(status), kind).(prometheus.ExemplarObserver)}
	if cached {
		s.buckets, s.exemplarFrom = d.metrics.buckets, make([]atomic.Int64, len(d.metrics.buckets)+1)
		d.byCode[status].Store(s)
	}
	return s
}

// observe counts a request. Its trace id is attached as an exemplar when the trace is stored: an exemplar must lead
// somewhere.
func (d *durations) observe(rec *recorder, stored bool) {
	s, seconds := d.of(rec.method, rec.status, rec.kind), rec.duration.Seconds()
	var exemplar prometheus.Labels
	if stored && s.wantsExemplar(seconds, rec.ctx.start.Sub(d.began)+rec.duration) {
		exemplar = traceLabels(rec.span.sc)
	}
	s.observer.ObserveWithExemplar(seconds, exemplar)
}

// series is one histogram, and when each of its buckets takes the next exemplar.
type series struct {
	observer     prometheus.ExemplarObserver
	buckets      []float64
	exemplarFrom []atomic.Int64 // nanoseconds since the route began; empty: always
}

// exemplarPause bounds what exemplars cost under load: a scrape sees the newest of each bucket only, and making one
// costs as much as the rest of the measurement ten times over.
const exemplarPause = 10 * time.Millisecond

func (s *series) wantsExemplar(seconds float64, now time.Duration) bool {
	if len(s.exemplarFrom) == 0 {
		return true
	}
	from := &s.exemplarFrom[sort.SearchFloat64s(s.buckets, seconds)]
	earliest := from.Load()
	return int64(now) >= earliest && from.CompareAndSwap(earliest, int64(now+exemplarPause))
}

// Exemplar leads from a measurement to its trace. It is nil unless that trace is sure to be stored.
func Exemplar(ctx context.Context) prometheus.Labels {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsSampled() && span.IsRecording() {
		return traceLabels(sc)
	}
	return nil
}

func traceLabels(sc trace.SpanContext) prometheus.Labels {
	return prometheus.Labels{"trace_id": sc.TraceID().String(), "span_id": sc.SpanID().String()}
}

// Error types that are no status codes.
const (
	errorTypePanic      = "panic"
	errorTypeTimeout    = "timeout"
	errorTypeClientGone = "client_gone"
)

// StatusClientGone is what nginx logs when the client left before the answer: no failure of ours.
const StatusClientGone = 499

// errorType is the error type that a status tells.
func errorType(status int) string {
	switch {
	case status == http.StatusGatewayTimeout:
		return errorTypeTimeout
	case status == StatusClientGone:
		return errorTypeClientGone
	case status < 500:
		return ""
	}
	return strconv.Itoa(status)
}
