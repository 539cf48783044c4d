package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// Line is one product in an order.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int32  `json:"quantity"`
}

// Order is what a customer bought.
type Order struct {
	ID         string `json:"id"`
	CustomerID string `json:"-"`
	Status     string `json:"status"`
	TotalCents int64  `json:"total_cents"`
	Version    int64  `json:"version"`
	Lines      []Line `json:"-"`
}

// requestKey identifies a request of a client. Hash binds the key to its body.
type requestKey struct {
	CustomerID string
	Key        string
	Hash       []byte
}

var (
	errKeyReused = errors.New("the idempotency key was used for another request")
	errTooLate   = errors.New("the order was already handed to shipping")
)

const pageSize = 20

// placeOrder stores the key with its response, the order, its saga and nothing
// else, in one local transaction. A second request with the same key waits for
// the first one at the primary key, and gets the response stored by it.
func placeOrder(ctx context.Context, db *sql.DB, key requestKey, order Order, cardToken string, response []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	result, err := tx.ExecContext(ctx,
		`INSERT INTO idempotency_keys (customer_id, key, request_hash, response) VALUES ($1, $2, $3, $4)
		 ON CONFLICT (customer_id, key) DO NOTHING`,
		key.CustomerID, key.Key, key.Hash, response)
	if err != nil {
		return nil, err
	}
	inserted, err := result.RowsAffected()
	if err != nil {
		return nil, err
	}
	if inserted == 0 {
		return storedResponse(ctx, tx, key)
	}
	if err := insertOrder(ctx, tx, order); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx,
		`INSERT INTO sagas (order_id, state, amount_cents, card_token, traceparent) VALUES ($1, 'reserving', $2, $3, $4)`,
		order.ID, order.TotalCents, cardToken, traceParent(ctx))
	if err != nil {
		return nil, err
	}
	return response, tx.Commit()
}

func storedResponse(ctx context.Context, tx *sql.Tx, key requestKey) ([]byte, error) {
	var hash, response []byte
	err := tx.QueryRowContext(ctx,
		`SELECT request_hash, response FROM idempotency_keys WHERE customer_id = $1 AND key = $2`,
		key.CustomerID, key.Key).Scan(&hash, &response)
	if err != nil {
		return nil, err
	}
	if string(hash) != string(key.Hash) {
		return nil, errKeyReused
	}
	return response, nil
}

func insertOrder(ctx context.Context, tx *sql.Tx, order Order) error {
	_, err := tx.ExecContext(ctx,
		`INSERT INTO orders (id, customer_id, status, total_cents) VALUES ($1, $2, $3, $4)`,
		order.ID, order.CustomerID, order.Status, order.TotalCents)
	if err != nil {
		return err
	}
	skus, quantities := columns(order.Lines)
	_, err = tx.ExecContext(ctx,
		`INSERT INTO order_lines (order_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::integer[])`,
		order.ID, pq.Array(skus), pq.Array(quantities))
	return err
}

// finishOrder gives the order its final status and writes the event into the
// outbox. The caller's transaction makes both happen or neither.
func finishOrder(ctx context.Context, tx *sql.Tx, orderID, status string) error {
	var order Order
	err := tx.QueryRowContext(ctx,
		`UPDATE orders SET status = $1, version = version + 1 WHERE id = $2
		 RETURNING id, customer_id, status, total_cents, version`,
		status, orderID,
	).Scan(&order.ID, &order.CustomerID, &order.Status, &order.TotalCents, &order.Version)
	if err != nil {
		return err
	}
	return insertEvent(ctx, tx, "order."+status, order)
}

func insertEvent(ctx context.Context, tx *sql.Tx, routingKey string, order Order) error {
	event := orderEvent{
		EventID:      uuid.NewString(),
		Schema:       1,
		OccurredAt:   time.Now().UTC(),
		OrderID:      order.ID,
		OrderVersion: order.Version,
		CustomerID:   order.CustomerID,
		TotalCents:   order.TotalCents,
	}
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx,
		`INSERT INTO outbox (id, routing_key, body, traceparent) VALUES ($1, $2, $3, $4)`,
		event.EventID, routingKey, body, traceParent(ctx))
	return err
}

// requestCancellation turns the saga around. The condition on the state makes
// repetitions and races harmless: the first one wins, the others change nothing.
func requestCancellation(ctx context.Context, db *sql.DB, customerID, orderID string) error {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	result, err := db.ExecContext(ctx,
		`UPDATE sagas SET state = 'refunding', attempts = 0, next_attempt_at = now(), claimed_until = '-infinity', version = version + 1
		 WHERE order_id = (SELECT id FROM orders WHERE id = $1 AND customer_id = $2)
		   AND state IN ('reserving', 'charging', 'confirmed')`, orderID, customerID)
	if err != nil {
		return err
	}
	if turned, err := result.RowsAffected(); err != nil || turned == 1 {
		return err
	}
	var state string
	err = db.QueryRowContext(ctx,
		`SELECT state FROM sagas JOIN orders ON orders.id = sagas.order_id WHERE orders.id = $1 AND orders.customer_id = $2`,
		orderID, customerID).Scan(&state)
	if err != nil {
		return err
	}
	if state == "shipped" {
		return errTooLate
	}
	return nil
}

func findOrder(ctx context.Context, db *sql.DB, customerID, id string) (Order, error) {
	var order Order
	err := db.QueryRowContext(ctx,
		`SELECT id, customer_id, status, total_cents, version FROM orders WHERE id = $1 AND customer_id = $2`,
		id, customerID,
	).Scan(&order.ID, &order.CustomerID, &order.Status, &order.TotalCents, &order.Version)
	return order, err
}

func linesOf(ctx context.Context, db *sql.DB, orderID string) ([]Line, error) {
	rows, err := db.QueryContext(ctx, `SELECT sku, quantity FROM order_lines WHERE order_id = $1 ORDER BY sku`, orderID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lines []Line
	for rows.Next() {
		var line Line
		if err := rows.Scan(&line.SKU, &line.Quantity); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

func ordersOf(ctx context.Context, db *sql.DB, customerID string, page int) ([]Order, error) {
	rows, err := db.QueryContext(ctx,
		`SELECT id, customer_id, status, total_cents, version FROM orders
		 WHERE customer_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3`,
		customerID, pageSize, page*pageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	orders := []Order{}
	for rows.Next() {
		var order Order
		if err := rows.Scan(&order.ID, &order.CustomerID, &order.Status, &order.TotalCents, &order.Version); err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, rows.Err()
}

func columns(lines []Line) (skus []string, quantities []int64) {
	for _, line := range lines {
		skus = append(skus, line.SKU)
		quantities = append(quantities, int64(line.Quantity))
	}
	return skus, quantities
}
