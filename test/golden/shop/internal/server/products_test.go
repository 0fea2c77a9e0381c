package server

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
	"example.com/shop/internal/orders"
	"example.com/shop/internal/products"
)

// productsAPI is the API with this database: each call answers a status and a body.
func productsAPI(t *testing.T, options database.Options) func(ctx context.Context, method, target, body string) (int, string) {
	tel := newTelemetry(t)
	db, err := database.New(options, tel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	handler := New(Deps{Orders: new(orders.Store), Products: products.New(db), Log: tel.Log.Logger}, tel)
	return func(ctx context.Context, method, target, body string) (int, string) {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body)))
		return response.Code, response.Body.String()
	}
}

func TestProducts(t *testing.T) {
	ask := productsAPI(t, database.Options{Server: databasetest.Server(t), PoolSize: 2, Timeout: 5 * time.Second})
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, test := range []struct {
		name                 string
		ctx                  context.Context
		method, target, body string
		status               int
		answer               string
	}{
		{"a product is created", t.Context(), "PUT", "/products/tea-1", `{"name":"tea","price_cents":250}`, 201, `{"sku":"tea-1","name":"tea","price_cents":250}`},
		{"a product is changed", t.Context(), "PUT", "/products/tea-1", `{"name":"tea","price_cents":300}`, 200, `"price_cents":300`},
		{"a product is shown", t.Context(), "GET", "/products/tea-1", "", 200, `{"sku":"tea-1","name":"tea","price_cents":300}`},
		{"an unknown product is not found", t.Context(), "GET", "/products/other", "", 404, "no such product"},
		{"an impossible product is refused", t.Context(), "PUT", "/products/tea-1", `{"name":"tea","price_cents":-1}`, 400, "price_cents"},
		{"a broken body is refused", t.Context(), "PUT", "/products/tea-1", `{`, 400, "product"},
		{"an oversized body is refused", t.Context(), "PUT", "/products/tea-1", `{"name":"` + strings.Repeat("x", maxBodyBytes), 413, ""},
		{"a client that has gone is no failure of ours", gone, "GET", "/products/tea-1", "", 499, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, answer := ask(test.ctx, test.method, test.target, test.body)
			if status != test.status || !strings.Contains(answer, test.answer) {
				t.Errorf("answered %d %s; want %d with %q", status, answer, test.status, test.answer)
			}
		})
	}
}

func TestProductsThatTakeTooLongAreToldFromThoseThatAreAway(t *testing.T) {
	server := databasetest.Server(t)
	locker, err := databasetest.Connect(t, server).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locker.Exec(t.Context(), "LOCK TABLE products"); err != nil {
		t.Fatal(err)
	}
	ask := productsAPI(t, database.Options{Server: server, PoolSize: 1, Timeout: time.Second})
	if status, answer := ask(t.Context(), "GET", "/products/tea-1", ""); status != 504 || strings.Contains(answer, "SQLSTATE") {
		t.Errorf("a locked table: answered %d %s, want 504", status, answer)
	}

	away, err := database.ParseURL("postgres://ada:secret@" + closedPort(t) + "/catalogue")
	if err != nil {
		t.Fatal(err)
	}
	ask = productsAPI(t, database.Options{Server: away, PoolSize: 1, Timeout: time.Second})
	for _, method := range []string{"GET", "PUT"} {
		status, answer := ask(t.Context(), method, "/products/tea-1", `{"name":"tea","price_cents":250}`)
		if status != 503 || strings.Contains(answer, "127.0.0.1") {
			t.Errorf("%s without PostgreSQL: answered %d %s, want 503", method, status, answer)
		}
	}
}

func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
