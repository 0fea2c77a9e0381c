package server

import (
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/Acme/order-api/v2/internal/orders"
	"github.com/Acme/order-api/v2/internal/telemetry"
)

type newOrder struct {
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
}

func getOrder(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, err := d.Orders.Get(r.PathValue("id"))
		if err != nil {
			fail(w, r, d.Log, err)
			return
		}
		reply(w, http.StatusOK, order)
	})
}

func createOrder(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var wanted newOrder
		if err := decode(r.Body, &wanted); err != nil {
			fail(w, r, d.Log, fmt.Errorf("%w: %w", orders.ErrInvalid, err))
			return
		}
		order, err := d.Orders.Create(wanted.Item, wanted.Quantity)
		if err != nil {
			fail(w, r, d.Log, err)
			return
		}
		d.Log.Info("order created", zap.String("order_id", order.ID), telemetry.TraceIDs(r.Context()))
		w.Header().Set("Location", "/orders/"+order.ID)
		reply(w, http.StatusCreated, order)
	})
}
