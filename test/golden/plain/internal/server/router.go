package server

import (
	"net/http"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

// mount returns the handler of all routes, each observed under its pattern.
func mount(table []Route, observe *telemetry.Middleware) http.Handler {
	mux, unknown := http.NewServeMux(), unmatched(table, observe)
	for _, route := range table {
		mux.Handle(route.Pattern, observe.Route(route.Pattern, route.Handler))
	}
	mux.Handle("/", unknown)
	for _, pattern := range redirects(table) {
		mux.Handle(pattern, unknown)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isClean(r.URL) {
			unknown.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
