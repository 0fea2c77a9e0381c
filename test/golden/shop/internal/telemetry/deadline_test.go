package telemetry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestADeadlineEndsTheContextAndWhatIsDerivedFromIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadline{Context: t.Context(), start: time.Now(), limit: time.Second}
		defer d.stop()
		child, cancel := context.WithTimeout(d, time.Minute)
		defer cancel()
		if d.Err() != nil || child.Err() != nil {
			t.Error("ended before its time")
		}
		<-child.Done()
		if !errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(d.Err(), context.DeadlineExceeded) {
			t.Errorf("child %v, context %v", child.Err(), d.Err())
		}
		d.move(time.Now().Add(time.Hour))
		if d.Err() == nil {
			t.Error("what had ended goes on")
		}
	})
}

func TestADeadlineThatIsMovedHoldsForLaterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, leave := context.WithCancel(t.Context())
		d := &deadline{Context: parent, start: time.Now(), limit: time.Second}
		defer d.stop()
		<-waitFor(d, time.Millisecond)    // a call to another service
		d.move(time.Now().Add(time.Hour)) // a stream begins
		time.Sleep(time.Minute)
		if at, _ := d.Deadline(); d.Err() != nil || time.Until(at) < 50*time.Minute {
			t.Errorf("ended by %v; deadline %v", d.Err(), at)
		}
		leave()
		<-d.Done()
		if !errors.Is(d.Err(), context.Canceled) {
			t.Errorf("the client has gone, and the context says %v", d.Err())
		}
	})
}

func waitFor(ctx context.Context, limit time.Duration) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, limit)
	context.AfterFunc(ctx, cancel)
	return ctx.Done()
}

func TestNoDeadlineIsThatOfTheServer(t *testing.T) {
	d := &deadline{Context: t.Context()}
	if _, bound := d.Deadline(); bound || d.Done() != t.Context().Done() || d.exceeded() {
		t.Error("there is a bound that nobody set")
	}
}

func TestADeadlineThatIsMovedWithEachMessageKeepsNoTimerThatHasFired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadline{Context: t.Context(), start: time.Now()}
		defer d.stop()
		for range 10_000 {
			d.move(time.Now().Add(10 * time.Millisecond))
			<-waitFor(d, time.Millisecond)
		}
		if len(d.timers) > 100 {
			t.Errorf("%d timers are kept", len(d.timers))
		}
	})
}
