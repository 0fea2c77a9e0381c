// Package orders is the business of the service. It knows no HTTP and no telemetry.
package orders

import (
	"errors"
	"strconv"
	"sync"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrInvalid  = errors.New("an order needs an item and a quantity from 1 to 1000")
	ErrNotFound = errors.New("no such order")
	ErrPaid     = errors.New("the order is paid already")
)

// Capacity is how many orders a Store keeps; beyond it the oldest is forgotten.
const Capacity = 10_000

// Order is one customer's order.
type Order struct {
	ID       string `json:"id"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
	Paid     bool   `json:"paid"`
}

// Store keeps orders in memory. The zero value is ready and safe for concurrent use.
type Store struct {
	mu   sync.Mutex
	last int
	byID map[int]Order
}

// Create stores a new order, or returns ErrInvalid.
func (s *Store) Create(item string, quantity int) (Order, error) {
	if item == "" || len(item) > 200 || quantity < 1 || quantity > 1000 {
		return Order{}, ErrInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[int]Order)
	}
	s.last++
	order := Order{ID: strconv.Itoa(s.last), Item: item, Quantity: quantity}
	s.byID[s.last] = order
	delete(s.byID, s.last-Capacity)
	return order, nil
}

// Get returns an order, or ErrNotFound.
func (s *Store) Get(id string) (Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, _, err := s.find(id)
	return order, err
}

// Capture takes the payment of an order once; ErrNotFound or ErrPaid otherwise.
func (s *Store) Capture(id string) (Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, key, err := s.find(id)
	if err != nil {
		return Order{}, err
	}
	if order.Paid {
		return Order{}, ErrPaid
	}
	order.Paid = true
	s.byID[key] = order
	return order, nil
}

func (s *Store) find(id string) (Order, int, error) {
	key, err := strconv.Atoi(id)
	order, found := s.byID[key]
	if err != nil || !found {
		return Order{}, 0, ErrNotFound
	}
	return order, key, nil
}
