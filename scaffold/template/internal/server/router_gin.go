//go-sre:begin template

//go:build gin

//go-sre:end

package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"example.com/shop/internal/telemetry"
)

// mount returns the handler of all routes, each observed under its pattern. gin finds the routes; ServeMux, which
// knows the same patterns, answers what gin does not find.
func mount(table []Route, observe *telemetry.Middleware) http.Handler {
	gin.SetMode(gin.ReleaseMode) // it prints nothing of its own
	engine := gin.New()          // no logger, no recovery: the middleware does both
	engine.UseEscapedPath, engine.UnescapePathValues = true, false
	engine.RedirectTrailingSlash = false

	mux, unknown := http.NewServeMux(), newUnmatched(table, observe)
	for _, route := range table {
		handler := limitBody(route, observe.Route(route.Pattern, route.Handler))
		mux.Handle(route.Pattern, handler)
		mountOnGin(engine, route.Pattern, handler)
	}
	mux.Handle("/", unknown)
	// HEAD of a GET route and paths escaped without need come here too, and ServeMux knows their route.
	engine.NoRoute(func(c *gin.Context) {
		c.Status(http.StatusOK) // gin has set 404
		mux.ServeHTTP((*writer)(c), c.Request)
		c.Writer.WriteHeaderNow() // or gin would add a body to an empty 404
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unknown.redirects(r) {
			unknown.ServeHTTP(w, r)
			return
		}
		engine.ServeHTTP(w, r)
	})
}

// mountOnGin registers a ServeMux pattern, "METHOD /path". It panics on one that gin cannot hold, as ServeMux does on
// a wrong one: at start, with the pattern.
func mountOnGin(engine *gin.Engine, pattern string, handler http.Handler) {
	defer func() {
		if cause := recover(); cause != nil {
			panic(fmt.Sprintf("gin cannot hold the pattern %q: %v", pattern, cause))
		}
	}()
	method, path, names := ginPattern(pattern)
	engine.Handle(method, path, func(c *gin.Context) {
		c.Request.Pattern = pattern
		for i, name := range names {
			value := strings.TrimPrefix(c.Params[i].Value, "/") // only that of {rest...} has one
			if unescaped, err := url.PathUnescape(value); err == nil {
				value = unescaped
			}
			c.Request.SetPathValue(name, value)
		}
		handler.ServeHTTP((*writer)(c), c.Request)
	})
}

// ginPattern translates a pattern of ServeMux: {id} is :id for gin, {rest...} is *rest, a slash at the end is a
// wildcard without a name, and {$} the slash itself.
func ginPattern(pattern string) (method, path string, names []string) {
	method, path, _ = strings.Cut(pattern, " ")
	if !strings.HasPrefix(path, "/") {
		panic(`it is not of the form "METHOD /path"`)
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		name, isWildcard := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		rest, isRest := strings.CutSuffix(name, "...")
		switch {
		case name == "$":
			segments[i] = ""
		case isRest:
			segments[i] = "*" + rest
			names = append(names, rest)
		case isWildcard:
			segments[i] = ":" + name
			names = append(names, name)
		case strings.ContainsAny(segment, ":*"):
			panic("a : or * begins a wildcard of gin")
		case segment == "" && i > 0 && i == len(segments)-1:
			segments[i] = "*subtree"
		}
	}
	return method, strings.Join(segments, "/"), names
}

// writer is gin's writer with the error of a flush: gin has a Flush that tells none, and a stream to a client that has
// left would never end. It is a gin.Context under another name, which costs no allocation.
type writer gin.Context

func (w *writer) Header() http.Header         { return w.Writer.Header() }
func (w *writer) Write(p []byte) (int, error) { return w.Writer.Write(p) }
func (w *writer) WriteHeader(status int)      { w.Writer.WriteHeader(status) }
func (w *writer) Unwrap() http.ResponseWriter { return w.Writer }

// FlushError flushes what gin's middleware may have put around its writer, and asks the server's own writer, which
// has nothing left to send then, what became of it.
func (w *writer) FlushError() error {
	w.Writer.Flush()
	if original, ok := w.Writer.(interface{ Unwrap() http.ResponseWriter }); ok {
		return http.NewResponseController(original.Unwrap()).Flush()
	}
	return nil
}
