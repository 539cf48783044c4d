CREATE TABLE payments (
    idempotency_key text PRIMARY KEY,
    order_id        uuid,
    amount_cents    bigint NOT NULL,
    status          text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
