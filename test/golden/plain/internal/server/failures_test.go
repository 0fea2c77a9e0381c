package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Acme/order-api/v2/internal/orders"
	"github.com/Acme/order-api/v2/internal/telemetry"
)

func TestAnErrorIsAnsweredByItsKind(t *testing.T) {
	log := newTelemetry(t).Log.Logger
	gone, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	<-late.Done()
	ending, end := context.WithCancelCause(t.Context())
	end(telemetry.ErrShutdown)
	for _, test := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		says   string
	}{
		{"what does not exist", t.Context(), fmt.Errorf("order 7: %w", orders.ErrNotFound), 404, "order 7"},
		{"a client that has gone", gone, errors.New("query: canceled"), 499, "query"},
		{"a request that the shutdown ended", ending, errors.New("query: canceled"), 503, `"Service Unavailable"`},
		{"a dependency that took too long", t.Context(), fmt.Errorf("query: %w", context.DeadlineExceeded), 504, `"Gateway Timeout"`},
		{"a request that took too long", late, errors.New("query: canceled"), 504, `"Gateway Timeout"`},
		{"anything else, which is not told", t.Context(), errors.New("disk full"), 500, `"Internal Server Error"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := httptest.NewRecorder()
			fail(response, httptest.NewRequestWithContext(test.ctx, http.MethodGet, "/", nil), log, test.err)
			if response.Code != test.status || !strings.Contains(response.Body.String(), test.says) {
				t.Errorf("answered %d %s; want %d with %s", response.Code, response.Body, test.status, test.says)
			}
		})
	}
}

func TestWhatMatchesNoRouteIsAnsweredInJSONAndCounted(t *testing.T) {
	tel := newTelemetry(t)
	table := []Route{{Pattern: "GET /books/{id}", Handler: echo("id")}} // of its own: yours may answer anything
	handler := mount(table, telemetry.NewMiddleware(tel, telemetry.Buckets(nil)))
	for _, test := range []struct {
		method, target string
		status         int
		allow, body    string
	}{
		{"GET", "/nowhere", 404, "", `{"error":"Not Found"}` + "\n"},
		{"GET", "/metrics", 404, "", `{"error":"Not Found"}` + "\n"}, // is the admin port's
		{"DELETE", "/books/7", 405, "GET, HEAD", `{"error":"Method Not Allowed"}` + "\n"},
	} {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest(test.method, test.target, nil))
		header := response.Header()
		if response.Code != test.status || header.Get("Content-Type") != "application/json" || header.Get("Allow") != test.allow || response.Body.String() != test.body {
			t.Errorf("%s %s: %d %v %q", test.method, test.target, response.Code, header, response.Body)
		}
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodHead, "/books//7", nil))

	metrics := httptest.NewRecorder()
	NewAdmin(tel, new(atomic.Bool)).ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for method, code := range map[string]string{"GET": "404", "DELETE": "405", "HEAD": "307"} {
		series := `http_request_method="` + method + `",http_response_status_code="` + code + `",http_route="/*"`
		if !strings.Contains(metrics.Body.String(), series) {
			t.Errorf("no series %s", series)
		}
	}
}
