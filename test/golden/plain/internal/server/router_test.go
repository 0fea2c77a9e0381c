package server

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

// echo answers with the path values of the pattern that matched.
func echo(names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := make([]string, len(names))
		for i, name := range names {
			values[i] = r.PathValue(name)
		}
		_, _ = io.WriteString(w, r.Pattern+" "+strings.Join(values, ","))
	})
}

var testTable = []Route{
	{Pattern: "GET /{$}", Handler: echo()},
	{Pattern: "GET /orders/{id}", Handler: echo("id")},
	{Pattern: "GET /orders/latest", Handler: echo()},
	{Pattern: "PUT /orders/{id}", Handler: echo("id")},
	{Pattern: "POST /orders", Handler: echo()},
	{Pattern: "POST /payment/{id}/capture/{part}", Handler: echo("part", "id")},
	{Pattern: "GET /files/{rest...}", Handler: echo("rest")},
	{Pattern: "GET /tree/{$}", Handler: echo()},
	{Pattern: "GET /subtree/{id}/", Handler: echo("id")},
	{Pattern: "GET /empty", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
	{Pattern: "GET /gone", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) })},
	{Pattern: "GET /panic", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })},
}

func TestTheRouterAnswersAsServeMuxDoesAndNamesTheRoute(t *testing.T) {
	const redirect = http.StatusTemporaryRedirect
	for _, test := range []struct {
		method, target  string
		status          int
		route           string // the label
		body            string // of 200
		allow, location string
	}{
		{"GET", "/", 200, "/{$}", "GET /{$} ", "", ""},
		{"GET", "/orders/7", 200, "/orders/{id}", "GET /orders/{id} 7", "", ""},
		{"GET", "/orders/latest", 200, "/orders/latest", "GET /orders/latest ", "", ""},
		{"PUT", "/orders/latest", 200, "/orders/{id}", "PUT /orders/{id} latest", "", ""},
		{"POST", "/payment/7/capture/b", 200, "/payment/{id}/capture/{part}", "POST /payment/{id}/capture/{part} b,7", "", ""},
		{"GET", "/orders/a%2F%2Fb", 200, "/orders/{id}", "GET /orders/{id} a//b", "", ""},
		{"GET", "/orders/a+b%20c", 200, "/orders/{id}", "GET /orders/{id} a+b c", "", ""},
		{"GET", "/%6Frders/7", 200, "/orders/{id}", "GET /orders/{id} 7", "", ""},
		{"GET", "/files/a/b.txt", 200, "/files/{rest...}", "GET /files/{rest...} a/b.txt", "", ""},
		{"GET", "/files/a%2Fb/c", 200, "/files/{rest...}", "GET /files/{rest...} a/b/c", "", ""},
		{"GET", "/files/", 200, "/files/{rest...}", "GET /files/{rest...} ", "", ""},
		{"GET", "/files", redirect, "/*", "", "", "/files/"},
		{"GET", "/files?a=b", redirect, "/*", "", "", "/files/?a=b"},
		{"GET", "/tree/", 200, "/tree/{$}", "GET /tree/{$} ", "", ""},
		{"GET", "/tree", redirect, "/*", "", "", "/tree/"},
		{"GET", "/tree/x", 404, "/*", "", "", ""},
		{"GET", "/subtree/7/", 200, "/subtree/{id}/", "GET /subtree/{id}/ 7", "", ""},
		{"GET", "/subtree/7/x/y", 200, "/subtree/{id}/", "GET /subtree/{id}/ 7", "", ""},
		{"GET", "/subtree/7", redirect, "/*", "", "", "/subtree/7/"},
		{"GET", "/empty", 200, "/empty", "", "", ""},
		{"HEAD", "/empty", 200, "/empty", "", "", ""},
		{"HEAD", "/orders/7", 200, "/orders/{id}", "GET /orders/{id} 7", "", ""},
		{"GET", "/gone", 404, "/gone", "", "", ""},
		{"HEAD", "/gone", 404, "/gone", "", "", ""},
		{"GET", "/panic", 500, "/panic", "", "", ""},
		{"GET", "/nothing", 404, "/*", "", "", ""},
		{"GET", "/orders/", 404, "/*", "", "", ""},
		{"GET", "/orders/7/", 404, "/*", "", "", ""},
		{"POST", "/payment/7%2Fcapture/b", 404, "/*", "", "", ""},
		{"DELETE", "/orders/7", 405, "/*", "", "GET, HEAD, PUT", ""},
		{"GET", "/orders", 405, "/*", "", "POST", ""},
		{"POST", "/files", 405, "/*", "", "GET, HEAD", ""},
		{"BREW", "/orders", 405, "/*", "", "POST", ""},
		{"GET", "//orders//7", redirect, "/*", "", "", "/orders/7"},
		{"GET", "/orders/../orders/7", redirect, "/*", "", "", "/orders/7"},
		{"POST", "/payment//capture/b", redirect, "/*", "", "", "/payment/capture/b"},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			tel := newTelemetry(t)
			handler := mount(testTable, telemetry.NewMiddleware(tel, telemetry.Buckets(nil)))
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest(test.method, test.target, nil))
			header := response.Result().Header
			if response.Code != test.status || header.Get("Allow") != test.allow || header.Get("Location") != test.location {
				t.Errorf("answered %d, Allow %q, Location %q", response.Code, header.Get("Allow"), header.Get("Location"))
			}
			if body := response.Body.String(); test.body != "" && body != test.body {
				t.Errorf("the handler saw %q, want %q", body, test.body)
			}
			if routes := observedRoutes(t, tel); len(routes) != 1 || routes[test.route] != 1 {
				t.Errorf("observed %v, want one request of %s", routes, test.route)
			}
		})
	}
}

