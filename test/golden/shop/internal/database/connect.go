package database

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// trusted is how long a connection may have been idle and still be used without asking whether it lives:
// what stands between drops quiet connections after minutes, without a word.
const trusted = 30 * time.Second

// ParseURL reads postgres://USER:PASSWORD@HOST:PORT/DATABASE; the standard PG* variables stand in for what it lacks.
// Its error never holds the password.
func ParseURL(text string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(text)
	if err == nil {
		return config, nil
	}
	// pgx hides passwords as well as it can. What it says of a URL from which they were taken out cannot hold them.
	if without, ok := withoutPasswords(text); ok {
		if _, err := pgxpool.ParseConfig(without); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("use postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %40 and the like (the value is not shown: it may hold a password)")
}

func withoutPasswords(text string) (string, bool) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return "", false
	}
	query := parsed.Query()
	query.Del("password")
	query.Del("sslpassword")
	parsed.RawQuery = query.Encode()
	if parsed.User != nil {
		parsed.User = url.User(parsed.User.Username())
	}
	return parsed.String(), true
}

// target is what every span says of the server. With several hosts in the URL it is the first.
func target(server *pgxpool.Config) []attribute.KeyValue {
	conn := server.ConnConfig
	return []attribute.KeyValue{
		semconv.DBSystemNamePostgreSQL, semconv.DBNamespace(conn.Database),
		semconv.ServerAddress(conn.Host), semconv.ServerPort(int(conn.Port)),
	}
}

// configure gives the pool its limits. Settings that stand in the URL win over those sent to the server here;
// PgBouncer takes them when its ignore_startup_parameters names them.
func (c *Client) configure(options Options) *pgxpool.Config {
	config := options.Server.Copy()
	config.MaxConns = options.PoolSize
	config.MaxConnLifetimeJitter = config.MaxConnLifetime / 10 // or all connections made at the start end at once
	config.PingTimeout = c.grace()
	config.ShouldPing = shouldPing
	config.ConnConfig.ConnectTimeout = c.timeout // for each address of the host
	config.ConnConfig.Tracer = &connects{tracer: c.tracer, target: c.target}
	for name, value := range map[string]string{
		"application_name":  options.Application,
		"statement_timeout": strconv.FormatInt(c.timeout.Milliseconds(), 10),
		// A transaction that the service forgot must not hold its locks for ever.
		"idle_in_transaction_session_timeout": strconv.FormatInt(c.budget.Milliseconds(), 10),
	} {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	return config
}

// acquisition is what one attempt's wait for a connection tells the pool's hooks, and they it.
type acquisition struct {
	attempt    int
	connecting atomic.Bool
}

type acquisitionKey struct{}

// shouldPing costs a round trip. The second attempt trusts no idle connection: where one was dead, others may be.
func shouldPing(ctx context.Context, params pgxpool.ShouldPingParams) bool {
	own, _ := ctx.Value(acquisitionKey{}).(*acquisition)
	return own != nil && own.attempt > 1 || params.IdleDuration > trusted
}

// withConn does its work on a connection of the pool.
func (c *Client) withConn(ctx context.Context, attempt int, do work) error {
	if err := ctx.Err(); err != nil {
		return failedStatement(ctx, err, false)
	}
	if failed := c.enter(ctx); failed != nil {
		return failed
	}
	defer func() { <-c.places }()
	conn, err := c.acquire(ctx, attempt)
	if err != nil {
		return err
	}
	defer conn.Release() // destroys one whose transaction was not ended, as after a panic
	return do(ctx, conn.Conn(), attempt)
}

// enter waits for a place among those who use the pool's connections. pgxpool would wait as well, but it does not tell
// this wait, which more connections or fewer requests would end, from the time that connecting takes.
func (c *Client) enter(ctx context.Context) *failure {
	select {
	case c.places <- struct{}{}:
		return nil
	default:
	}
	start := time.Now()
	_, span := c.tracer.Start(ctx, "pool wait")
	defer span.End()
	timeout := time.NewTimer(c.timeout)
	defer timeout.Stop()
	select {
	case c.places <- struct{}{}:
		c.metrics.waited(time.Since(start))
		return nil
	case <-timeout.C:
	case <-ctx.Done():
	}
	failed := poolTimeout(errors.New("all connections of the pool are in use"))
	if errors.Is(ctx.Err(), context.Canceled) {
		failed = &failure{err: ctx.Err(), kind: "canceled"}
	} else {
		c.metrics.timeouts.Inc()
	}
	failed.mark(span)
	return failed
}

// acquire takes an idle connection or makes one.
func (c *Client) acquire(ctx context.Context, attempt int) (*pgxpool.Conn, error) {
	own := &acquisition{attempt: attempt}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, acquisitionKey{}, own), c.timeout+c.grace())
	defer cancel()
	conn, err := c.pool.Acquire(ctx)
	if err == nil {
		return conn, nil
	}
	failed := failedConnect(ctx, err, own.connecting.Load())
	if failed.kind == "pool_timeout" { // its connections are all being closed or made for attempts that gave up
		c.metrics.timeouts.Inc()
	}
	return nil, failed
}

// connects makes a span of each connection being made, inside the attempt that asked for it.
type connects struct {
	tracer trace.Tracer
	target []attribute.KeyValue
}

// TraceConnectStart begins the span.
func (t *connects) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	if own, ok := ctx.Value(acquisitionKey{}).(*acquisition); ok {
		own.connecting.Store(true)
	}
	ctx, span := t.tracer.Start(ctx, "connect", trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(t.target...)
	}
	return ctx
}

// TraceConnectEnd ends it.
func (t *connects) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	span := trace.SpanFromContext(ctx)
	if data.Err != nil {
		failedConnect(ctx, data.Err, true).mark(span)
	} else if span.IsRecording() {
		span.SetAttributes(semconv.NetworkPeerAddress(data.Conn.PgConn().Conn().RemoteAddr().String()))
	}
	span.End()
}

// TraceQueryStart and TraceQueryEnd leave statements alone: attempts have their spans already.
func (t *connects) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd belongs to TraceQueryStart.
func (t *connects) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
