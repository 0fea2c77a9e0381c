package database

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	transaction = Statement{Operation: "TRANSACTION"}
	begin       = Statement{Operation: "BEGIN", SQL: "begin isolation level serializable"}
	commit      = Statement{Operation: "COMMIT", SQL: "commit"}
	rollback    = Statement{Operation: "ROLLBACK", SQL: "rollback"}
)

// Tx is a transaction being done.
type Tx struct {
	client  *Client
	conn    *pgx.Conn
	attempt int
	failed  *failure // the first: after it PostgreSQL refuses everything but the end
}

// Transaction does its work as if nothing else ran at the same time (SERIALIZABLE) and commits unless do fails.
// PostgreSQL refuses one of two transactions that cannot both have their way; such a one is done again from the
// start, like one whose connection broke before the commit. So do must change nothing but the database.
func (c *Client) Transaction(ctx context.Context, do func(context.Context, *Tx) error) error {
	return c.run(ctx, transaction, func(ctx context.Context, conn *pgx.Conn, attempt int) error {
		tx := &Tx{client: c, conn: conn, attempt: attempt}
		if err := tx.control(ctx, begin); err != nil {
			return err
		}
		err := do(ctx, tx)
		if tx.failed != nil {
			err = tx.failed // whatever do made of it
		}
		if err != nil {
			tx.rollback(ctx)
			return err
		}
		return tx.commit(ctx)
	})
}

// Query reads inside the transaction.
func (tx *Tx) Query(ctx context.Context, s Statement, read func(pgx.Rows) error, args ...any) error {
	return tx.send(ctx, s, func(ctx context.Context) error { return query(ctx, tx.conn, s, read, args) })
}

// Exec changes rows and tells how many.
func (tx *Tx) Exec(ctx context.Context, s Statement, args ...any) (int64, error) {
	var changed int64
	err := tx.send(ctx, s, func(ctx context.Context) error {
		tag, err := tx.conn.Exec(ctx, s.SQL, args...)
		changed = tag.RowsAffected()
		return err
	})
	return changed, err
}

// control begins or ends the transaction.
func (tx *Tx) control(ctx context.Context, s Statement) error {
	_, err := tx.Exec(ctx, s)
	return err
}

func (tx *Tx) commit(ctx context.Context) error {
	err := tx.control(ctx, commit)
	failed, ok := errors.AsType[*failure](err)
	if !ok || failed.serialization() || pgconn.SafeToRetry(failed.err) {
		return err
	}
	failed.again = false
	if tx.conn.IsClosed() {
		failed.kind = "commit_unknown" // sent, and the answer never came: it may have happened
	}
	return err
}

// rollback is not waited for when the connection is lost: then PostgreSQL does it by itself. It is done for a client
// that has gone too, since the next request wants the connection.
func (tx *Tx) rollback(ctx context.Context) {
	if !tx.conn.IsClosed() {
		_ = tx.control(context.WithoutCancel(ctx), rollback) // a connection that fails here is not used again
	}
}

// send makes one span of a statement inside the span of the transaction's attempt.
func (tx *Tx) send(ctx context.Context, s Statement, do func(context.Context) error) error {
	ctx, span := tx.client.start(ctx, s, tx.attempt)
	defer span.End()
	err := tx.client.send(ctx, tx.conn, s, do)
	if failed, ok := errors.AsType[*failure](err); ok {
		failed.mark(span)
		if tx.failed == nil {
			tx.failed = failed
		}
	}
	return err
}
