package server

import (
	//go-sre:begin plainbody
	"encoding/json"
	//go-sre:end
	//go-sre:begin fullbody
	"fmt"
	//go-sre:end
	"net/http"

	//go-sre:begin values
	"go.uber.org/zap"

	//go-sre:end
	//go-sre:begin fullbody
	"example.com/shop/internal/orders"
	//go-sre:end
	//go-sre:begin log
	"example.com/shop/internal/telemetry"
	//go-sre:end
)

//go-sre:begin fullbody|plainbody

// handleRouteRequest is the body of METHOD /pattern.
type handleRouteRequest struct{}

//go-sre:end

// handleRoute answers METHOD /pattern with 501 until it is written.
func handleRoute(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		//go-sre:begin values
		wildcard := r.PathValue("wildcard")
		//go-sre:end
		//go-sre:begin fullbody
		var body handleRouteRequest
		if err := decode(r.Body, &body); err != nil {
			fail(w, r, d.Log, fmt.Errorf("%w: %w", orders.ErrInvalid, err))
			return
		}
		//go-sre:end
		//go-sre:begin plainbody
		var body handleRouteRequest
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		//go-sre:end
		//go-sre:begin log
		d.Log.Warn("not implemented", zap.String("wildcard", wildcard), telemetry.TraceIDs(r.Context()))
		//go-sre:end
		//go-sre:begin reply
		reply(w, http.StatusNotImplemented, problem{"METHOD /pattern is not implemented yet"})
		//go-sre:end
		//go-sre:begin plainreply
		http.Error(w, "METHOD /pattern is not implemented yet", http.StatusNotImplemented)
		//go-sre:end
	})
}
