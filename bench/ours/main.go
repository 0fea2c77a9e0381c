// The emitted service's own handler under the driver. The bench puts this file into an emitted service, because
// packages below internal/ can be imported from nowhere else.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.uber.org/zap/zapcore"

	"example.com/bench/driver"

	"example.com/shop/internal/orders"
	"example.com/shop/internal/server"
	"example.com/shop/internal/telemetry"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run reads ACCESS_LOG ("sampled": lines of sampled traces only), KEEP_FAILURES ("true": on every route), LOG_FILE
// and the OTEL_* variables.
func run(ctx context.Context, getenv func(string) string) error {
	logFile, err := os.OpenFile(getenv("LOG_FILE"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(logFile, "", zapcore.InfoLevel)
	if err != nil {
		return err
	}
	sampling := server.Sampling()
	if getenv("KEEP_FAILURES") == "true" {
		for pattern, rule := range sampling {
			sampling[pattern] = rule.KeepFailed()
		}
	}
	tel, err := telemetry.New(ctx, telemetry.Config{
		Service: server.Name, Version: "dev", Sampling: sampling, Getenv: getenv,
		SampledAccessLog: getenv("ACCESS_LOG") == "sampled",
	}, log)
	if err != nil {
		return err
	}
	store := new(orders.Store)
	for range 100 {
		if _, err := store.Create("tea", 2); err != nil {
			return err
		}
	}
	stack := driver.Stack{
		Handler: server.New(server.Deps{Orders: store, Log: log.Logger}, tel),
		Metrics: promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true, Registry: tel.Registry}),
	}
	if provider, ok := otel.GetTracerProvider().(interface{ ForceFlush(context.Context) error }); ok {
		stack.Flush = provider.ForceFlush
	}
	return driver.Serve(stack)
}
