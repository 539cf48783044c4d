package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/storefront/gen/paymentspb"
)

type newOrder struct {
	Lines     []Line `json:"lines"`
	CardToken string `json:"card_token"`
}

func (s *server) createOrder(w http.ResponseWriter, r *http.Request) {
	var body newOrder
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Lines) == 0 || len(body.Lines) > 50 {
		http.Error(w, "the body is not an order", http.StatusBadRequest)
		return
	}
	ctx := r.Context()

	total, err := s.price(ctx, body.Lines)
	if err != nil {
		log.Printf("price: %v", err)
		http.Error(w, "prices are unavailable", http.StatusBadGateway)
		return
	}
	order := Order{
		ID:         uuid.NewString(),
		CustomerID: r.Header.Get("X-Customer-Id"),
		Status:     "pending",
		TotalCents: total,
		Lines:      body.Lines,
		CreatedAt:  time.Now(),
	}

	tx, err := s.db.Begin()
	if err != nil {
		http.Error(w, "the order could not be stored", http.StatusInternalServerError)
		return
	}
	defer tx.Rollback()
	if err := insertOrder(tx, order); err != nil {
		log.Printf("insert order %s: %v", order.ID, err)
		http.Error(w, "the order could not be stored", http.StatusInternalServerError)
		return
	}
	for _, line := range order.Lines {
		if err := s.reserve(ctx, line); err != nil {
			log.Print(err)
			if status.Code(err) == codes.FailedPrecondition {
				http.Error(w, line.SKU+" is out of stock", http.StatusConflict)
				return
			}
			http.Error(w, "stock is unavailable", http.StatusBadGateway)
			return
		}
	}
	if err := tx.Commit(); err != nil {
		http.Error(w, "the order could not be stored", http.StatusInternalServerError)
		return
	}

	if err := s.charge(order, body.CardToken); err != nil {
		log.Print(err)
		http.Error(w, "the payment failed", http.StatusBadGateway)
		return
	}
	order.Status = "paid"

	if err := s.publish("order.placed", orderEvent{OrderID: order.ID, CustomerID: order.CustomerID}); err != nil {
		log.Printf("publish order.placed of %s: %v", order.ID, err)
	}
	writeJSON(w, http.StatusCreated, order)
}

func (s *server) listOrders(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	orders, err := ordersOf(s.replica, r.Header.Get("X-Customer-Id"), max(page, 0))
	if err != nil {
		log.Printf("list orders: %v", err)
		http.Error(w, "the orders could not be read", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, orders)
}

func (s *server) getOrder(w http.ResponseWriter, r *http.Request) {
	order, err := findOrder(s.db, chi.URLParam(r, "orderId"))
	if errors.Is(err, sql.ErrNoRows) {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, "the order could not be read", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, order)
}

func (s *server) cancelOrder(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	order, err := findOrder(s.db, chi.URLParam(r, "orderId"))
	if err != nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	if order.Status == "shipped" {
		http.Error(w, "the order was already handed to shipping", http.StatusConflict)
		return
	}
	if _, err := s.payments.Refund(ctx, &paymentspb.RefundRequest{OrderId: order.ID}); err != nil {
		log.Printf("refund of order %s: %v", order.ID, err)
		http.Error(w, "the refund failed", http.StatusBadGateway)
		return
	}
	for _, line := range order.Lines {
		if err := s.release(ctx, line); err != nil {
			log.Printf("release %s of order %s: %v", line.SKU, order.ID, err)
		}
	}
	if err := setStatus(s.db, order.ID, "cancelled"); err != nil {
		http.Error(w, "the order could not be stored", http.StatusInternalServerError)
		return
	}
	order.Status = "cancelled"
	if err := s.publish("order.cancelled", orderEvent{OrderID: order.ID}); err != nil {
		log.Printf("publish order.cancelled of %s: %v", order.ID, err)
	}
	writeJSON(w, http.StatusOK, order)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("write response: %v", err)
	}
}
