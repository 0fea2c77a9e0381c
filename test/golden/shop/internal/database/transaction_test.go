package database_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
)

func TestATransactionShowsEveryStatementInItsAttempt(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	mine := errors.New("mine")
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			changed, err := tx.Exec(ctx, updateName, "a", "!")
			if changed != 1 {
				t.Errorf("%d rows changed, want 1", changed)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			_, _ = tx.Exec(ctx, updateName, "a", "?")
			return mine
		})
		if !errors.Is(err, mine) {
			t.Errorf("Transaction: %v, want the error of its work", err)
		}
		var name string
		if err := b.Query(ctx, selectName, database.One(&name), "a"); name != "tea!" || err != nil {
			t.Errorf("Query: %q, %v; want tea!", name, err)
		}
	})
	database := " " + server.ConnConfig.Database
	attempts := b.named("TRANSACTION" + database)
	for name, want := range map[string]int{"TRANSACTION" + database: 2, "BEGIN" + database: 2, "UPDATE products": 2, "COMMIT" + database: 1, "ROLLBACK" + database: 1} {
		spans := b.named(name)
		if len(spans) != want {
			t.Errorf("%d spans %s, want %d", len(spans), name, want)
		}
		for _, span := range spans {
			inside := slices.ContainsFunc(attempts, func(a sdktrace.ReadOnlySpan) bool {
				return a.SpanContext().SpanID() == span.Parent().SpanID() || a.SpanContext().Equal(span.SpanContext())
			})
			if !inside {
				t.Errorf("%s is not inside its attempt", name)
			}
		}
	}
	// An error of the work is none of the database.
	b.expectValues(t, map[string]float64{"postgres_client_attempts_total ok": 3, "postgres_client_attempts_total error": 0})
	if b.logs.Len() != 0 {
		t.Errorf("it is logged:\n%s", b.logs.String())
	}
}

func TestATransactionDoesNotCommitWhatItsWorkKeptQuietAbout(t *testing.T) {
	server := databasetest.Server(t)
	b := newBench(t, options(server))
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			_, _ = tx.Exec(ctx, database.Statement{Operation: "DELETE", Table: "missing", SQL: "DELETE FROM missing"})
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "42P01") {
			t.Errorf("Transaction: %v, want the failure of its statement", err)
		}
	})
	if commits := b.named("COMMIT " + server.ConnConfig.Database); len(commits) != 0 {
		t.Error("it was committed")
	}
}

func TestATransactionWhoseConnectionWasKilledBeforeTheCommitIsDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			if _, err := tx.Exec(ctx, updateName, "a", "!"); err != nil {
				return err
			}
			var pid int
			if err := tx.Query(ctx, selectPID, database.One(&pid)); err != nil {
				return err
			}
			if attempts == 1 {
				kill(t, server, pid)
			}
			return tx.Query(ctx, selectPID, database.One(&pid))
		})
		var name string
		if readErr := b.Query(ctx, selectName, database.One(&name), "a"); err != nil || readErr != nil || name != "tea!" || attempts != 2 {
			t.Errorf("%v, %v: %q after %d attempts; want tea! after 2", err, readErr, name, attempts)
		}
	})
}

func TestACommitWithoutAnAnswerIsNotDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			var pid int
			err := tx.Query(ctx, selectPID, database.One(&pid))
			kill(t, server, pid)
			return err
		})
		if !errors.Is(err, database.ErrUnavailable) || attempts != 1 {
			t.Errorf("%v after %d attempts, want ErrUnavailable after 1", err, attempts)
		}
	})
	expect(t, b.named("TRANSACTION " + server.ConnConfig.Database)[0], map[attribute.Key]string{"error.type": "commit_unknown"})
}

func TestATransactionThatLostAgainstAnotherIsDoneAgain(t *testing.T) {
	server := databasetest.Server(t)
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
	b := newBench(t, options(server))
	var attempts int
	b.request(func(ctx context.Context) {
		err := b.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
			attempts++
			var name string
			if err := tx.Query(ctx, selectName, database.One(&name), "a"); err != nil {
				return err
			}
			if attempts == 1 {
				databasetest.Exec(t, server, "UPDATE products SET name = name || ' from another' WHERE sku = 'a'")
			}
			_, err := tx.Exec(ctx, updateName, "a", "!")
			return err
		})
		var name string
		readErr := b.Query(ctx, selectName, database.One(&name), "a")
		if err != nil || readErr != nil || name != "tea from another!" || attempts != 2 {
			t.Errorf("%v, %v: %q after %d attempts; want both changes after 2", err, readErr, name, attempts)
		}
	})
	spans := b.named("TRANSACTION " + server.ConnConfig.Database)
	if len(spans) != 2 || len(b.lines(t)) != 1 {
		t.Fatalf("%d attempts and %d lines, want 2 and 1", len(spans), len(b.lines(t)))
	}
	expect(t, spans[0], map[attribute.Key]string{"error.type": "40001", "postgres.attempt": "1"})
	expect(t, spans[1], map[attribute.Key]string{"error.type": "", "postgres.attempt": "2"})
}
