package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// UnknownRoute names all requests that match no route: one series, whatever clients ask for.
const UnknownRoute = "/*"

// Middleware observes requests: one span, one measurement and one access line each.
type Middleware struct {
	tel          *Telemetry
	metrics      httpMetrics
	access       *zap.Logger
	accessAlways *zap.Logger // whatever the level: the line of a stored trace is never missing
}

// NewMiddleware registers the metrics; buckets are the boundaries of the duration in seconds.
func NewMiddleware(tel *Telemetry, buckets []float64) *Middleware {
	return &Middleware{
		tel:          tel,
		metrics:      newHTTPMetrics(tel.Registry, buckets),
		access:       tel.Log.WithOptions(zap.WithCaller(false)),
		accessAlways: tel.Log.always.WithOptions(zap.WithCaller(false)),
	}
}

// Route observes the handler of a ServeMux pattern, "METHOD /path".
func (m *Middleware) Route(pattern string, next http.Handler) http.Handler {
	method, path, _ := strings.Cut(pattern, " ")
	rt := m.newRoute(pattern, path, next)
	rt.durations = newDurations(m.metrics.duration, method, path)
	return rt
}

// Unknown observes the handler of requests that match no route.
func (m *Middleware) Unknown(next http.Handler) http.Handler {
	return m.newRoute(UnknownRoute, UnknownRoute, next)
}

func (m *Middleware) newRoute(spanName, path string, next http.Handler) *route {
	return &route{
		Middleware: m,
		spanName:   spanName,
		path:       path,
		next:       next,
		durations:  &durations{vec: m.metrics.duration, route: path},
		active:     m.metrics.active.WithLabelValues(path),
		spanStart:  []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
	}
}

// route holds what is the same for all requests of a route, resolved before the first one.
type route struct {
	*Middleware
	spanName  string
	path      string
	next      http.Handler
	durations *durations
	active    prometheus.Gauge
	spanStart []trace.SpanStartOption
}

func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rt.active.Inc()
	ctx, span := rt.startSpan(r)
	rec := &recorder{ResponseWriter: w, method: knownMethod(r.Method), route: rt.path, span: span.SpanContext()}
	defer rt.finish(rec, span, start)
	rt.next.ServeHTTP(rec, r.WithContext(ctx))
}

// startSpan lets the sampler decide by name and trace id alone; attributes are made for recorded spans only.
func (rt *route) startSpan(r *http.Request) (context.Context, trace.Span) {
	ctx := r.Context()
	if r.Header.Get("Traceparent") != "" {
		ctx = rt.tel.Propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, span := rt.tel.Tracer.Start(ctx, rt.spanName, rt.spanStart...)
	if span.IsRecording() {
		span.SetAttributes(requestAttributes(r, rt.path)...)
	}
	return ctx, span
}

// finish runs deferred, so that a panic is seen, counted, logged and answered like any other failure.
func (rt *route) finish(rec *recorder, span trace.Span, start time.Time) {
	failure, abort := "", false
	if cause := recover(); cause != nil {
		failure, abort = rt.answerPanic(rec, cause)
	}
	rec.begin()
	if failure == "" {
		failure = errorType(rec.status)
	}
	rec.duration = time.Since(start)
	rt.active.Dec()
	rt.observe(rec, span, failure)
	rt.logAccess(rec, span)
	if span.IsRecording() {
		span.SetAttributes(semconv.HTTPResponseStatusCode(rec.status), semconv.HTTPResponseBodySize(int(rec.bytes)))
		if failure != "" {
			span.SetAttributes(semconv.ErrorTypeKey.String(failure))
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// answerPanic answers 500. When the answer has begun already, or the handler wants the connection to be cut
// (http.ErrAbortHandler), abort is true: the client must not take half an answer for a whole one.
func (rt *route) answerPanic(rec *recorder, cause any) (failure string, abort bool) {
	abort = rec.status != 0
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		abort = true
	} else {
		rt.tel.Log.Error("panic", zap.String("error", fmt.Sprint(cause)), zap.ByteString("stacktrace", debug.Stack()),
			zap.String("route", rt.path), zap.Inline(traceIDs(rec.span)))
	}
	if abort {
		rec.status = http.StatusInternalServerError
	} else {
		http.Error(rec, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	return errorTypePanic, abort
}

// observe attaches the trace id as an exemplar when the trace is stored: an exemplar must lead somewhere.
func (rt *route) observe(rec *recorder, span trace.Span, failure string) {
	observer := rt.durations.of(rec.method, rec.status, failure)
	observer.ObserveWithExemplar(rec.duration.Seconds(), exemplar(span))
}

func (rt *route) logAccess(rec *recorder, span trace.Span) {
	level, log := zapcore.InfoLevel, rt.access
	if rec.status >= 500 {
		level = zapcore.ErrorLevel
	}
	if span.IsRecording() {
		log = rt.accessAlways
	}
	if entry := log.Check(level, "request"); entry != nil {
		entry.Write(rec.accessFields()...)
	}
}

func requestAttributes(r *http.Request, route string) []attribute.KeyValue {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	return []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(knownMethod(r.Method)),
		semconv.HTTPRoute(route),
		semconv.URLPath(r.URL.Path),
		semconv.URLScheme(scheme),
		semconv.ClientAddress(client),
		semconv.UserAgentOriginal(r.UserAgent()),
	}
}

// knownMethod keeps labels bounded: what is no method of HTTP counts as _OTHER.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "_OTHER"
}
