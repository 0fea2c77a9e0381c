// Package cache reads from Redis and shows every attempt: as a span, a metric and, when it fails, a log line.
package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"example.com/shop/internal/telemetry"
)

// ErrNotFound says that Redis answered and has no such key.
var ErrNotFound = errors.New("no such key")

const (
	maxAttempts = 3
	// The wait before attempt n+1 is random between 0 and minBackoff << n.
	minBackoff = 20 * time.Millisecond
)

// Options say which Redis and how patient to be with it.
type Options struct {
	Addr     string
	PoolSize int
	Timeout  time.Duration // for each of: a place in the pool, dialling, writing, reading
}

// Client reads keys with a bounded number of attempts.
type Client struct {
	redis   *redis.Client
	tracer  trace.Tracer
	log     *zap.Logger
	metrics metrics
	target  []attribute.KeyValue
	budget  time.Duration // for all attempts of one operation
}

// New makes a client; it connects on first use.
func New(options Options, tel *telemetry.Telemetry) *Client {
	log := tel.Log.Named("cache")
	redis.SetLogger(debugLog{log}) // go-redis has one logger for the process
	dials := newDials(tel.Tracer, options)
	client := redis.NewClient(&redis.Options{
		Addr:                     options.Addr,
		Protocol:                 2, // with DisableIdentity: no handshake before the first command
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		PoolSize:                 options.PoolSize,
		MaxRetries:               -1, // its retries would hide inside one call: the loop in Get has them
		DialerRetries:            1,
		ContextTimeoutEnabled:    true,
		DialTimeout:              options.Timeout,
		PoolTimeout:              options.Timeout,
		ReadTimeout:              options.Timeout,
		WriteTimeout:             options.Timeout,
		OnConnect:                dials.claim,
	})
	client.AddHook(dials)
	host, port, _ := net.SplitHostPort(options.Addr)
	portNumber, _ := strconv.Atoi(port)
	return &Client{
		redis:   client,
		tracer:  tel.Tracer,
		log:     log,
		metrics: newMetrics(tel.Registry, client, options.PoolSize),
		target:  []attribute.KeyValue{semconv.DBSystemNameRedis, semconv.ServerAddress(host), semconv.ServerPort(portNumber)},
		budget:  maxAttempts * options.Timeout,
	}
}

// Close closes all connections.
func (c *Client) Close() error { return c.redis.Close() }

// Get returns the value of a key, ErrNotFound, or the error of the last attempt.
func (c *Client) Get(ctx context.Context, key string) (string, error) {
	const operation = "GET"
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	var value string
	err := c.retry(ctx, operation, func(ctx context.Context) (err error) {
		value, err = c.redis.Get(ctx, key).Result()
		return err
	})
	c.metrics.observe(ctx, operation, time.Since(start))
	if errors.Is(err, redis.Nil) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("redis %s: %w", operation, err)
	}
	return value, nil
}

// retry calls do until it succeeds, fails for good, or attempts and time are used up.
func (c *Client) retry(ctx context.Context, operation string, do func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, operation, attempt, do)
		if err == nil || attempt == maxAttempts || !retryable(ctx, err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(minBackoff << attempt)):
		}
	}
}

// attempt makes one span: it covers the wait for a connection, dialling and the command.
func (c *Client) attempt(ctx context.Context, operation string, attempt int, do func(context.Context) error) error {
	start := time.Now()
	ctx, span := c.tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(start))
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(c.target...)
		span.SetAttributes(semconv.DBOperationName(operation), attribute.Int("redis.attempt", attempt))
	}
	err := do(context.WithValue(ctx, attemptStart{}, start))
	if err == nil || errors.Is(err, redis.Nil) {
		c.metrics.attempts.WithLabelValues("ok").Inc()
		return err
	}
	c.metrics.attempts.WithLabelValues("error").Inc()
	reason := errorType(err)
	if span.IsRecording() {
		span.SetAttributes(semconv.ErrorTypeKey.String(reason))
		span.SetStatus(codes.Error, err.Error())
		spanOfFailedDial(ctx, c.tracer, err, start)
	}
	c.log.Warn("redis attempt failed", zap.Error(err), zap.String("error_type", reason), zap.Int("attempt", attempt),
		zap.String("operation", operation), zap.Float64("duration_ms", float64(time.Since(start))/float64(time.Millisecond)), telemetry.TraceIDs(ctx))
	return err
}

// debugLog takes go-redis's own lines; what they say about a request, attempt says better.
type debugLog struct{ *zap.Logger }

func (l debugLog) Printf(_ context.Context, format string, args ...any) {
	if entry := l.Check(zap.DebugLevel, "go-redis"); entry != nil {
		entry.Write(zap.String("text", fmt.Sprintf(format, args...)))
	}
}
