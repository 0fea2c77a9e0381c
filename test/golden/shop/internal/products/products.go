// Package products keeps what is sold and what it ever cost. It knows SQL, but no HTTP and no telemetry.
package products

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"example.com/shop/internal/database"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrInvalid  = errors.New("a product needs a SKU of at most 64 letters, digits, dots and dashes, a name and a price_cents from 0 to 1000000000")
	ErrNotFound = errors.New("no such product")
)

// Product is one line of the catalogue.
type Product struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
}

// PostgreSQL's text takes every character but this one.
const nul = "\x00"

var sku = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)

func (p Product) valid() bool {
	return sku.MatchString(p.SKU) && p.Name != "" && len(p.Name) <= 200 && !strings.Contains(p.Name, nul) &&
		p.PriceCents >= 0 && p.PriceCents <= 1_000_000_000
}

var (
	selectProduct = database.Statement{Operation: "SELECT", Table: "products",
		SQL: "SELECT name, price_cents FROM products WHERE sku = $1"}
	upsertProduct = database.Statement{Operation: "INSERT", Table: "products",
		SQL: "INSERT INTO products (sku, name, price_cents) VALUES ($1, $2, $3) ON CONFLICT (sku) DO UPDATE SET name = $2, price_cents = $3"}
	insertPrice = database.Statement{Operation: "INSERT", Table: "product_prices",
		SQL: "INSERT INTO product_prices (sku, price_cents) VALUES ($1, $2)"}
)

// Store keeps products in PostgreSQL.
type Store struct{ db *database.Client }

// New makes a store of the tables in internal/database/schema.
func New(db *database.Client) *Store { return &Store{db: db} }

// Get returns a product, ErrNotFound, or an error of the database.
func (s *Store) Get(ctx context.Context, id string) (Product, error) {
	if !sku.MatchString(id) {
		return Product{}, ErrNotFound // nor can there be one
	}
	p := Product{SKU: id}
	err := s.db.Query(ctx, selectProduct, database.One(&p.Name, &p.PriceCents), id)
	if errors.Is(err, database.ErrNoRows) {
		return Product{}, ErrNotFound
	}
	if err != nil {
		return Product{}, err
	}
	return p, nil
}

// Put stores a product and tells whether it is new; ErrInvalid or an error of the database otherwise. The price's
// history gets a row when the price is another one than before, which only a transaction can know.
func (s *Store) Put(ctx context.Context, p Product) (created bool, err error) {
	if !p.valid() {
		return false, ErrInvalid
	}
	err = s.db.Transaction(ctx, func(ctx context.Context, tx *database.Tx) error {
		old := p
		err := tx.Query(ctx, selectProduct, database.One(&old.Name, &old.PriceCents), p.SKU)
		created = errors.Is(err, database.ErrNoRows)
		switch {
		case err != nil && !created:
			return err
		case !created && old == p:
			return nil
		}
		if _, err := tx.Exec(ctx, upsertProduct, p.SKU, p.Name, p.PriceCents); err != nil {
			return err
		}
		if !created && old.PriceCents == p.PriceCents {
			return nil
		}
		_, err = tx.Exec(ctx, insertPrice, p.SKU, p.PriceCents)
		return err
	})
	return created && err == nil, err
}
