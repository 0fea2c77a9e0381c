package server

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/Acme/order-api/v2/internal/telemetry"
)

func capturePayment(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, err := d.Orders.Capture(r.PathValue("id"))
		if err != nil {
			fail(w, r, d.Log, err)
			return
		}
		d.Log.Info("payment captured", zap.String("order_id", order.ID), telemetry.TraceIDs(r.Context()))
		reply(w, http.StatusOK, order)
	})
}
