package server

import (
	"net/http"
	"time"

	"example.com/shop/internal/slo"
	"example.com/shop/internal/telemetry"
)

// service is what all objectives below share.
var service = slo.Service{
	Name:    Name,
	Owner:   "team-shop",
	Runbook: "https://example.com/runbooks/shop",
	Window:  "30d",
}

// Name is the service's name in traces, logs and rules.
const Name = "shop"

// Route is one line of the API.
type Route struct {
	Pattern   string // of http.ServeMux; also names the route in traces, metrics and logs
	Handler   http.Handler
	Objective slo.Objective      // slo.None says that there is none on purpose
	Sampling  telemetry.Sampling // which share of its traces is stored
}

// routes is the whole API. After a change of an objective: go run -tags grpcnotrace ./cmd/shop slo > slo.json
func routes(d Deps) []Route {
	return []Route{
		{"GET /orders/{id}", getOrder(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 100 * time.Millisecond}, telemetry.Default},
		{"POST /orders", createOrder(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 250 * time.Millisecond}, telemetry.Default},
		{"GET /api/v2/verify", verifySession(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 300 * time.Millisecond}, telemetry.Default},
		{"GET /products/{sku}", getProduct(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 100 * time.Millisecond}, telemetry.Default},
		{"PUT /products/{sku}", putProduct(d), slo.Objective{Availability: 0.999, Latency: 0.99, Threshold: 250 * time.Millisecond}, telemetry.Default},
		{"GET /shipping/{zip}", quoteShipping(d), slo.Objective{Availability: 0.99, Latency: 0.95, Threshold: 500 * time.Millisecond}, telemetry.Default},
		{"POST /payment/{id}/capture", capturePayment(d), slo.Objective{Availability: 0.9995, Latency: 0.99, Threshold: 500 * time.Millisecond}, telemetry.Always},
	}
}
