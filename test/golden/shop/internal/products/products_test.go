package products_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap/zapcore"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
	"example.com/shop/internal/products"
	"example.com/shop/internal/telemetry"
)

func newStore(t *testing.T, server *pgxpool.Config) *products.Store {
	log, err := telemetry.NewLogger(io.Discard, "", zapcore.InfoLevel)
	if err != nil {
		t.Fatal(err)
	}
	tel := &telemetry.Telemetry{Log: log, Registry: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer("")}
	db, err := database.New(database.Options{Server: server, PoolSize: 4, Timeout: 5 * time.Second}, tel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return products.New(db)
}

// prices is the history of a product, the oldest first.
func prices(t *testing.T, server *pgxpool.Config, sku string) (prices []int) {
	t.Helper()
	row := databasetest.Connect(t, server).QueryRow(context.Background(), "SELECT array_agg(price_cents ORDER BY id) FROM product_prices WHERE sku = $1", sku)
	if err := row.Scan(&prices); err != nil {
		t.Fatal(err)
	}
	return prices
}

func TestAProductIsKeptWithEveryPriceItHad(t *testing.T) {
	server := databasetest.Server(t)
	store := newStore(t, server)
	for i, put := range []struct {
		products.Product
		created bool
	}{
		{products.Product{SKU: "tea-1", Name: "tea", PriceCents: 250}, true},
		{products.Product{SKU: "tea-1", Name: "tea", PriceCents: 250}, false},
		{products.Product{SKU: "tea-1", Name: "green tea", PriceCents: 250}, false},
		{products.Product{SKU: "tea-1", Name: "green tea", PriceCents: 300}, false},
	} {
		created, err := store.Put(t.Context(), put.Product)
		if err != nil || created != put.created {
			t.Errorf("Put %d: created %v, %v; want %v", i, created, err, put.created)
		}
		if got, err := store.Get(t.Context(), "tea-1"); err != nil || got != put.Product {
			t.Errorf("Get: %+v, %v; want %+v", got, err, put.Product)
		}
	}
	if got := prices(t, server, "tea-1"); len(got) != 2 || got[0] != 250 || got[1] != 300 {
		t.Errorf("the history of prices is %v, want 250 and 300", got)
	}
}

func TestImpossibleProductsAreRefused(t *testing.T) {
	store := newStore(t, databasetest.Server(t))
	for _, p := range []products.Product{
		{SKU: "", Name: "tea"}, {SKU: "a/b", Name: "tea"}, {SKU: "tea\x00", Name: "tea"}, {SKU: strings.Repeat("a", 65), Name: "tea"},
		{SKU: "tea", Name: ""}, {SKU: "tea", Name: "t\x00"}, {SKU: "tea", Name: strings.Repeat("t", 201)},
		{SKU: "tea", Name: "tea", PriceCents: -1}, {SKU: "tea", Name: "tea", PriceCents: 1_000_000_001},
	} {
		if _, err := store.Put(t.Context(), p); !errors.Is(err, products.ErrInvalid) {
			t.Errorf("Put(%#v): %v, want ErrInvalid", p, err)
		}
		if _, err := store.Get(t.Context(), p.SKU); !errors.Is(err, products.ErrNotFound) {
			t.Errorf("Get(%q): %v, want ErrNotFound", p.SKU, err)
		}
	}
}

func TestOfTwoWhoCreateTheSameProductOneDoes(t *testing.T) {
	server := databasetest.Server(t)
	store := newStore(t, server)
	var writers sync.WaitGroup
	created := make([]bool, 2)
	for i := range created {
		writers.Go(func() {
			var err error
			if created[i], err = store.Put(t.Context(), products.Product{SKU: "tea", Name: "tea", PriceCents: 250}); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if created[0] == created[1] || len(prices(t, server, "tea")) != 1 {
		t.Errorf("created %v, prices %v; want one of each", created, prices(t, server, "tea"))
	}
}
