package httpclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnlyRequestsThatMayArriveTwiceAreSentAgain(t *testing.T) {
	for _, test := range []struct {
		name, method string
		header       []string
		status       int
		attempts     int
	}{
		{"a GET", "GET", nil, 503, 3},
		{"a PUT with its body", "PUT", nil, 502, 3},
		{"a DELETE", "DELETE", nil, 504, 3},
		{"a POST is not", "POST", nil, 503, 1},
		{"a POST with a key is", "POST", []string{"Idempotency-Key", "order-7"}, 429, 3},
		{"a failure that another attempt repeats is not", "GET", nil, 500, 1},
		{"an answer is not", "GET", nil, 404, 1},
		{"a redirect is an answer", "GET", []string{"X-Location", "/elsewhere"}, 302, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies []string
				options, _ := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					bodies = append(bodies, string(body))
					w.Header().Set("Location", r.Header.Get("X-Location"))
					w.WriteHeader(test.status)
				})
				b := newBench(t, address, options)
				response, err := b.do(t, t.Context(), test.method, "/", "the body", test.header...)
				if err != nil || response.StatusCode != test.status {
					t.Fatalf("%v, %v; want the last answer, %d", response, err, test.status)
				}
				if want := slices.Repeat([]string{"the body"}, test.attempts); !slices.Equal(bodies, want) {
					t.Errorf("arrived: %q, want %q", bodies, want)
				}
			})
		})
	}
}

func TestABodyThatCannotBeRewoundIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrived := 0
		options, _ := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { arrived++; w.WriteHeader(503) })
		b := newBench(t, address, options)
		request, _ := b.NewRequest(t.Context(), "PUT", "/", io.MultiReader(strings.NewReader("once")))
		if _, err := b.Do(request); err != nil || arrived != 1 {
			t.Errorf("%d requests, %v; want 1", arrived, err)
		}
	})
}

func TestRetryAfterIsKeptWithinTheTimeBudget(t *testing.T) {
	for _, test := range []struct {
		name, retryAfter string
		status           int
		arrivals         []time.Duration
	}{
		{"seconds", "1", 503, []time.Duration{0, time.Second, 2 * time.Second}},
		{"a date", "Sat, 01 Jan 2000 00:00:02 GMT", 429, []time.Duration{0, 2 * time.Second, 2 * time.Second}},
		{"a date in the past", "Fri, 31 Dec 1999 00:00:00 GMT", 429, []time.Duration{0, 0, 0}},
		{"more than the budget", "3", 503, []time.Duration{0}},
		{"nonsense", "-1", 503, []time.Duration{0, 0, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock begins at the year 2000
				start := time.Now()
				var arrivals []time.Duration
				options, _ := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
					arrivals = append(arrivals, time.Since(start))
					w.Header().Set("Retry-After", test.retryAfter)
					w.WriteHeader(test.status)
				})
				b := newBench(t, address, options)
				if response, err := b.do(t, t.Context(), "GET", "/", ""); err != nil || response.StatusCode != test.status {
					t.Fatalf("%v, %v", response, err)
				}
				if !slices.Equal(arrivals, test.arrivals) {
					t.Errorf("the requests arrived at %v, want %v", arrivals, test.arrivals)
				}
			})
		})
	}
}

func TestTheWaitBetweenAttemptsIsRandomAndGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options, _ := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
		b := newBench(t, address, options)
		var limits []time.Duration
		b.jitter = func(limit time.Duration) time.Duration { limits = append(limits, limit); return limit }
		start := time.Now()
		_, _ = b.do(t, t.Context(), "GET", "/", "")
		if want := []time.Duration{40 * time.Millisecond, 80 * time.Millisecond}; !slices.Equal(limits, want) || time.Since(start) != 120*time.Millisecond {
			t.Errorf("waits up to %v took %v, want up to %v", limits, time.Since(start), want)
		}
	})
}

func TestADeadUpstreamGetsAFifthMoreRequestsAndNotThreeTimesAsMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrived := 0
		options, _ := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { arrived++; w.WriteHeader(503) })
		b := newBench(t, address, options)
		const operations = 200
		for range operations {
			_, _ = b.do(t, t.Context(), "GET", "/", "")
		}
		retries := b.value(t, "http_client_retries_total", "upstream")
		if arrived != operations+int(retries) || retries > operations/5+10 || retries < operations/5 {
			t.Errorf("%d requests and %v retries for %d operations", arrived, retries, operations)
		}
	})
}

func TestOneTimeBudgetCoversAttemptsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options, _ := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		b := newBench(t, address, options)
		b.jitter = func(time.Duration) time.Duration { return 300 * time.Millisecond }
		start := time.Now()
		_, err := b.do(t, t.Context(), "GET", "/", "")
		if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v, want a deadline after 3s", err, took)
		}
	})
}
