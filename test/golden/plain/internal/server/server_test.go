package server

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Acme/order-api/v2/internal/orders"
)

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
	} {
		t.Run(test.name, func(t *testing.T) {
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest(test.method, test.target, strings.NewReader(test.body)))
			if response.Code != test.status || !strings.Contains(response.Body.String(), test.answer) {
				t.Errorf("answered %d %s; want %d with %q", response.Code, response.Body, test.status, test.answer)
			}
		})
	}
}
