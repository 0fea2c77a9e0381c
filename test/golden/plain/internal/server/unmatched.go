package server

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

// unmatched answers what matches no route as ServeMux would (404, 405 with Allow, a redirect to the path with a slash
// or to the clean path), and observes it.
func unmatched(table []Route, observe *telemetry.Middleware) http.Handler {
	known := http.NewServeMux()
	for _, route := range table {
		known.Handle(route.Pattern, route.Handler)
	}
	return observe.Unknown(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, _ := known.Handler(r)
		problems(answer).ServeHTTP(w, r)
	}))
}

var (
	subtree  = regexp.MustCompile(`/(\{\w+\.\.\.\}|\{\$\})?$`)
	wildcard = regexp.MustCompile(`\{\w+\}`)
)

// redirects lists the patterns that ServeMux answers by itself, unobserved: /tree, where the table has /tree/ only.
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

// isClean tells whether ServeMux takes the path as it is; it redirects any other before a handler would see it.
func isClean(url *url.URL) bool {
	if strings.HasPrefix(url.Path, "/") && !strings.Contains(url.Path, "//") && !strings.Contains(url.Path, "/.") {
		return true // nearly every path, told by a look
	}
	p := url.EscapedPath()
	return p == path.Clean(p) || strings.HasSuffix(p, "/") && p == path.Clean(p)+"/"
}
