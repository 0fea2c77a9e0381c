package server

import (
	"net/http"
	"time"

	"github.com/Acme/order-api/v2/internal/slo"
	"github.com/Acme/order-api/v2/internal/telemetry"
)

// service is what all objectives below share.
var service = slo.Service{
	Name:    Name,
	Owner:   "team-order-api",
	Runbook: "https://example.com/runbooks/order-api",
	Window:  "30d",
}

// Name is the service's name in traces, logs and rules.
const Name = "order-api"

// Route is one line of the API.
type Route struct {
	Pattern   string // of http.ServeMux; also names the route in traces, metrics and logs
	Handler   http.Handler
	Objective slo.Objective      // slo.None says that there is none on purpose
	Sampling  telemetry.Sampling // which share of its traces is stored
}

// routes is the whole API. After a change of an objective: go run -tags grpcnotrace ./cmd/order-api slo > slo.json
func routes(d Deps) []Route {
	return []Route{
		{"GET /orders/{id}", getOrder(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 100 * time.Millisecond}, telemetry.Default},
		{"POST /orders", createOrder(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 250 * time.Millisecond}, telemetry.Default},
		{"POST /payment/{id}/capture", capturePayment(d), slo.Objective{Availability: 0.9995, Latency: 0.99, Threshold: 500 * time.Millisecond}, telemetry.Always},
	}
}
