package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.com/shop/internal/httpclient"
	"example.com/shop/internal/orders"
)

func TestShippingQuotes(t *testing.T) {
	carrier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/quotes/8001":
			_, _ = io.WriteString(w, `{"zip":"8001","price_cents":790,"days":2}`)
		case "/quotes/SLOW":
			<-r.Context().Done()
		case "/quotes/BROKEN":
			_, _ = io.WriteString(w, `{`)
		case "/quotes/500":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			http.NotFound(w, r)
		}
	}))
	defer carrier.Close()
	tel := newTelemetry(t)
	target, _ := url.Parse(carrier.URL)
	shipping := httpclient.New(httpclient.Options{URL: target, Timeout: 50 * time.Millisecond}, tel)
	defer shipping.Close()
	handler := New(Deps{Orders: new(orders.Store), Shipping: shipping, Log: tel.Log.Logger}, tel)
	ask := func(ctx context.Context, zip string) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequestWithContext(ctx, "GET", "/shipping/"+zip, nil))
		return response
	}
	gone, leave := context.WithCancel(t.Context())
	leave()

	for _, test := range []struct {
		name   string
		ctx    context.Context
		zip    string
		status int
		answer string
	}{
		{"a quote is given", t.Context(), "8001", 200, `"price_cents":790`},
		{"a place where nothing is shipped is not found", t.Context(), "9999", 404, "nothing is shipped"},
		{"what is no zip code is refused", t.Context(), "..%2Fadmin", 400, "zip code"},
		{"a slow carrier is a timeout", t.Context(), "SLOW", 504, "too long"},
		{"a failing carrier", t.Context(), "500", 503, "cannot be quoted"},
		{"an answer that cannot be read", t.Context(), "BROKEN", 503, "cannot be quoted"},
		{"a client that has gone is no failure of ours", gone, "8001", 499, "canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ask(test.ctx, test.zip); got.Code != test.status || !strings.Contains(got.Body.String(), test.answer) {
				t.Errorf("answered %d %s; want %d with %q", got.Code, got.Body, test.status, test.answer)
			}
		})
	}

	carrier.Close()
	if got := ask(t.Context(), "8001"); got.Code != 503 {
		t.Errorf("without the carrier: answered %d %s, want 503", got.Code, got.Body)
	}
}
