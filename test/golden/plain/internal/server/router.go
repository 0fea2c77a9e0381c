package server

import (
	"net/http"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

// mount returns the handler of all routes, each observed under its pattern.
func mount(table []Route, observe *telemetry.Middleware) http.Handler {
	mux, unknown := http.NewServeMux(), newUnmatched(table, observe)
	for _, route := range table {
		mux.Handle(route.Pattern, limitBody(route, observe.Route(route.Pattern, route.Handler)))
	}
	mux.Handle("/", unknown)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unknown.redirects(r) {
			unknown.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
