// Package database speaks SQL with PostgreSQL and shows every attempt: as a span, a metric and, when it fails, a log line.
package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"example.com/shop/internal/telemetry"
)

// Errors that callers tell apart with errors.Is; what exactly happened is in the same chain.
var (
	ErrNoRows      = errors.New("no such row")
	ErrUnavailable = errors.New("the database cannot serve this now")
	ErrTimeout     = errors.New("the database took too long")
)

const (
	maxAttempts = 3
	// The wait before attempt n+1 is random between 0 and minBackoff << n.
	minBackoff = 20 * time.Millisecond
)

// Options say which PostgreSQL and how patient to be with it.
type Options struct {
	Server      *pgxpool.Config // from ParseURL
	Application string          // what pg_stat_activity shows
	PoolSize    int32
	Timeout     time.Duration // for each of: a place in the pool, connecting, a statement
}

// Statement is SQL with its values left out ($1, $2, …), and what telemetry calls it. All three are constants of the
// code: they become attributes, and the operation becomes a label.
type Statement struct {
	Operation string // SELECT
	Table     string // products
	SQL       string
}

// Client runs statements with a bounded number of attempts.
type Client struct {
	pool    *pgxpool.Pool
	places  chan struct{} // as many as the pool has connections: see enter
	tracer  trace.Tracer
	log     *zap.Logger
	metrics metrics
	target  []attribute.KeyValue
	named   string        // the database, for spans of operations that have no table
	timeout time.Duration // as in Options
	budget  time.Duration // for all attempts of one operation
}

// New makes a client; it connects on first use.
func New(options Options, tel *telemetry.Telemetry) (*Client, error) {
	c := &Client{
		places:  make(chan struct{}, options.PoolSize),
		tracer:  tel.Tracer,
		log:     tel.Log.Named("database"),
		target:  target(options.Server),
		named:   options.Server.ConnConfig.Database,
		timeout: options.Timeout,
		budget:  maxAttempts * options.Timeout,
	}
	var err error
	if c.pool, err = pgxpool.NewWithConfig(context.Background(), c.configure(options)); err != nil {
		return nil, err
	}
	c.metrics = newMetrics(tel.Registry, c.pool)
	return c, nil
}

// Close closes all connections, once the operations under way have ended or their time is up.
func (c *Client) Close() {
	closed := make(chan struct{})
	go func() {
		c.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(c.budget):
	}
}

// Query reads: a statement that must change nothing, since it runs again when its connection breaks. So may read,
// which gets the rows of each attempt; One is such a read.
func (c *Client) Query(ctx context.Context, s Statement, read func(pgx.Rows) error, args ...any) error {
	return c.run(ctx, s, func(ctx context.Context, conn *pgx.Conn, _ int) error {
		return c.send(ctx, conn, s, func(ctx context.Context) error { return query(ctx, conn, s, read, args) })
	})
}

// One scans the first row, or answers ErrNoRows.
func One(into ...any) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		if !rows.Next() {
			return ErrNoRows
		}
		return rows.Scan(into...)
	}
}

func query(ctx context.Context, conn *pgx.Conn, s Statement, read func(pgx.Rows) error, args []any) error {
	rows, err := conn.Query(ctx, s.SQL, args...)
	if err != nil {
		return err
	}
	err = read(rows)
	rows.Close()
	if failed := rows.Err(); failed != nil {
		return failed // a query that failed has no rows either
	}
	return err
}

// work is what one attempt does with its connection.
type work func(ctx context.Context, conn *pgx.Conn, attempt int) error

// run makes attempts until one succeeds, fails for good, or attempts and time are used up.
func (c *Client) run(ctx context.Context, s Statement, do work) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	err := c.retry(ctx, s, do)
	c.metrics.observe(ctx, s.Operation, time.Since(start))
	if _, ok := errors.AsType[*failure](err); ok {
		return fmt.Errorf("postgres %s: %w", s.Operation, err)
	}
	return err
}

func (c *Client) retry(ctx context.Context, s Statement, do work) error {
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, s, attempt, do)
		if failed, ok := errors.AsType[*failure](err); !ok || !failed.again || attempt == maxAttempts {
			return err
		}
		wait := rand.N(minBackoff << attempt)
		if deadline, _ := ctx.Deadline(); time.Until(deadline) < wait+c.grace() {
			return err // which says more than an attempt that has no time left
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// attempt makes one span: it covers the wait for a connection, connecting, and what is done with the connection.
func (c *Client) attempt(ctx context.Context, s Statement, attempt int, do work) error {
	start := time.Now()
	ctx, span := c.start(ctx, s, attempt)
	defer span.End()
	err := c.withConn(ctx, attempt, do)
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		c.metrics.attempts.WithLabelValues("ok").Inc()
		return err
	}
	c.metrics.attempts.WithLabelValues("error").Inc()
	failed.mark(span)
	statement := zap.Skip()
	if failed.in != "" {
		statement = zap.String("statement", failed.in)
	}
	c.log.Warn("postgres attempt failed", zap.Error(failed), zap.String("error_type", failed.kind), zap.Int("attempt", attempt),
		zap.String("operation", s.Operation), statement, zap.Float64("duration_ms", float64(time.Since(start))/float64(time.Millisecond)), telemetry.TraceIDs(ctx))
	return err
}

// start begins the span of an attempt or, in a transaction, of a statement.
func (c *Client) start(ctx context.Context, s Statement, attempt int) (context.Context, trace.Span) {
	ctx, span := c.tracer.Start(ctx, c.name(s), trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(c.target...)
		span.SetAttributes(semconv.DBOperationName(s.Operation), attribute.Int("postgres.attempt", attempt))
		if s.Table != "" {
			span.SetAttributes(semconv.DBCollectionName(s.Table), semconv.DBQueryText(s.SQL))
		}
	}
	return ctx, span
}

// name is what the semantic conventions call a span: operation and table, else operation and database.
// https://opentelemetry.io/docs/specs/semconv/db/database-spans/#name
func (c *Client) name(s Statement) string {
	if s.Table == "" {
		return s.Operation + " " + c.named
	}
	return s.Operation + " " + s.Table
}

// send gives one statement its time. The server ends it first (statement_timeout), which keeps the connection usable;
// the client's own deadline is for a server that does not answer.
func (c *Client) send(ctx context.Context, conn *pgx.Conn, s Statement, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+c.grace())
	defer cancel()
	err := do(ctx)
	if err == nil || errors.Is(err, ErrNoRows) {
		return err
	}
	failed := failedStatement(ctx, err, conn.IsClosed())
	failed.in = c.name(s)
	return failed
}

// grace is what the client waits longer than the server, or than pgx, so that their more exact error comes first.
func (c *Client) grace() time.Duration { return c.timeout / 4 }

// mark shows a failure on the span it happened in.
func (f *failure) mark(span trace.Span) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(f.kind))
	if f.sqlState != "" {
		span.SetAttributes(semconv.DBResponseStatusCode(f.sqlState))
	}
	span.SetStatus(codes.Error, f.Error())
}
