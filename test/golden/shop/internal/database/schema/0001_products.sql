CREATE TABLE products (
    sku         text PRIMARY KEY,
    name        text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents >= 0)
);

-- One row for each price that a product ever had.
CREATE TABLE product_prices (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku         text NOT NULL REFERENCES products,
    price_cents integer NOT NULL,
    since       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX product_prices_by_sku ON product_prices (sku, since);
