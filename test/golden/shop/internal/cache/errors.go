package cache

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// retryable errors are those of the way to Redis; its answers and a client that has gone are final.
func retryable(ctx context.Context, err error) bool {
	var answer redis.Error
	return ctx.Err() == nil && (errors.Is(err, redis.ErrPoolTimeout) || !errors.As(err, &answer))
}

// errorType is the low-cardinality kind of a failed attempt.
func errorType(err error) string {
	var dialled *dial
	var network net.Error
	var answer redis.Error
	timeout := errors.As(err, &network) && network.Timeout()
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, redis.ErrPoolTimeout):
		return "pool_timeout"
	case errors.As(err, &dialled) && timeout:
		return "dial_timeout"
	case errors.As(err, &dialled):
		return "dial_error"
	case errors.Is(err, context.DeadlineExceeded), timeout:
		return "timeout"
	case errors.As(err, &answer):
		return "error_reply"
	}
	return "connection_error"
}
