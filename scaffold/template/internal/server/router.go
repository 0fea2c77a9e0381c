//go-sre:begin template

//go:build !gin

//go-sre:end

package server

import (
	"net/http"
	"path"
	"regexp"
	"strings"

	"example.com/shop/internal/telemetry"
)

// mount returns the handler of all routes, each observed under its pattern.
func mount(table []Route, observe *telemetry.Middleware) http.Handler {
	known, mux := http.NewServeMux(), http.NewServeMux()
	for _, route := range table {
		known.Handle(route.Pattern, route.Handler)
		mux.Handle(route.Pattern, observe.Route(route.Pattern, route.Handler))
	}
	// What matches no route is answered as ServeMux would (404, 405 with Allow, a redirect to the path with a
	// slash or to the clean path), and observed.
	unknown := observe.Unknown(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, _ := known.Handler(r)
		problems(answer).ServeHTTP(w, r)
	}))
	mux.Handle("/", unknown)
	for _, pattern := range redirects(table) {
		mux.Handle(pattern, unknown)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isClean(r.URL.EscapedPath()) {
			unknown.ServeHTTP(w, r) // ServeMux redirects these before any handler would see them
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var (
	subtree  = regexp.MustCompile(`/(\{\w+\.\.\.\})?$`)
	wildcard = regexp.MustCompile(`\{\w+\}`)
)

// redirects lists the patterns that ServeMux answers by itself: /tree, where the table has /tree/ only.
func redirects(table []Route) []string {
	taken := make(map[string]bool)
	shape := func(pattern string) string { return wildcard.ReplaceAllString(pattern, "{}") }
	for _, route := range table {
		taken[shape(route.Pattern)] = true
	}
	var found []string
	for _, route := range table {
		pattern := subtree.ReplaceAllString(route.Pattern, "")
		if strings.Contains(pattern, "/") && !taken[shape(pattern)] {
			taken[shape(pattern)] = true
			found = append(found, pattern)
		}
	}
	return found
}

func isClean(p string) bool {
	return p == path.Clean(p) || strings.HasSuffix(p, "/") && p == path.Clean(p)+"/"
}
