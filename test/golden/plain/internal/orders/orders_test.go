package orders

import (
	"errors"
	"strconv"
	"testing"
)

func TestAnOrderIsFoundUnderTheIDItWasCreatedWith(t *testing.T) {
	var store Store
	created, err := store.Create("tea", 2)
	if err != nil {
		t.Fatal(err)
	}
	found, err := store.Get(created.ID)
	if err != nil || found != created {
		t.Fatalf("Get(%q) = %+v, %v; want %+v", created.ID, found, err, created)
	}
}

func TestImpossibleOrdersAreRefused(t *testing.T) {
	var store Store
	for _, order := range []Order{{Item: "", Quantity: 1}, {Item: "tea", Quantity: 0}, {Item: "tea", Quantity: 1001}} {
		if _, err := store.Create(order.Item, order.Quantity); !errors.Is(err, ErrInvalid) {
			t.Errorf("Create(%q, %d): %v; want ErrInvalid", order.Item, order.Quantity, err)
		}
	}
}

func TestAPaymentIsCapturedOnce(t *testing.T) {
	var store Store
	order, _ := store.Create("tea", 1)
	if paid, err := store.Capture(order.ID); err != nil || !paid.Paid {
		t.Fatalf("first capture: %+v, %v", paid, err)
	}
	if _, err := store.Capture(order.ID); !errors.Is(err, ErrPaid) {
		t.Fatalf("second capture: %v; want ErrPaid", err)
	}
	if _, err := store.Capture("no number"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("unknown order: %v; want ErrNotFound", err)
	}
}

func TestTheOldestOrderIsForgottenWhenTheStoreIsFull(t *testing.T) {
	var store Store
	for range Capacity + 1 {
		if _, err := store.Create("tea", 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Get("1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("order 1: %v; want ErrNotFound", err)
	}
	for _, id := range []int{2, Capacity + 1} {
		if _, err := store.Get(strconv.Itoa(id)); err != nil {
			t.Errorf("order %d: %v", id, err)
		}
	}
}
