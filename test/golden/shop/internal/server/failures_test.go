package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"example.com/shop/internal/orders"
)

func TestAnErrorIsAnsweredByItsKind(t *testing.T) {
	log := newTelemetry(t).Log.Logger
	gone, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	<-late.Done()
	for _, test := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		says   string
	}{
		{"what does not exist", t.Context(), fmt.Errorf("order 7: %w", orders.ErrNotFound), 404, "order 7"},
		{"a client that has gone", gone, errors.New("query: canceled"), 499, "query"},
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

func TestWhatMatchesNoRouteIsAnsweredInJSON(t *testing.T) {
	tel := newTelemetry(t)
	handler := New(Deps{Orders: new(orders.Store), Log: tel.Log.Logger}, tel)
	for _, test := range []struct{ method, target, allow, body string }{
		{"GET", "/nowhere", "", `{"error":"Not Found"}` + "\n"},
		{"DELETE", "/orders/7", "GET, HEAD", `{"error":"Method Not Allowed"}` + "\n"},
	} {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest(test.method, test.target, nil))
		header := response.Header()
		if header.Get("Content-Type") != "application/json" || header.Get("Allow") != test.allow || response.Body.String() != test.body {
			t.Errorf("%s %s: %v %q", test.method, test.target, header, response.Body)
		}
	}
}

func TestTheAdminPortChangesTheLogLevel(t *testing.T) {
	tel := newTelemetry(t)
	admin := NewAdmin(tel, new(atomic.Bool))
	ask := func(method string, body io.Reader) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		admin.ServeHTTP(response, httptest.NewRequest(method, "/loglevel", body))
		return response
	}
	if response := ask(http.MethodPut, strings.NewReader(`{"level":"debug"}`)); response.Code != 200 || tel.Log.Level().String() != "debug" {
		t.Errorf("answered %d %s; the level is %s", response.Code, response.Body, tel.Log.Level())
	}
	if response := ask(http.MethodGet, nil); !strings.Contains(response.Body.String(), `"debug"`) {
		t.Errorf("answered %s", response.Body)
	}
	if response := ask(http.MethodPost, nil); response.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %d", response.Code)
	}
}
