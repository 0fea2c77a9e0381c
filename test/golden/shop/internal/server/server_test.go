package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/orders"
	"example.com/shop/internal/telemetry"
)

func newTelemetry(t testing.TB) *telemetry.Telemetry {
	log, err := telemetry.NewLogger(io.Discard, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	disabled := func(key string) string { return map[string]string{"OTEL_SDK_DISABLED": "true"}[key] }
	tel, err := telemetry.New(context.Background(), telemetry.Config{Service: Name, Sampling: Sampling(), Getenv: disabled}, log)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func TestTheAPI(t *testing.T) {
	tel := newTelemetry(t)
	deps := Deps{Orders: new(orders.Store), Log: tel.Log.Logger}
	if _, err := deps.Orders.Create("tea", 1); err != nil {
		t.Fatal(err)
	}
	handler := New(deps, tel)

	for _, test := range []struct {
		name, method, target, body string
		status                     int
		answer                     string
	}{
		{"an order is shown", "GET", "/orders/1", "", 200, `"item":"tea"`},
		{"an unknown order is not found", "GET", "/orders/99", "", 404, "no such order"},
		{"an order is created", "POST", "/orders", `{"item":"coffee","quantity":2}`, 201, `"id":"2"`},
		{"an impossible order is refused", "POST", "/orders", `{"item":"coffee"}`, 400, "quantity"},
		{"a broken body is refused", "POST", "/orders", `{`, 400, "order"},
		{"a body that goes on after the order is refused", "POST", "/orders", `{"item":"coffee","quantity":2} {}`, 400, "goes on"},
		{"a body with garbage after the order is refused", "POST", "/orders", `{"item":"coffee","quantity":2}}`, 400, "order"},
		{"an oversized tail is refused", "POST", "/orders", `{"item":"coffee","quantity":2}` + strings.Repeat(" ", maxBodyBytes), 413, "large"},
		{"an oversized body is refused", "POST", "/orders", `{"item":"` + strings.Repeat("x", maxBodyBytes), 413, "large"},
		{"a payment is captured", "POST", "/payment/1/capture", "", 200, `"paid":true`},
		{"a payment is captured once only", "POST", "/payment/1/capture", "", 409, "paid"},
		{"an unknown path is not found", "GET", "/wp-login.php", "", 404, `{"error":"Not Found"}`},
		{"a wrong method is told the right ones", "DELETE", "/orders/1", "", 405, `{"error":"Method Not Allowed"}`},
		{"an unclean path is redirected", "HEAD", "/orders//1", "", 307, ""},
		{"the admin port's paths are not here", "GET", "/metrics", "", 404, "Not Found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest(test.method, test.target, strings.NewReader(test.body)))
			if response.Code != test.status || !strings.Contains(response.Body.String(), test.answer) {
				t.Errorf("answered %d %s; want %d with %q", response.Code, response.Body, test.status, test.answer)
			}
		})
	}

	metrics := httptest.NewRecorder()
	NewAdmin(tel, new(atomic.Bool)).ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for method, code := range map[string]string{"GET": "404", "DELETE": "405", "HEAD": "307"} {
		series := `http_request_method="` + method + `",http_response_status_code="` + code + `",http_route="/*"`
		if !strings.Contains(metrics.Body.String(), series) {
			t.Errorf("what matches no route is not counted: no series %s", series)
		}
	}
}

func TestTheAdminPortIsReadyWhileTheServiceIs(t *testing.T) {
	var ready atomic.Bool
	admin := NewAdmin(newTelemetry(t), &ready)
	status := func(path string) int {
		response := httptest.NewRecorder()
		admin.ServeHTTP(response, httptest.NewRequest(http.MethodGet, path, nil))
		return response.Code
	}
	for _, isReady := range []bool{false, true, false} {
		ready.Store(isReady)
		want := map[bool]int{true: 200, false: 503}[isReady]
		if status("/readyz") != want || status("/healthz") != want {
			t.Errorf("ready %v: /readyz %d, /healthz %d; want %d", isReady, status("/readyz"), status("/healthz"), want)
		}
		if status("/livez") != 200 {
			t.Errorf("ready %v: /livez %d", isReady, status("/livez"))
		}
	}
	if status("/metrics") != 200 || status("/debug/pprof/") != 200 {
		t.Errorf("/metrics %d, /debug/pprof/ %d", status("/metrics"), status("/debug/pprof/"))
	}
}
