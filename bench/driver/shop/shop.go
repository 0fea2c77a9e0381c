// Package shop is the API of an emitted service without its telemetry: the same routes, and handlers that do the
// same. What a peer adds to these handlers is compared with what the emitted service adds to its own.
package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Route is one line of the API.
type Route struct {
	Pattern string // of http.ServeMux
	Handler http.Handler
}

// Log writes a line of a handler's own; nil: handlers log nothing.
type Log func(ctx context.Context, message, orderID string)

// Routes is the whole API over a store that holds orders already.
func Routes(log Log) []Route {
	if log == nil {
		log = func(context.Context, string, string) {}
	}
	store := new(store)
	for range 100 {
		if _, err := store.create("tea", 2); err != nil {
			panic(err)
		}
	}
	return []Route{
		{"GET /orders/{id}", store.getOrder()},
		{"POST /orders", store.createOrder(log)},
		{"POST /payment/{id}/capture", store.capturePayment(log)},
	}
}

// Handler is the API without anything around its handlers.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range Routes(nil) {
		mux.Handle(route.Pattern, route.Handler)
	}
	return mux
}

func (s *store) getOrder() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, err := s.get(r.PathValue("id"))
		if err != nil {
			fail(w, r, err)
			return
		}
		reply(w, http.StatusOK, order)
	})
}

func (s *store) createOrder(log Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var wanted struct {
			Item     string `json:"item"`
			Quantity int    `json:"quantity"`
		}
		if err := decode(r.Body, &wanted); err != nil {
			fail(w, r, fmt.Errorf("%w: %w", errInvalid, err))
			return
		}
		order, err := s.create(wanted.Item, wanted.Quantity)
		if err != nil {
			fail(w, r, err)
			return
		}
		log(r.Context(), "order created", order.ID)
		w.Header().Set("Location", "/orders/"+order.ID)
		reply(w, http.StatusCreated, order)
	})
}

func (s *store) capturePayment(log Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, err := s.capture(r.PathValue("id"))
		if err != nil {
			fail(w, r, err)
			return
		}
		log(r.Context(), "payment captured", order.ID)
		reply(w, http.StatusOK, order)
	})
}

func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body goes on after the JSON value")
	}
	return nil
}

type problem struct {
	Error string `json:"error"`
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	status := http.StatusInternalServerError
	switch {
	case r.Context().Err() != nil:
		status = 499
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	case errors.Is(err, errInvalid):
		status = http.StatusBadRequest
	case errors.Is(err, errPaid):
		status = http.StatusConflict
	}
	reply(w, status, problem{err.Error()})
}

var (
	errInvalid  = errors.New("an order needs an item and a quantity from 1 to 1000")
	errNotFound = errors.New("no such order")
	errPaid     = errors.New("the order is paid already")
)

const capacity = 10_000

type order struct {
	ID       string `json:"id"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
	Paid     bool   `json:"paid"`
}

type store struct {
	mu   sync.Mutex
	last int
	byID map[int]order
}

func (s *store) create(item string, quantity int) (order, error) {
	if item == "" || len(item) > 200 || quantity < 1 || quantity > 1000 {
		return order{}, errInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[int]order)
	}
	s.last++
	made := order{ID: strconv.Itoa(s.last), Item: item, Quantity: quantity}
	s.byID[s.last] = made
	delete(s.byID, s.last-capacity)
	return made, nil
}

func (s *store) get(id string) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, _, err := s.find(id)
	return found, err
}

func (s *store) capture(id string) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, key, err := s.find(id)
	if err != nil {
		return order{}, err
	}
	if found.Paid {
		return order{}, errPaid
	}
	found.Paid = true
	s.byID[key] = found
	return found, nil
}

func (s *store) find(id string) (order, int, error) {
	key, err := strconv.Atoi(id)
	made, found := s.byID[key]
	if err != nil || !found {
		return order{}, 0, errNotFound
	}
	return made, key, nil
}
