package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// failure is a failed attempt or statement: its kind for telemetry, and whether the attempt may be made again.
type failure struct {
	err      error
	kind     string // error.type: the SQLSTATE that PostgreSQL answered, else a word
	sqlState string // empty when PostgreSQL did not answer
	in       string // name of the statement; empty when none was sent
	again    bool
	public   error // ErrUnavailable, ErrTimeout or nil
}

// Error is one line. pgx tells each address it tried on a line of its own, the same one with and without TLS.
func (f *failure) Error() string {
	var causes []string
	for line := range strings.Lines(f.err.Error()) {
		if cause := strings.TrimSpace(line); !slices.Contains(causes, cause) {
			causes = append(causes, cause)
		}
	}
	return strings.Join(causes, " ")
}

func (f *failure) Unwrap() error        { return f.err }
func (f *failure) Is(target error) bool { return target == f.public }

// serialization says that PostgreSQL undid the transaction in favour of another one.
// https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
func (f *failure) serialization() bool { return f.sqlState == "40001" || f.sqlState == "40P01" }

// failedStatement is for errors of a connection that was had; closed says that it was lost. What ran on it was a read,
// or a transaction that was not to be committed yet, so either may be done again.
func failedStatement(ctx context.Context, err error, closed bool) *failure {
	answer, isAnswer := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{err: err, kind: "canceled"}
	case isAnswer:
		return answered(err, answer.Code)
	case ctx.Err() != nil:
		return &failure{err: err, kind: "timeout", public: ErrTimeout}
	case closed:
		return &failure{err: err, kind: "connection_error", again: true, public: ErrUnavailable}
	}
	return &failure{err: err, kind: semconv.ErrorTypeOther.Value.AsString()} // a value that does not fit, and the like
}

// answered sorts what PostgreSQL says: https://www.postgresql.org/docs/current/errcodes-appendix.html
func answered(err error, sqlState string) *failure {
	f := &failure{err: err, kind: sqlState, sqlState: sqlState}
	switch {
	case f.serialization(),
		sqlState == "57P01", sqlState == "57P02", sqlState == "57P03", // shuts down, crashed, starts up
		strings.HasPrefix(sqlState, "53"): // no connection, memory or disk left
		f.again, f.public = true, ErrUnavailable
	case sqlState == "57014", sqlState == "55P03": // statement_timeout, lock_timeout
		f.public = ErrTimeout
	}
	return f
}

// failedConnect is for errors of the way to a connection: no statement was sent.
func failedConnect(ctx context.Context, err error, connecting bool) *failure {
	answer, isAnswer := errors.AsType[*pgconn.PgError](err)
	timeout := ctx.Err() != nil || pgconn.Timeout(err)
	f := &failure{err: err, kind: "dial_error", again: true, public: ErrUnavailable}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{err: err, kind: "canceled"}
	case isAnswer:
		f = answered(err, answer.Code) // a wrong password stays wrong
		f.public = ErrUnavailable
	case timeout && !connecting:
		return poolTimeout(fmt.Errorf("the connections of the pool are all being made or closed: %w", err))
	case timeout:
		f.err, f.kind = fmt.Errorf("connecting: %w", err), "dial_timeout"
	}
	return f
}

// poolTimeout is not made again: to wait once more would only make the queue longer.
func poolTimeout(err error) *failure {
	return &failure{err: err, kind: "pool_timeout", public: ErrUnavailable}
}
