package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"

	"go.uber.org/zap"

	"example.com/shop/internal/telemetry"
)

// zipCode bounds what becomes part of the URL that is called.
var zipCode = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z -]{1,9}$`)

var errNoShipping = errors.New("nothing is shipped there")

type quote struct {
	Zip        string `json:"zip"`
	PriceCents int    `json:"price_cents"`
	Days       int    `json:"days"`
}

// quoteShipping asks the shipping service what a parcel costs.
func quoteShipping(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zip := r.PathValue("zip")
		if !zipCode.MatchString(zip) {
			reply(w, http.StatusBadRequest, problem{"give a zip code of 2 to 10 letters and digits"})
			return
		}
		quoted, err := askQuote(r.Context(), d, zip)
		if err != nil {
			failQuote(w, r, d.Log, err)
			return
		}
		reply(w, http.StatusOK, quoted)
	})
}

func askQuote(ctx context.Context, d Deps, zip string) (quote, error) {
	request, err := d.Shipping.NewRequest(ctx, http.MethodGet, "/quotes/"+url.PathEscape(zip), nil)
	if err != nil {
		return quote{}, err
	}
	response, err := d.Shipping.Do(request)
	if err != nil {
		return quote{}, err
	}
	quoted := quote{Zip: zip}
	switch response.StatusCode {
	case http.StatusOK:
		err = json.NewDecoder(response.Body).Decode(&quoted)
		return quoted, err
	case http.StatusNotFound:
		return quote{}, errNoShipping
	}
	return quote{}, fmt.Errorf("the shipping service answered %s", response.Status)
}

// failQuote knows the ways in which another service fails; fail knows the rest.
func failQuote(w http.ResponseWriter, r *http.Request, log *zap.Logger, err error) {
	var network net.Error
	switch {
	case r.Context().Err() != nil:
		fail(w, r, log, err)
		return
	case errors.Is(err, errNoShipping):
		reply(w, http.StatusNotFound, problem{err.Error()})
		return
	}
	log.Error("shipping quote failed", zap.Error(err), telemetry.TraceIDs(r.Context()))
	if errors.As(err, &network) && network.Timeout() {
		reply(w, http.StatusGatewayTimeout, problem{"the shipping quote took too long"})
		return
	}
	reply(w, http.StatusServiceUnavailable, problem{"shipping cannot be quoted now"})
}
