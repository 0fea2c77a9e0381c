package database

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"example.com/shop/internal/telemetry"
)

type metrics struct {
	attempts    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	waits       prometheus.Counter
	waitSeconds prometheus.Counter
	timeouts    prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, pool *pgxpool.Pool) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postgres_client_attempts_total",
			Help: "Attempts by outcome; a row that does not exist is ok. More attempts than operations means retries.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "postgres_client_operation_duration_seconds",
			Help:    "Duration of an operation with all its attempts and the waits between them.",
			Buckets: []float64{0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5},
		}, []string{"db_operation_name"}),
		waits:       counter("postgres_pool_waits_total", "Attempts that waited for a connection in use and got one."),
		waitSeconds: counter("postgres_pool_wait_seconds_total", "Time waited by those that got a connection."),
		timeouts:    counter("postgres_pool_timeouts_total", "Attempts that waited in vain."),
	}
	m.attempts.WithLabelValues("ok")
	m.attempts.WithLabelValues("error")
	registry.MustRegister(m.attempts, m.duration, m.waits, m.waitSeconds, m.timeouts, poolCollector{pool})
	return m
}

func (m metrics) observe(ctx context.Context, operation string, took time.Duration) {
	observer := m.duration.WithLabelValues(operation).(prometheus.ExemplarObserver)
	observer.ObserveWithExemplar(took.Seconds(), telemetry.Exemplar(ctx))
}

func (m metrics) waited(took time.Duration) {
	m.waits.Inc()
	m.waitSeconds.Add(took.Seconds())
}

var (
	poolConnections = prometheus.NewDesc("postgres_pool_connections", "Connections in the pool; used includes those being made or closed.", []string{"state"}, nil)
	poolMax         = prometheus.NewDesc("postgres_pool_max_connections", "Most connections that the pool may hold.", nil, nil)
)

// poolCollector reads the pool's own statistics at each scrape.
type poolCollector struct{ pool *pgxpool.Pool }

func (p poolCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- poolConnections
	descs <- poolMax
}

func (p poolCollector) Collect(out chan<- prometheus.Metric) {
	stats := p.pool.Stat()
	gauge := func(desc *prometheus.Desc, value int32, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(poolConnections, stats.IdleConns(), "idle")
	gauge(poolConnections, stats.TotalConns()-stats.IdleConns(), "used")
	gauge(poolMax, stats.MaxConns())
}
