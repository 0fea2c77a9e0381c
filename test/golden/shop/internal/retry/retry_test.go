package retry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetriesAreAShareOfTheOperations(t *testing.T) {
	for _, test := range []struct{ operationsPerRetry, retries int }{{5, 20 + burst}, {1, 100}} {
		budget := NewBudget(test.operationsPerRetry)
		retries := 0
		for range 100 {
			budget.Deposit()
			for range MaxAttempts - 1 {
				if budget.Pause(t.Context(), 0) {
					retries++
				}
			}
		}
		if slack := retries - test.retries; slack < -1 || slack > burst {
			t.Errorf("one retry for %d operations: %d retries for 100 that all fail, want about %d", test.operationsPerRetry, retries, test.retries)
		}
	}
}

func TestARestDoesNotSaveUpMoreThanABurst(t *testing.T) {
	budget := NewBudget(OperationsPerRetry)
	for range 1000 {
		budget.Deposit()
	}
	retries := 0
	for budget.Pause(t.Context(), 0) {
		retries++
	}
	if retries != burst {
		t.Errorf("%d retries at once, want %d", retries, burst)
	}
}

func TestAPauseThatHasNoTimeLeftIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewBudget(OperationsPerRetry)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if budget.Pause(ctx, time.Second) || time.Since(start) != 0 || budget.parts != burst*OperationsPerRetry {
			t.Error("a pause as long as the time that is left was begun, or cost a retry")
		}
		if !budget.Pause(ctx, 300*time.Millisecond) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("paused for %v, want 300ms", time.Since(start))
		}
		time.AfterFunc(100*time.Millisecond, cancel)
		if budget.Pause(ctx, 300*time.Millisecond) || time.Since(start) != 400*time.Millisecond {
			t.Errorf("the caller left and the pause ended after %v", time.Since(start))
		}
	})
}
