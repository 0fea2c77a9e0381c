package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

type metrics struct {
	duration *prometheus.HistogramVec
	active   *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) metrics {
	m := metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "Duration of requests by route and answer.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10},
		}, []string{"method", "route", "code"}),
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "http_server_active_requests",
			Help: "Requests that are being answered.",
		}, []string{"route"}),
	}
	registry.MustRegister(m.duration, m.active)
	return m
}

// instrument is promhttp's own middleware, with the route as a curried label and an exemplar of each sampled trace.
func (m metrics) instrument(pattern string, next http.Handler) http.Handler {
	_, route, _ := strings.Cut(pattern, " ")
	byRoute := m.duration.MustCurryWith(prometheus.Labels{"route": route})
	next = promhttp.InstrumentHandlerDuration(byRoute, next, promhttp.WithExemplarFromContext(exemplar))
	return promhttp.InstrumentHandlerInFlight(m.active.WithLabelValues(route), next)
}

func exemplar(ctx context.Context) prometheus.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": span.TraceID().String(), "span_id": span.SpanID().String()}
}

// accessLog writes one line for each request, or for each sampled one, with the ids of its trace.
func accessLog(log *zap.Logger, pattern string, sampledOnly bool, next http.Handler) http.Handler {
	_, route, _ := strings.Cut(pattern, " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanContextFromContext(r.Context())
		if sampledOnly && !span.IsSampled() {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		log.Info("request",
			zap.String("method", r.Method),
			zap.String("route", route),
			zap.Int("status", rec.status),
			zap.Int64("bytes", rec.bytes),
			zap.Duration("duration", time.Since(start)),
			zap.String("trace_id", span.TraceID().String()),
			zap.String("span_id", span.SpanID().String()),
			zap.String("trace_flags", span.TraceFlags().String()),
		)
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
