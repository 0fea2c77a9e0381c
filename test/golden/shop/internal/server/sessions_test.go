package server

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"example.com/shop/internal/cache"
	"example.com/shop/internal/orders"
)

func TestSessions(t *testing.T) {
	redis := miniredis.RunT(t)
	if err := redis.Set("session:known", "ada"); err != nil {
		t.Fatal(err)
	}
	tel := newTelemetry(t)
	sessions := cache.New(cache.Options{Addr: redis.Addr(), PoolSize: 2, Timeout: time.Second}, tel)
	defer sessions.Close()
	handler := New(Deps{Orders: new(orders.Store), Sessions: sessions, Log: tel.Log.Logger}, tel)
	verify := func(ctx context.Context, target, header string) int {
		request := httptest.NewRequestWithContext(ctx, "GET", target, nil)
		request.Header.Set("Session", header)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		return response.Code
	}
	gone, leave := context.WithCancel(t.Context())
	leave()

	for _, test := range []struct {
		name           string
		ctx            context.Context
		target, header string
		status         int
	}{
		{name: "a known session is verified", target: "/api/v2/verify?session=known", status: 200},
		{name: "a session may come as a header", target: "/api/v2/verify", header: "known", status: 200},
		{name: "an unknown session is not found", target: "/api/v2/verify?session=other", status: 404},
		{name: "a missing session is refused", target: "/api/v2/verify", status: 400},
		{name: "a client that has gone is no failure of ours", ctx: gone, target: "/api/v2/verify?session=known", status: 499},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.ctx == nil {
				test.ctx = t.Context()
			}
			if got := verify(test.ctx, test.target, test.header); got != test.status {
				t.Errorf("answered %d, want %d", got, test.status)
			}
		})
	}

	redis.Close()
	if got := verify(t.Context(), "/api/v2/verify?session=known", ""); got != 503 {
		t.Errorf("without Redis: answered %d, want 503", got)
	}
}
