// Package retry says how often a client of this service tries again: the same for all of them, so that no dependency
// that is down gets much more load than usual. What may be tried again is each client's own knowledge.
package retry

import (
	"context"
	"sync"
	"time"
)

// MaxAttempts of one operation: https://sre.google/sre-book/handling-overload/ ("per-request retry budget").
const MaxAttempts = 3

const minBackoff = 20 * time.Millisecond

// Backoff bounds the wait before the attempt after this one, which is random so that callers do not march in step.
func Backoff(attempt int) time.Duration { return minBackoff << attempt }

// OperationsPerRetry of a usual budget: a dependency that is down gets 1.2 times the usual load and not MaxAttempts
// times as much.
const OperationsPerRetry = 5

// burst is how many retries may be made at once, also by a client that has just begun.
const burst = 10

// Budget keeps retries to a share of recent operations: https://sre.google/sre-book/handling-overload/ ("per-client
// retry budget"). It is a bucket: each operation puts in a part of a retry, each retry takes one out, and what does
// not fit is lost.
type Budget struct {
	partsPerRetry int

	mu    sync.Mutex
	parts int
}

// NewBudget makes a full budget that gives one retry for so many operations.
func NewBudget(operationsPerRetry int) *Budget {
	return &Budget{partsPerRetry: operationsPerRetry, parts: burst * operationsPerRetry}
}

// Deposit is called once by each operation.
func (b *Budget) Deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts = min(burst*b.partsPerRetry, b.parts+1)
}

// Pause waits before another attempt. It is false when there will be none: ctx would end first, or the budget is
// used up.
func (b *Budget) Pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait || !b.withdraw() {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}

func (b *Budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.parts < b.partsPerRetry {
		return false
	}
	b.parts -= b.partsPerRetry
	return true
}
