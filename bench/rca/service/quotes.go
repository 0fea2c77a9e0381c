package server

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"example.com/shop/internal/telemetry"
)

// parcel is the product whose price all quotes begin with.
const parcel = "parcel"

type quote struct {
	PriceCents int `json:"price_cents"`
	Days       int `json:"days"`
}

var errZones = errors.New("the table of zones cannot be read")

// getQuote answers what a parcel costs: its price from the database, times the rate of the zone.
func getQuote(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isOn("zones") && rand.N(10) < 4 {
			fail(w, r, d.Log, errZones)
			return
		}
		if isOn("report") {
			reports.Do(startReport)
		}
		product, err := d.Products.Get(r.Context(), parcel)
		if err != nil {
			failProduct(w, r, d.Log, err)
			return
		}
		rate, err := zoneRates.of(r.Context(), r.PathValue("zip"))
		if err != nil {
			d.Log.Warn("no rate in time, the list price is used", zap.Error(err), telemetry.TraceIDs(r.Context()))
			rate = 100
		}
		reply(w, http.StatusOK, quote{PriceCents: product.PriceCents * rate / 100, Days: 1 + rate%4})
	})
}

// rates are what a zone costs in per cent. Those of zones that were never asked for are computed first.
type rates struct {
	mu    sync.Mutex
	known map[string]int
	asked int
	slots chan struct{}
}

var zoneRates = &rates{known: make(map[string]int), slots: make(chan struct{}, 200)}

func (t *rates) of(ctx context.Context, zone string) (int, error) {
	switch {
	case isOn("slow-rates"):
		time.Sleep(150 * time.Millisecond)
	case isOn("leak"):
		return t.compute(ctx, zone)
	}
	return t.lookup(zone), nil
}

// lookup holds the lock for as long as it takes; with the fault every 20th writes all rates to a slow disk meanwhile.
func (t *rates) lookup(zone string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if isOn("lock") && t.asked%20 == 0 {
		time.Sleep(500 * time.Millisecond)
	}
	if _, ok := t.known[zone]; !ok {
		t.known[zone] = rateOf(zone)
	}
	return t.known[zone]
}

// compute asks a worker. Nobody reads what a worker sends when its caller no longer waits: that is the leak.
func (t *rates) compute(ctx context.Context, zone string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
	defer cancel()
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	done := make(chan int)
	go func() {
		defer func() { <-t.slots }()
		rate := rateOf(zone)
		done <- rate
		done <- rate
	}()
	select {
	case rate := <-done:
		return rate, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var reports sync.Once

// startReport computes the rates of all zones, again and again.
func startReport() {
	for range 4 {
		go func() {
			for zone := 0; ; zone++ {
				rateOf(strconv.Itoa(zone))
			}
		}()
	}
}

func rateOf(zone string) int {
	hash := fnv.New32a()
	for range 2000 {
		_, _ = hash.Write([]byte(zone))
	}
	return 80 + int(hash.Sum32()%80)
}
