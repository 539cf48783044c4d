CREATE TABLE stock (
    sku         text PRIMARY KEY,
    price_cents bigint NOT NULL,
    available   integer NOT NULL CHECK (available >= 0),
    version     bigint NOT NULL DEFAULT 1
);

CREATE TABLE reservations (
    order_id   uuid PRIMARY KEY,
    status     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations (order_id),
    sku      text NOT NULL REFERENCES stock (sku),
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
);
