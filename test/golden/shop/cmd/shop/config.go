package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/database"
	"example.com/shop/internal/server"
	"example.com/shop/internal/telemetry"
)

const defaultAdminAddr = ":8081"

// config is what the environment says; OTEL_* variables are read by the telemetry package and the SDK.
type config struct {
	addr             string
	adminAddr        string
	logFile          string
	logLevel         zapcore.Level
	sampledAccessLog bool
	nativeHistograms bool
	drainDelay       time.Duration // between not ready and the end of listening: load balancers need a moment

	redisAddr     string
	redisPoolSize int
	redisTimeout  time.Duration

	database database.Options

	shippingURL     *url.URL
	shippingTimeout time.Duration
}

// parseConfig reads and checks all variables; its error lists every wrong one.
func parseConfig(getenv func(string) string) (config, error) {
	var problems []error
	c := config{
		addr:             address(getenv, "ADDR", ":8080", &problems),
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
	c.redisAddr = cmp.Or(getenv("REDIS_ADDR"), "localhost:6379")
	if _, _, err = net.SplitHostPort(c.redisAddr); err != nil {
		problems = append(problems, errors.New("REDIS_ADDR: use HOST:PORT, without redis://")) // it may hold a password
	}
	c.redisTimeout = duration(getenv, "REDIS_TIMEOUT", "1s", &problems)
	if c.redisTimeout < time.Millisecond {
		problems = append(problems, errors.New("REDIS_TIMEOUT: use at least 1ms"))
	}
	c.redisPoolSize, err = strconv.Atoi(cmp.Or(getenv("REDIS_POOL_SIZE"), "10"))
	if err != nil || c.redisPoolSize < 1 || c.redisPoolSize > 10_000 {
		problems = append(problems, fmt.Errorf("REDIS_POOL_SIZE=%s: use a number from 1 to 10000", getenv("REDIS_POOL_SIZE")))
	}
	if c.database.Server, err = database.ParseURL(cmp.Or(getenv("DATABASE_URL"), "postgres://shop@localhost:5432/shop")); err != nil {
		problems = append(problems, fmt.Errorf("DATABASE_URL: %w", err))
	}
	c.database.Timeout = duration(getenv, "DATABASE_TIMEOUT", "1s", &problems)
	if c.database.Timeout < time.Millisecond {
		problems = append(problems, errors.New("DATABASE_TIMEOUT: use at least 1ms"))
	}
	databasePoolSize, err := strconv.ParseInt(cmp.Or(getenv("DATABASE_POOL_SIZE"), "10"), 10, 32)
	if err != nil || databasePoolSize < 1 || databasePoolSize > 10_000 {
		problems = append(problems, fmt.Errorf("DATABASE_POOL_SIZE=%s: use a number from 1 to 10000", getenv("DATABASE_POOL_SIZE")))
	}
	c.database.PoolSize = int32(databasePoolSize)
	c.shippingTimeout = duration(getenv, "SHIPPING_TIMEOUT", "1s", &problems)
	if c.shippingTimeout < time.Millisecond {
		problems = append(problems, errors.New("SHIPPING_TIMEOUT: use at least 1ms"))
	}
	if c.shippingURL, err = url.Parse(cmp.Or(getenv("SHIPPING_URL"), "http://localhost:8082")); err != nil || !isURL(c.shippingURL.String()) {
		problems = append(problems, errors.New("SHIPPING_URL: use an address such as http://localhost:8082")) // it may hold a password
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
