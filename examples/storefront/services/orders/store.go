package main

import (
	"database/sql"
	"time"
)

// Line is one product in an order.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int32  `json:"quantity"`
}

// Order is what a customer bought.
type Order struct {
	ID         string    `json:"id"`
	CustomerID string    `json:"-"`
	Status     string    `json:"status"`
	TotalCents int64     `json:"total_cents"`
	Lines      []Line    `json:"-"`
	CreatedAt  time.Time `json:"created_at"`
}

const pageSize = 20

func insertOrder(tx *sql.Tx, order Order) error {
	_, err := tx.Exec(
		`INSERT INTO orders (id, customer_id, status, total_cents, created_at) VALUES ($1, $2, $3, $4, $5)`,
		order.ID, order.CustomerID, order.Status, order.TotalCents, order.CreatedAt)
	if err != nil {
		return err
	}
	for _, line := range order.Lines {
		_, err := tx.Exec(
			`INSERT INTO order_lines (order_id, sku, quantity) VALUES ($1, $2, $3)`,
			order.ID, line.SKU, line.Quantity)
		if err != nil {
			return err
		}
	}
	return nil
}

func findOrder(db *sql.DB, id string) (Order, error) {
	var order Order
	err := db.QueryRow(
		`SELECT id, customer_id, status, total_cents, created_at FROM orders WHERE id = $1`, id,
	).Scan(&order.ID, &order.CustomerID, &order.Status, &order.TotalCents, &order.CreatedAt)
	if err != nil {
		return order, err
	}
	rows, err := db.Query(`SELECT sku, quantity FROM order_lines WHERE order_id = $1`, id)
	if err != nil {
		return order, err
	}
	defer rows.Close()
	for rows.Next() {
		var line Line
		if err := rows.Scan(&line.SKU, &line.Quantity); err != nil {
			return order, err
		}
		order.Lines = append(order.Lines, line)
	}
	return order, rows.Err()
}

func setStatus(db *sql.DB, id, status string) error {
	_, err := db.Exec(`UPDATE orders SET status = $1 WHERE id = $2`, status, id)
	return err
}

func ordersOf(db *sql.DB, customerID string, page int) ([]Order, error) {
	rows, err := db.Query(
		`SELECT id, customer_id, status, total_cents, created_at FROM orders
		 WHERE customer_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3`,
		customerID, pageSize, page*pageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	orders := []Order{}
	for rows.Next() {
		var order Order
		if err := rows.Scan(&order.ID, &order.CustomerID, &order.Status, &order.TotalCents, &order.CreatedAt); err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, rows.Err()
}
