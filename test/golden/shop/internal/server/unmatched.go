package server

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"example.com/shop/internal/telemetry"
)

// unmatched answers what matches no route as ServeMux would (404, 405 with Allow, a redirect to the path with a slash
// or to the clean path), and observes it.
type unmatched struct {
	http.Handler
	known    *http.ServeMux // the table's patterns, and nothing else
	subtrees bool           // the table has a /tree/, to which ServeMux redirects /tree
}

// known stands for a route in unmatched.known: every other handler that ServeMux names there is its own.
type known struct{ http.Handler }

var subtree = regexp.MustCompile(`[^ ]/(\{\w+\.\.\.\}|\{\$\})?$`)

func newUnmatched(table []Route, observe *telemetry.Middleware) *unmatched {
	u := &unmatched{known: http.NewServeMux()}
	for _, route := range table {
		u.known.Handle(route.Pattern, known{route.Handler})
		u.subtrees = u.subtrees || subtree.MatchString(route.Pattern)
	}
	u.Handler = observe.Unknown(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, _ := u.known.Handler(r)
		problems(answer).ServeHTTP(w, r)
	}))
	return u
}

// redirects tells whether ServeMux answers the request by itself, before a handler would see and observe it. Only a
// table with a subtree needs to be asked, and then for each request: which route wins is not to be told from a pattern.
func (u *unmatched) redirects(r *http.Request) bool {
	if !isClean(r.URL) {
		return true
	}
	if !u.subtrees || strings.HasSuffix(r.URL.Path, "/") {
		return false
	}
	handler, pattern := u.known.Handler(r)
	_, isRoute := handler.(known)
	return !isRoute && pattern != "" // 404 and 405 have none
}

// isClean tells whether ServeMux takes the path as it is; it redirects any other before a handler would see it.
func isClean(url *url.URL) bool {
	if strings.HasPrefix(url.Path, "/") && !strings.Contains(url.Path, "//") && !strings.Contains(url.Path, "/.") {
		return true // nearly every path, told by a look
	}
	p := url.EscapedPath()
	return p == path.Clean(p) || strings.HasSuffix(p, "/") && p == path.Clean(p)+"/"
}
