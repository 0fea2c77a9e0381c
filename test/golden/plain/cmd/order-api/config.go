package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/Acme/order-api/v2/internal/server"
	"github.com/Acme/order-api/v2/internal/telemetry"
)

const defaultAdminAddr = ":9001"

// config is what the environment says; OTEL_* variables are read by the telemetry package and the SDK.
type config struct {
	addr             string
	adminAddr        string
	logFile          string
	logLevel         zapcore.Level
	sampledAccessLog bool
	nativeHistograms bool
	drainDelay       time.Duration // between not ready and the end of listening: load balancers need a moment
}

// parseConfig reads and checks all variables; its error lists every wrong one.
func parseConfig(getenv func(string) string) (config, error) {
	var problems []error
	c := config{
		addr:             address(getenv, "ADDR", ":9000", &problems),
		adminAddr:        address(getenv, "ADMIN_ADDR", defaultAdminAddr, &problems),
		logFile:          getenv("LOG_FILE"),
		sampledAccessLog: choice(getenv, "ACCESS_LOG", "all", "sampled", &problems),
		nativeHistograms: choice(getenv, "NATIVE_HISTOGRAMS", "false", "true", &problems),
		drainDelay:       duration(getenv, "DRAIN_DELAY", "0s", &problems),
	}
	problems = append(append(problems, checkOTel(getenv)...), telemetry.CheckSampling(server.Sampling(), getenv))
	var err error
	if c.logLevel, err = zapcore.ParseLevel(cmp.Or(getenv("LOG_LEVEL"), "info")); err != nil {
		problems = append(problems, fmt.Errorf("LOG_LEVEL=%s: use debug, info, warn or error", getenv("LOG_LEVEL")))
	}
	return c, errors.Join(problems...)
}

// choice says whether a variable has its second value; it may also be empty or the first.
func choice(getenv func(string) string, name, first, second string, problems *[]error) bool {
	value := cmp.Or(getenv(name), first)
	if value != first && value != second {
		*problems = append(*problems, fmt.Errorf("%s=%s: use %s or %s", name, value, first, second))
	}
	return value == second
}

func address(getenv func(string) string, name, fallback string, problems *[]error) string {
	value := cmp.Or(getenv(name), fallback)
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = net.LookupPort("tcp", port) //nolint:noctx // reads a table, asks no network
	}
	if err != nil || port == "" {
		*problems = append(*problems, fmt.Errorf("%s=%s: use HOST:PORT or :PORT", name, value))
	}
	return value
}

func duration(getenv func(string) string, name, fallback string, problems *[]error) time.Duration {
	value := cmp.Or(getenv(name), fallback)
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		*problems = append(*problems, fmt.Errorf("%s=%s: use a duration such as 5s or 250ms", name, value))
	}
	return d
}
