package server

import (
	"context"
	"io"
	"testing"

	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/telemetry"
)

// newTelemetry sends nothing and discards its log.
func newTelemetry(t testing.TB) *telemetry.Telemetry {
	log, err := telemetry.NewLogger(io.Discard, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	disabled := func(key string) string { return map[string]string{"OTEL_SDK_DISABLED": "true"}[key] }
	tel, err := telemetry.New(context.Background(), telemetry.Config{Service: Name, Sampling: Sampling(), Getenv: disabled}, log)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}
