package telemetry

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap/zapcore"
)

func TestAnExemplarIsMadeForTheBucketsThatHaveNoneOfThisMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sdktrace.AlwaysSample(), zapcore.InfoLevel)
		route := b.Route("GET /orders/{id}", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Slow") != "" {
				time.Sleep(time.Second)
			}
		}))
		shown := func(id string) {
			t.Helper()
			if !strings.Contains(b.metrics(), `trace_id="`+id+`"`) {
				t.Errorf("no exemplar of %s", id)
			}
		}
		get := func(id string, more ...string) {
			b.get(route, append(more, "traceparent", "00-"+id+"-00f067aa0ba902b7-01")...)
		}
		first, second, third := strings.Repeat("1", 32), strings.Repeat("2", 32), strings.Repeat("3", 32)
		get(first)
		get(second) // in the same moment
		shown(first)
		get(third, "slow", "yes") // another bucket
		shown(first)
		shown(third)
		get(second) // a second later
		shown(second)
		shown(third)
	})
}
