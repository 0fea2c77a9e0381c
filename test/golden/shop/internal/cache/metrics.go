package cache

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"example.com/shop/internal/telemetry"
)

type metrics struct {
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registry prometheus.Registerer, client *redis.Client, poolSize int) metrics {
	m := metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "redis_client_attempts_total",
			Help: "Attempts by outcome; a key that does not exist is ok. More attempts than operations means retries.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redis_client_operation_duration_seconds",
			Help:    "Duration of an operation with all its attempts and the waits between them.",
			Buckets: []float64{0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5},
		}, []string{"db_operation_name"}),
	}
	m.attempts.WithLabelValues("ok")
	m.attempts.WithLabelValues("error")
	registry.MustRegister(m.attempts, m.duration, &poolCollector{client: client, size: poolSize})
	return m
}

func (m metrics) observe(ctx context.Context, operation string, took time.Duration) {
	observer := m.duration.WithLabelValues(operation).(prometheus.ExemplarObserver)
	observer.ObserveWithExemplar(took.Seconds(), telemetry.Exemplar(ctx))
}

var (
	poolConnections = prometheus.NewDesc("redis_pool_connections", "Connections in the pool.", []string{"state"}, nil)
	poolMax         = prometheus.NewDesc("redis_pool_max_connections", "Most connections that the pool may hold.", nil, nil)
	poolPending     = prometheus.NewDesc("redis_pool_pending_requests", "Attempts that wait for a connection now.", nil, nil)
	poolWaits       = prometheus.NewDesc("redis_pool_waits_total", "Attempts that waited and got a connection.", nil, nil)
	poolTimeouts    = prometheus.NewDesc("redis_pool_timeouts_total", "Attempts that waited in vain.", nil, nil)
	poolWaitSeconds = prometheus.NewDesc("redis_pool_wait_seconds_total", "Time waited by those that got a connection.", nil, nil)
)

// poolCollector reads the pool's own statistics at each scrape.
type poolCollector struct {
	client *redis.Client
	size   int
}

func (p *poolCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{poolConnections, poolMax, poolPending, poolWaits, poolTimeouts, poolWaitSeconds} {
		descs <- desc
	}
}

func (p *poolCollector) Collect(out chan<- prometheus.Metric) {
	stats := p.client.PoolStats()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value)
	}
	gauge(poolConnections, float64(stats.IdleConns), "idle")
	gauge(poolConnections, float64(stats.TotalConns-min(stats.IdleConns, stats.TotalConns)), "used")
	gauge(poolMax, float64(p.size))
	gauge(poolPending, float64(stats.PendingRequests))
	counter(poolWaits, float64(stats.WaitCount))
	counter(poolTimeouts, float64(stats.Timeouts))
	counter(poolWaitSeconds, time.Duration(stats.WaitDurationNs).Seconds())
}
