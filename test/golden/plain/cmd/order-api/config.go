package main

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"
)

// config is what the environment says; OTEL_* variables are read by the telemetry package and the SDK.
type config struct {
	addr       string
	adminAddr  string
	logFile    string
	logLevel   zapcore.Level
	drainDelay time.Duration // between not ready and the end of listening: load balancers need a moment
}

// parseConfig reads and checks all variables; its error lists every wrong one.
func parseConfig(getenv func(string) string) (config, error) {
	var problems []error
	c := config{
		addr:       or(getenv("ADDR"), ":9000"),
		adminAddr:  or(getenv("ADMIN_ADDR"), ":9001"),
		logFile:    getenv("LOG_FILE"),
		drainDelay: duration(getenv, "DRAIN_DELAY", "0s", &problems),
	}
	var err error
	if c.logLevel, err = zapcore.ParseLevel(or(getenv("LOG_LEVEL"), "info")); err != nil {
		problems = append(problems, fmt.Errorf("LOG_LEVEL=%s: use debug, info, warn or error", getenv("LOG_LEVEL")))
	}
	return c, errors.Join(problems...)
}

func duration(getenv func(string) string, name, fallback string, problems *[]error) time.Duration {
	value := or(getenv(name), fallback)
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		*problems = append(*problems, fmt.Errorf("%s=%s: use a duration such as 5s or 250ms", name, value))
	}
	return d
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
