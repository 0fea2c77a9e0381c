//go-sre:begin template

//go:build gin

//go-sre:end

package server

import (
	"fmt"
	"strings"
	"testing"

	"example.com/shop/internal/telemetry"
)

func TestAPatternThatServeMuxHoldsAndGinDoesNotIsToldAtStart(t *testing.T) {
	for _, test := range []struct{ pattern, why string }{
		{"GET /orders/{key}/lines", "id"},
		{"GET /{anything...}", "conflict"},
		{"GET example.com/orders", "METHOD /path"},
		{"/healthz", "METHOD /path"},
		{"POST /books:publish", "wildcard"},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			defer func() {
				told := fmt.Sprint(recover())
				if !strings.Contains(told, test.pattern) || !strings.Contains(told, test.why) {
					t.Errorf("told %q", told)
				}
			}()
			table := []Route{{Pattern: "GET /orders/{id}", Handler: echo()}, {Pattern: test.pattern, Handler: echo()}}
			mount(table, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil)))
		})
	}
}
