CREATE TABLE stock (
    sku         text PRIMARY KEY,
    price_cents bigint NOT NULL,
    available   integer NOT NULL
);
