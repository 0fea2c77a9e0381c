package httpclient

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"example.com/shop/internal/telemetry"
)

// metrics are those of one service called; the names follow
// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-client
type metrics struct {
	address     string
	duration    *prometheus.HistogramVec
	active      prometheus.Gauge
	pending     prometheus.Gauge
	retries     prometheus.Counter
	idle, inUse prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, address string, maxConnections int) metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append([]string{"server_address"}, labels...))
		return registered(registry, vec)
	}
	connections := gauge("http_client_open_connections", "Connections that are open.", "http_connection_state")
	gauge("http_client_max_connections", "Most connections that may be open.").WithLabelValues(address).Set(float64(maxConnections))
	return metrics{
		address: address,
		duration: registered(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_client_request_duration_seconds",
			Help:    "Duration of attempts, from the wait for a connection to the end of the answer.",
			Buckets: telemetry.Buckets(nil),
		}, []string{"http_request_method", "server_address", "http_response_status_code", "error_type"})),
		active:  gauge("http_client_active_requests", "Attempts under way.").WithLabelValues(address),
		pending: gauge("http_client_pending_requests", "Attempts that wait for a connection now.").WithLabelValues(address),
		retries: registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_client_retries_total",
			Help: "Attempts after the first one of an operation.",
		}, []string{"server_address"})).WithLabelValues(address),
		idle:  connections.WithLabelValues(address, "idle"),
		inUse: connections.WithLabelValues(address, "active"),
	}
}

// registered lets the clients of several services share one metric, each with its own server_address.
func registered[C prometheus.Collector](registry prometheus.Registerer, collector C) C {
	err := registry.Register(collector)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		return already.ExistingCollector.(C)
	}
	if err != nil {
		panic(err) // a name with other labels: a mistake in this file
	}
	return collector
}

func (m metrics) observe(ctx context.Context, method, status, errorType string, took time.Duration) {
	observer := m.duration.WithLabelValues(method, m.address, status, errorType).(prometheus.ExemplarObserver)
	observer.ObserveWithExemplar(took.Seconds(), telemetry.Exemplar(ctx))
}
