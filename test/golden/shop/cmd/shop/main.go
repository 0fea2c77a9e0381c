// Command shop is the service. Without arguments it serves; with the name of a command it does that and ends: see run.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"example.com/shop/internal/cache"
	"example.com/shop/internal/database"
	"example.com/shop/internal/httpclient"
	"example.com/shop/internal/orders"
	"example.com/shop/internal/products"
	"example.com/shop/internal/server"
	"example.com/shop/internal/telemetry"
)

// Set by the build: -ldflags "-X main.version=1.2.3 -X main.revision=0a1b2c3"
var version, revision string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on serve says what a signal does
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run is the whole program; serving, it returns when ctx ends and everything has been shut down.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	switch {
	case len(args) == 0:
		return serve(ctx, getenv, stdout)
	case len(args) == 1 && args[0] == "slo": // prints the objectives
		document, err := server.SLO()
		if err != nil {
			return err
		}
		return document.Write(stdout)
	case len(args) == 1 && args[0] == "health": // asks a running instance whether it is ready
		return health(ctx, cmp.Or(getenv("ADMIN_ADDR"), defaultAdminAddr)) // whatever else is wrong
	case len(args) == 1 && args[0] == "migrate": // brings the database's schema up to date
		config, err := parseConfig(getenv)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // for all of it
		defer cancel()
		return database.Migrate(ctx, config.database.Server, stdout)
	}
	return fmt.Errorf("unknown arguments %q: use none to serve, or one of %q", args, []string{
		"slo",
		"health",
		"migrate",
	})
}

func serve(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	// Of ten waits for a lock one is kept for /debug/pprof/mutex, which is empty otherwise; without waits it costs nothing.
	runtime.SetMutexProfileFraction(10)
	config, err := parseConfig(getenv)
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(stdout, config.logFile, config.logLevel)
	if err != nil {
		return err
	}
	defer log.Close()

	version, revision := build()
	tel, err := telemetry.New(ctx, telemetry.Config{
		Service:  server.Name,
		Version:  version,
		Revision: revision,
		Sampling: server.Sampling(),
		Getenv:   getenv,

		SampledAccessLog: config.sampledAccessLog,
		NativeHistograms: config.nativeHistograms,
	}, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := within(flushTimeout, tel.Shutdown); err != nil {
			log.Warn("telemetry not flushed", zap.Error(err)) // a collector that is away is no failure of the service
		}
	}()

	deps := server.Deps{Orders: new(orders.Store), Log: log.Logger}
	deps.Sessions = cache.New(cache.Options{
		Addr: config.redisAddr, PoolSize: config.redisPoolSize, Timeout: config.redisTimeout,
	}, tel)
	defer deps.Sessions.Close()

	config.database.Application = server.Name
	db, err := database.New(config.database, tel)
	if err != nil {
		return err
	}
	defer db.Close()
	deps.Products = products.New(db)

	deps.Shipping = httpclient.New(httpclient.Options{URL: config.shippingURL, Timeout: config.shippingTimeout}, tel)
	defer deps.Shipping.Close()

	var ready atomic.Bool
	admin := server.Limited(server.NewAdmin(tel, &ready))
	admin.WriteTimeout = 2 * time.Minute // profiles take as long as they are asked to
	public := server.Limited(server.New(deps, tel))
	shutdown := graceful(public)

	failed := make(chan error, 2)
	adminAddr, err := start(ctx, admin, "ADMIN_ADDR", config.adminAddr, log, failed)
	if err != nil {
		return err
	}
	defer admin.Close()
	addr, err := start(ctx, public, "ADDR", config.addr, log, failed)
	if err != nil {
		return err
	}
	ready.Store(true)
	log.Info("listening", zap.String("addr", addr), zap.String("admin_addr", adminAddr), zap.String("version", version))

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	ready.Store(false)
	drain(config.drainDelay, log)
	return errors.Join(err, shutdown(shutdownTimeout, shutdownNotice))
}

// start listens and serves in the background; a server that ends by itself reports to failed.
func start(ctx context.Context, s *http.Server, variable, addr string, log *telemetry.Logger, failed chan<- error) (string, error) {
	s.ErrorLog, _ = zap.NewStdLogAt(log.Named("http"), zap.WarnLevel)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("%w (%s sets another address)", err, variable)
	}
	go func() {
		if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return listener.Addr().String(), nil
}

// health is the container's health check: the scratch image has no other program that could ask.
func health(ctx context.Context, adminAddr string) error {
	host, port, err := net.SplitHostPort(adminAddr)
	if err != nil {
		return fmt.Errorf("ADMIN_ADDR=%s: %w", adminAddr, err)
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s answered %s", request.URL, response.Status)
	}
	return nil
}

// build tells version and revision: from the linker, else from what Go stamps into binaries.
func build() (string, string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		if version == "" {
			version = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && revision == "" {
				revision = setting.Value
			}
		}
	}
	return version, revision
}
