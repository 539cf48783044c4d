CREATE TABLE orders (
    id          uuid PRIMARY KEY,
    customer_id text NOT NULL,
    status      text NOT NULL,
    total_cents bigint NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE INDEX orders_by_customer ON orders (customer_id, created_at DESC);

CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders (id),
    sku      text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0)
);

CREATE TABLE payments (
    id              uuid PRIMARY KEY,
    idempotency_key text NOT NULL,
    order_id        uuid NOT NULL REFERENCES orders (id),
    amount_cents    bigint NOT NULL,
    status          text NOT NULL,
    provider_ref    text
);
