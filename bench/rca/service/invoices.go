package server

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

type invoice struct {
	Customer   string `json:"customer"`
	TotalCents int    `json:"total_cents"`
}

// largest is the customer with the most lines, for whom the sum takes long once they are no longer cached.
const largest = "acme"

// getInvoice answers what a customer owes.
func getInvoice(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		customer := r.PathValue("customer")
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("app.customer", customer))
		if customer == largest && isOn("invoice-lines") {
			time.Sleep(300 * time.Millisecond)
		}
		reply(w, http.StatusOK, invoice{Customer: customer, TotalCents: 100 * len(customer)})
	})
}
