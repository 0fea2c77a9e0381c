package database_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
)

func TestAReadIsOneSpanWithItsConnectInside(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	request := b.request(func(ctx context.Context) {
		var name string
		if err := b.Query(ctx, selectName, database.One(&name), "a"); name != "tea" || err != nil {
			t.Errorf("Query: %q, %v", name, err)
		}
		if err := b.Query(ctx, selectName, database.One(&name), "b"); !errors.Is(err, database.ErrNoRows) {
			t.Errorf("unknown product: %v, want ErrNoRows", err)
		}
	})

	selects, connects := b.named("SELECT products"), b.named("connect")
	if len(selects) != 2 || len(connects) != 1 {
		t.Fatalf("%d SELECT spans and %d connect spans, want 2 and 1", len(selects), len(connects))
	}
	if selects[0].Parent().SpanID() != request.SpanID() || connects[0].Parent().SpanID() != selects[0].SpanContext().SpanID() {
		t.Error("the spans are not nested request > SELECT > connect")
	}
	expect(t, selects[0], map[attribute.Key]string{
		"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.collection.name": "products", "db.query.text": selectName.SQL,
		"db.namespace": server.ConnConfig.Database, "server.address": server.ConnConfig.Host, "server.port": strconv.Itoa(int(server.ConnConfig.Port)),
		"postgres.attempt": "1", "error.type": "",
	})
	if selects[0].SpanKind() != trace.SpanKindClient || len(b.named("pool wait")) != 0 {
		t.Error("not a client span, or one with a wait that there was not")
	}
	b.expectValues(t, map[string]float64{
		"postgres_client_attempts_total ok": 2, "postgres_pool_connections idle": 1, "postgres_pool_max_connections": 2,
		"postgres_client_operation_duration_seconds SELECT": 2,
	})
	if _, exemplars := b.value(t, "postgres_client_operation_duration_seconds", "SELECT"); !slices.Contains(exemplars, request.TraceID().String()) {
		t.Errorf("exemplars %v do not lead to the trace", exemplars)
	}
	if b.logs.Len() != 0 {
		t.Errorf("success is logged:\n%s", b.logs.String())
	}
}

func TestAFailedStatementIsASpanAMetricAndALine(t *testing.T) {
	b := newBench(t, options(databasetest.Server(t)))
	request := b.request(func(ctx context.Context) {
		var n int
		err := b.Query(ctx, database.Statement{Operation: "SELECT", Table: "missing", SQL: "SELECT 1 FROM missing"}, database.One(&n))
		if err == nil || errors.Is(err, database.ErrNoRows) || errors.Is(err, database.ErrUnavailable) || errors.Is(err, database.ErrTimeout) {
			t.Errorf("Query: %v, want a failure that is ours", err)
		}
	})
	spans, lines := b.named("SELECT missing"), b.lines(t)
	if len(spans) != 1 || len(lines) != 1 {
		t.Fatalf("%d spans and %d lines, want 1 of each: what PostgreSQL refuses it refuses again", len(spans), len(lines))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "42P01", "db.response.status_code": "42P01"})
	for key, want := range map[string]any{
		"msg": "postgres attempt failed", "level": "warn", "attempt": 1.0, "operation": "SELECT", "statement": "SELECT missing", "error_type": "42P01",
		"trace_id": request.TraceID().String(), "span_id": spans[0].SpanContext().SpanID().String(),
	} {
		if lines[0][key] != want {
			t.Errorf("%s is %v, want %v", key, lines[0][key], want)
		}
	}
	b.expectValues(t, map[string]float64{"postgres_client_attempts_total error": 1})
}

func TestAReadWhoseConnectionWasKilledIsMadeAgain(t *testing.T) {
	server := databasetest.Server(t)
	b := newBench(t, options(server))
	b.request(func(ctx context.Context) {
		var before, after int
		if err := b.Query(ctx, selectPID, database.One(&before)); err != nil {
			t.Fatal(err)
		}
		kill(t, server, before)
		if err := b.Query(ctx, selectPID, database.One(&after)); err != nil || after == before {
			t.Errorf("Query: on connection %d after %d, %v", after, before, err)
		}
	})
	spans := b.named("SELECT pid")
	if len(spans) != 3 || len(b.lines(t)) != 1 {
		t.Fatalf("%d spans, want 1 before and 2 attempts after, with 1 line:\n%s", len(spans), b.logs.String())
	}
	if reason := attributes(spans[1])["error.type"]; reason != "57P01" && reason != "connection_error" {
		t.Errorf("error.type is %q", reason)
	}
	expect(t, spans[1], map[attribute.Key]string{"postgres.attempt": "1"})
	expect(t, spans[2], map[attribute.Key]string{"postgres.attempt": "2", "error.type": ""})
}

func TestAReadWhoseConnectionWasCutIsMadeAgainAndTrustsNoOther(t *testing.T) {
	const idle = 4 // more than there are attempts
	through, between := relayed(t, databasetest.Server(t))
	many := options(through)
	many.PoolSize = idle
	b := newBench(t, many)
	b.request(func(ctx context.Context) {
		if err := nested(ctx, b.Client, idle); err != nil {
			t.Error(err)
		}
		b.expectValues(t, map[string]float64{"postgres_pool_connections idle": idle})
		between.cut()
		if err := b.Query(ctx, selectPID, database.One(new(int))); err != nil {
			t.Error(err)
		}
	})
	spans := b.named("SELECT pid")
	if len(spans) != 2 {
		t.Fatalf("%d attempts, want 2", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "connection_error", "db.response.status_code": ""})
}

// nested takes this many connections at the same time and gives them back.
func nested(ctx context.Context, client *database.Client, connections int) error {
	if connections == 0 {
		return nil
	}
	return client.Transaction(ctx, func(ctx context.Context, _ *database.Tx) error {
		return nested(ctx, client, connections-1)
	})
}

func TestASlowStatementIsEndedByTheServerAndItsConnectionIsKept(t *testing.T) {
	server := databasetest.Server(t)
	impatient := options(server)
	impatient.PoolSize, impatient.Timeout = 1, time.Second
	b := newBench(t, impatient)
	b.request(func(ctx context.Context) {
		var before, after int
		if err := b.Query(ctx, selectPID, database.One(&before)); err != nil {
			t.Error(err)
		}
		if err := b.Query(ctx, selectSleep, database.One(new(any)), 60); !errors.Is(err, database.ErrTimeout) {
			t.Errorf("Query: %v, want ErrTimeout", err)
		}
		if err := b.Query(ctx, selectPID, database.One(&after)); err != nil || before != after {
			t.Errorf("connection %d after %d, %v; want the same", after, before, err)
		}
	})
	spans := b.named("SELECT clock")
	if len(spans) != 1 {
		t.Fatalf("%d attempts, want 1: a slow query done again is slower still", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "57014"})
}

func TestAClientThatHasGoneIsNotRetriedFor(t *testing.T) {
	b := newBench(t, options(parse(t, "postgres://ada@"+silent(t)+"/shop?sslmode=disable")))
	ctx, leave := context.WithCancel(context.Background())
	connects := b.begun("connect")
	go func() {
		waitFor(t, connects)
		leave()
	}()
	if err := b.Query(ctx, selectPID, database.One(new(int))); !errors.Is(err, context.Canceled) {
		t.Errorf("Query: %v, want context.Canceled", err)
	}
	spans := b.named("SELECT pid")
	if len(spans) != 1 {
		t.Fatalf("%d attempts, want 1", len(spans))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "canceled"})
}
