package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/Acme/order-api/v2/internal/spans"
)

// UnknownRoute names all requests that match no route: one series, whatever clients ask for.
const UnknownRoute = "/*"

// Middleware observes requests: one span, one measurement and one access line each.
type Middleware struct {
	// Timeout bounds each request: its context ends, and a handler that has not answered by then, or fails later,
	// counts as a timeout. It should leave time to answer before the server's WriteTimeout, which only cuts the connection. A handler that
	// needs longer moves both by http.ResponseController.SetWriteDeadline. 0 is no bound.
	Timeout time.Duration

	tel     *Telemetry
	metrics httpMetrics
}

// NewMiddleware registers the metrics; buckets are the boundaries of the duration in seconds.
func NewMiddleware(tel *Telemetry, buckets []float64) *Middleware {
	return &Middleware{tel: tel, metrics: newHTTPMetrics(tel.Registry, buckets, tel.nativeHistograms)}
}

// Route observes the handler of a ServeMux pattern, "METHOD /path".
func (m *Middleware) Route(pattern string, next http.Handler) http.Handler {
	method, path, _ := strings.Cut(pattern, " ")
	rt := m.newRoute(pattern, method, path, next)
	rt.durations.prepare()
	return rt
}

// Unknown observes the handler of requests that match no route.
func (m *Middleware) Unknown(next http.Handler) http.Handler {
	return m.newRoute(UnknownRoute, "", UnknownRoute, next)
}

func (m *Middleware) newRoute(spanName, method, path string, next http.Handler) *route {
	rt := &route{
		Middleware: m,
		spanName:   spanName,
		method:     method,
		path:       path,
		next:       next,
		durations:  newDurations(m.metrics, method, path),
		active:     m.metrics.active.WithLabelValues(path),
		access:     newAccessLog(m.tel.Log, method, path),
		spanStart:  []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
	}
	if m.tel.samplings != nil {
		rt.sampling = m.tel.samplings.of(spanName)
		rt.head = spans.NewHead(rt.sampling.rule())
	}
	return rt
}

// route holds what is the same for all requests of a route, resolved before the first one.
type route struct {
	*Middleware
	spanName  string
	method    string // empty: any
	path      string
	next      http.Handler
	sampling  Sampling
	head      *spans.Head // nil: the tracer decides by itself
	durations *durations
	active    prometheus.Gauge
	access    accessLog
	spanStart []trace.SpanStartOption
}

func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rt.active.Inc()
	rec := &recorder{ResponseWriter: w, method: knownMethod(r.Method)}
	rec.ctx.Context, rec.ctx.start, rec.ctx.limit = r.Context(), start, rt.Timeout
	ctx, span := rt.startSpan(rec, r.Header)
	defer rt.finish(rec, r, span)
	rt.next.ServeHTTP(rec, r.WithContext(ctx))
}

// startSpan decides by route and trace id alone, before there is a span; attributes are made at the end, for stored
// spans only.
func (rt *route) startSpan(rec *recorder, header http.Header) (context.Context, trace.Span) {
	ctx := rt.tel.withBaggage(&rec.ctx, header)
	var parent trace.SpanContext
	if !rt.tel.noParents {
		parent = remoteParent(header)
	}
	if rt.head != nil {
		sc, record := rt.head.Decide(parent)
		if !record {
			rec.span = idSpan{noSpan, sc}
			return trace.ContextWithSpan(ctx, &rec.span), &rec.span
		}
		if !parent.IsValid() {
			ctx = spans.ContextWithTraceID(ctx, sc.TraceID())
		}
	}
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	ctx, span := rt.tel.Tracer.Start(ctx, rt.spanName, rt.spanStart...)
	rec.span.sc = span.SpanContext()
	return ctx, span
}

// finish runs deferred, so that a panic is seen, counted, logged and answered like any other failure.
func (rt *route) finish(rec *recorder, r *http.Request, span trace.Span) {
	abort := false
	if cause := recover(); cause != nil {
		abort = rt.answerPanic(rec, cause)
	} else if rec.status == 0 {
		switch { // a handler that gave up and says nothing
		case rec.ctx.exceeded():
			answerError(rec, http.StatusGatewayTimeout)
		case rec.shutDown():
			answerError(rec, http.StatusServiceUnavailable)
		}
		rec.begin(http.StatusOK) // which net/http sends when a handler writes nothing
	}
	rec.duration = time.Since(rec.ctx.start)
	if rec.duration >= rt.Timeout && rec.ctx.exceeded() {
		_ = rec.FlushError() // does the late answer still reach the client, or has the write deadline cut it off?
	}
	rec.ctx.stop()
	rt.active.Dec()
	stored := rt.endSpan(rec, r, span)
	rt.durations.observe(rec, stored)
	if stored || rec.failed() || !rt.tel.SampledAccessLog {
		access := rt.access
		if rec.method != rt.method { // HEAD, or what matches no route
			access = newAccessLog(rt.tel.Log, rec.method, rt.path)
		}
		if rt.path == UnknownRoute {
			access = access.with(zap.String("path", limited(r.URL.Path)))
		}
		access.write(rec, stored)
	}
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// answerPanic answers 500. When the answer has begun already, or the handler wants the connection to be cut
// (http.ErrAbortHandler), it returns true: the client must not take half an answer for a whole one.
func (rt *route) answerPanic(rec *recorder, cause any) (abort bool) {
	abort = rec.status != 0
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		abort = true
		rec.begin(http.StatusInternalServerError)
		if rec.left() { // so a proxy ends a request whose client has gone
			rec.kind = errorTypeClientGone
			return abort
		}
	} else {
		rt.tel.Log.Error("panic", zap.String("error", fmt.Sprint(cause)), zap.ByteString("stacktrace", debug.Stack()),
			zap.String("route", rt.path), zap.Inline(traceIDs(rec.span.sc)))
	}
	if !abort {
		answerError(rec, http.StatusInternalServerError)
	}
	rec.status, rec.kind = http.StatusInternalServerError, errorTypePanic
	return abort
}

func answerError(w http.ResponseWriter, status int) {
	for _, name := range []string{"Content-Length", "Content-Encoding", "Cache-Control", "Etag", "Last-Modified"} {
		w.Header().Del(name) // what the handler said of the answer that it did not give
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"error\":%q}\n", http.StatusText(status))
}

// endSpan says whether the span is stored: because it was sampled, or because its route keeps such requests.
func (rt *route) endSpan(rec *recorder, r *http.Request, span trace.Span) (stored bool) {
	if span.IsRecording() {
		keep := rt.sampling.keeps(rec.failed(), rec.duration)
		if keep {
			span.SetAttributes(spans.AdjustedCount.Int(1))
			rec.span.sc = spans.AsSampled(rec.span.sc)
		}
		if stored = keep || rec.span.sc.IsSampled(); stored {
			rt.describe(span, rec, r)
		}
	}
	span.End()
	return stored
}
