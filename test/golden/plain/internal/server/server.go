// Package server is the HTTP side of the service: the table of routes and their handlers.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/Acme/order-api/v2/internal/orders"
	"github.com/Acme/order-api/v2/internal/slo"
	"github.com/Acme/order-api/v2/internal/telemetry"
)

// Deps is what the handlers work with.
type Deps struct {
	Orders *orders.Store
	Log    *zap.Logger
}

// New returns the handler of the public port: every route of the table, each observed.
func New(deps Deps, tel *telemetry.Telemetry) http.Handler {
	table := routes(deps)
	var thresholds []time.Duration
	for _, route := range table {
		if route.Objective.Threshold > 0 {
			thresholds = append(thresholds, route.Objective.Threshold)
		}
	}
	observe := telemetry.NewMiddleware(tel, telemetry.Buckets(thresholds))
	observe.Timeout = requestTimeout
	return mount(table, observe)
}

// SLO is the document that `order-api slo` prints.
func SLO() (slo.Document, error) {
	var promises []slo.Route
	for _, route := range routes(Deps{}) {
		promises = append(promises, slo.Route{Pattern: route.Pattern, Objective: route.Objective})
	}
	return slo.NewDocument(service, promises)
}

// Sampling is the table's column for telemetry.Config.
func Sampling() map[string]telemetry.Sampling {
	byPattern := make(map[string]telemetry.Sampling)
	for _, route := range routes(Deps{}) {
		byPattern[route.Pattern] = route.Sampling
	}
	return byPattern
}

const (
	// requestTimeout ends a request's context; what is left until writeTimeout is for answering 504. It is one bound
	// for all routes: how long a route should take is its objective, and how long it waits for others is theirs.
	requestTimeout = 25 * time.Second
	writeTimeout   = 30 * time.Second // cuts the connection
)

// Limited is a server with limits against slow and oversized requests.
func Limited(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the client has gone
}

// statusClientGone is what nginx logs when the client left before the answer: no failure of ours.
const statusClientGone = telemetry.StatusClientGone

// fail answers with the status of the error; unknown errors are ours and go to the log, not to the client.
func fail(w http.ResponseWriter, r *http.Request, log *zap.Logger, err error) {
	var tooLarge *http.MaxBytesError
	status := http.StatusInternalServerError
	switch {
	case errors.Is(context.Cause(r.Context()), telemetry.ErrShutdown):
		status = http.StatusServiceUnavailable
	case errors.Is(r.Context().Err(), context.Canceled):
		status = statusClientGone
	case errors.Is(err, context.DeadlineExceeded), r.Context().Err() != nil:
		status = http.StatusGatewayTimeout
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, orders.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, orders.ErrInvalid):
		status = http.StatusBadRequest
	case errors.Is(err, orders.ErrPaid):
		status = http.StatusConflict
	}
	message := err.Error()
	if status >= http.StatusInternalServerError {
		log.Error("request failed", zap.Error(err), telemetry.TraceIDs(r.Context()))
		message = http.StatusText(status)
	}
	reply(w, status, problem{message})
}