// observedRoutes counts the requests by http_route.
func observedRoutes(t *testing.T, tel *telemetry.Telemetry) map[string]int {
	t.Helper()
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	routes := make(map[string]int)
	for _, family := range families {
		if family.GetName() != "http_server_request_duration_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "http_route" {
					routes[label.GetValue()] += int(metric.GetHistogram().GetSampleCount())
				}
			}
		}
	}
	maps.DeleteFunc(routes, func(_ string, n int) bool { return n == 0 })
	return routes
}

func TestARouteThatWinsOverASubtreeIsServedAndNotRedirected(t *testing.T) {
	orders := []Route{
		{Pattern: "GET /orders/{id}/", Handler: echo("id")},
		{Pattern: "GET /{tenant}/status", Handler: echo("tenant")},
	}
	assets := []Route{
		{Pattern: "GET /assets/{path...}", Handler: echo("path")},
		{Pattern: "GET /{user}", Handler: echo("user")},
	}
	for _, test := range []struct {
		table                         []Route
		target, route, body, location string
	}{
		{orders, "/orders/status", "/{tenant}/status", "GET /{tenant}/status orders", ""},
		{orders, "/orders/7", "/*", "", "/orders/7/"},
		{orders, "/orders/7/", "/orders/{id}/", "GET /orders/{id}/ 7", ""},
		{assets, "/assets", "/{user}", "GET /{user} assets", ""},
		{assets, "/assets/a/b", "/assets/{path...}", "GET /assets/{path...} a/b", ""},
		{assets, "/ada", "/{user}", "GET /{user} ada", ""},
	} {
		t.Run(test.target, func(t *testing.T) {
			tel := newTelemetry(t)
			handler := mount(test.table, telemetry.NewMiddleware(tel, telemetry.Buckets(nil)))
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest("GET", test.target, nil))
			location := response.Header().Get("Location")
			if location != test.location || test.body != "" && response.Body.String() != test.body {
				t.Errorf("answered %d %q, Location %q", response.Code, response.Body, location)
			}
			if routes := observedRoutes(t, tel); len(routes) != 1 || routes[test.route] != 1 {
				t.Errorf("observed %v, want one request of %s", routes, test.route)
			}
		})
	}
}

func TestAnEmptyNotFoundStaysEmpty(t *testing.T) {
	handler := mount(testTable, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil)))
	for _, target := range []string{"/gone", "/%67one"} {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest("GET", target, nil))
		if response.Code != 404 || response.Body.Len() > 0 || len(response.Header()) > 0 {
			t.Errorf("%s: %d %v %q", target, response.Code, response.Header(), response.Body)
		}
	}
}

func TestAStreamReachesTheConnectionThroughTheRouter(t *testing.T) {
	flushed, proceed := make(chan error, 1), make(chan struct{})
	table := []Route{
		{Pattern: "GET /stream", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			control := http.NewResponseController(w)
			flushed <- func() error {
				if err := control.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
					return err
				}
				if _, err := io.WriteString(w, "a"); err != nil {
					return err
				}
				return control.Flush()
			}()
			<-proceed
			_, _ = io.WriteString(w, "b")
		})},
		{Pattern: "GET /hijack", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				http.Error(w, err.Error(), 500)
				return
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
			_ = rw.Flush()
		})},
	}
	server := httptest.NewServer(mount(table, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil))))
	defer server.Close()

	response, err := http.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "a" {
		t.Errorf("before the handler went on: %q, %v", first, err)
	}
	close(proceed)
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "b" {
		t.Errorf("the rest: %q, %v", rest, err)
	}

	upgraded, err := http.Get(server.URL + "/hijack")
	if err != nil {
		t.Fatal(err)
	}
	upgraded.Body.Close()
	if upgraded.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("hijack: %s", upgraded.Status)
	}
}

func TestAStreamEndsWhenItsClientHasLeft(t *testing.T) {
	ended := make(chan error, 1)
	table := []Route{{Pattern: "GET /stream", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		err := control.Flush()
		<-r.Context().Done() // the client has left
		for rounds := 0; err == nil && rounds < 1000; rounds++ {
			_, _ = io.WriteString(w, "more")
			err = control.Flush()
		}
		ended <- err
	})}}
	server := httptest.NewServer(mount(table, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil))))
	defer server.Close()

	response, err := http.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := <-ended; err == nil {
		t.Error("no flush told that the client has left")
	}
}

func TestAPatternThatTheRouterCannotHoldIsToldAtStart(t *testing.T) {
	for _, patterns := range [][]string{{"GET /a/{x"}, {"GET /a/{x}", "GET /a/{y}"}} {
		t.Run(strings.Join(patterns, " "), func(t *testing.T) {
			defer func() {
				if told := fmt.Sprint(recover()); !slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(told, p) }) {
					t.Errorf("told %q, without the pattern", told)
				}
			}()
			var table []Route
			for _, pattern := range patterns {
				table = append(table, Route{Pattern: pattern, Handler: echo()})
			}
			mount(table, telemetry.NewMiddleware(newTelemetry(t), telemetry.Buckets(nil)))
		})
	}
}

func BenchmarkTheRouter(b *testing.B) {
	tel := newTelemetry(b)
	handler := mount(testTable, telemetry.NewMiddleware(tel, telemetry.Buckets(nil)))
	for _, target := range []string{"/empty", "/orders/7"} {
		b.Run(target, func(b *testing.B) {
			request, response := httptest.NewRequest(http.MethodGet, target, nil), httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(response, request)
			}
		})
	}
}
