package server

import (
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"example.com/shop/internal/database"
	"example.com/shop/internal/products"
	"example.com/shop/internal/telemetry"
)

type newProduct struct {
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
}

func getProduct(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		product, err := d.Products.Get(r.Context(), r.PathValue("sku"))
		if err != nil {
			failProduct(w, r, d.Log, err)
			return
		}
		reply(w, http.StatusOK, product)
	})
}

func putProduct(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var wanted newProduct
		if err := decode(r.Body, &wanted); err != nil {
			failProduct(w, r, d.Log, fmt.Errorf("%w: %w", products.ErrInvalid, err))
			return
		}
		product := products.Product{SKU: r.PathValue("sku"), Name: wanted.Name, PriceCents: wanted.PriceCents}
		created, err := d.Products.Put(r.Context(), product)
		if err != nil {
			failProduct(w, r, d.Log, err)
			return
		}
		status := http.StatusOK
		if created {
			status = http.StatusCreated
			w.Header().Set("Location", "/products/"+product.SKU)
			d.Log.Info("product created", zap.String("sku", product.SKU), telemetry.TraceIDs(r.Context()))
		}
		reply(w, status, product)
	})
}

// failProduct knows the errors of products and of the database; fail knows the rest.
func failProduct(w http.ResponseWriter, r *http.Request, log *zap.Logger, err error) {
	var status int
	var message string
	var tooLarge *http.MaxBytesError
	switch {
	case r.Context().Err() != nil, errors.As(err, &tooLarge):
		fail(w, r, log, err)
		return
	case errors.Is(err, products.ErrNotFound):
		status, message = http.StatusNotFound, err.Error()
	case errors.Is(err, products.ErrInvalid):
		status, message = http.StatusBadRequest, err.Error()
	case errors.Is(err, database.ErrTimeout):
		status, message = http.StatusGatewayTimeout, "products took too long"
	case errors.Is(err, database.ErrUnavailable):
		status, message = http.StatusServiceUnavailable, "products cannot be reached now"
	default:
		fail(w, r, log, err)
		return
	}
	if status >= http.StatusInternalServerError {
		log.Error("product request failed", zap.Error(err), telemetry.TraceIDs(r.Context()))
	}
	reply(w, status, problem{message})
}
