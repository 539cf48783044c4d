CREATE TABLE orders (
    id          uuid PRIMARY KEY,
    customer_id text NOT NULL,
    status      text NOT NULL,
    total_cents bigint NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX orders_by_customer ON orders (customer_id, created_at DESC);

CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders (id),
    sku      text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
);

CREATE TABLE idempotency_keys (
    customer_id  text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    response     bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (customer_id, key)
);

CREATE TABLE sagas (
    order_id        uuid PRIMARY KEY REFERENCES orders (id),
    state           text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claimed_until   timestamptz NOT NULL DEFAULT '-infinity',
    version         bigint NOT NULL DEFAULT 1,
    amount_cents    bigint NOT NULL,
    card_token      text NOT NULL,
    traceparent     text NOT NULL
);

CREATE INDEX sagas_due ON sagas (next_attempt_at) WHERE state NOT IN ('confirmed', 'cancelled', 'parked');

CREATE TABLE outbox (
    id            uuid PRIMARY KEY,
    routing_key   text NOT NULL,
    body          jsonb NOT NULL,
    traceparent   text NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    created_at    timestamptz NOT NULL DEFAULT now(),
    published_at  timestamptz
);

CREATE INDEX outbox_waiting ON outbox (created_at) WHERE published_at IS NULL;
