package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

const maxBody = 64 << 10

type newOrder struct {
	Lines     []Line `json:"lines"`
	CardToken string `json:"card_token"`
}

// createOrder stores the order and answers at once. The saga reserves the stock
// and charges the card.
func (s *server) createOrder(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 64 {
		http.Error(w, "the header Idempotency-Key is missing or too long", http.StatusBadRequest)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	var body newOrder
	if err := json.Unmarshal(raw, &body); err != nil || !valid(body) {
		http.Error(w, "the body is not an order", http.StatusBadRequest)
		return
	}
	ctx := r.Context()

	total, err := s.price(ctx, body.Lines)
	if errors.Is(err, errUnknownProduct) {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		log.Printf("price: %v", err)
		unavailable(w, "prices are unavailable")
		return
	}
	order := Order{
		ID:         uuid.NewString(),
		CustomerID: r.Header.Get("X-Customer-Id"),
		Status:     "pending",
		TotalCents: total,
		Version:    1,
		Lines:      body.Lines,
	}
	response, err := json.Marshal(order)
	if err != nil {
		http.Error(w, "the order could not be stored", http.StatusInternalServerError)
		return
	}
	hash := sha256.Sum256(raw)
	response, err = placeOrder(ctx, s.db,
		requestKey{CustomerID: order.CustomerID, Key: key, Hash: hash[:]}, order, body.CardToken, response)
	if errors.Is(err, errKeyReused) {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		// The outcome is unknown to the client: it repeats the request with its key.
		log.Printf("place order: %v", err)
		unavailable(w, "the order could not be stored")
		return
	}
	writeJSON(w, http.StatusAccepted, response)
}

func (s *server) listOrders(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	orders, err := ordersOf(r.Context(), s.db, r.Header.Get("X-Customer-Id"), max(page, 0))
	if err != nil {
		log.Printf("list orders: %v", err)
		unavailable(w, "the orders could not be read")
		return
	}
	answer(w, http.StatusOK, orders)
}

func (s *server) getOrder(w http.ResponseWriter, r *http.Request) {
	order, err := findOrder(r.Context(), s.db, r.Header.Get("X-Customer-Id"), chi.URLParam(r, "orderId"))
	if errors.Is(err, sql.ErrNoRows) {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	if err != nil {
		log.Printf("read order: %v", err)
		unavailable(w, "the order could not be read")
		return
	}
	answer(w, http.StatusOK, order)
}

func (s *server) cancelOrder(w http.ResponseWriter, r *http.Request) {
	orderID := chi.URLParam(r, "orderId")
	err := requestCancellation(r.Context(), s.db, r.Header.Get("X-Customer-Id"), orderID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		http.Error(w, "no such order", http.StatusNotFound)
	case errors.Is(err, errTooLate):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		log.Printf("cancel order %s: %v", orderID, err)
		unavailable(w, "the cancellation could not be stored")
	default:
		answer(w, http.StatusAccepted, map[string]string{"id": orderID, "cancellation": "accepted"})
	}
}

func valid(body newOrder) bool {
	if len(body.Lines) == 0 || len(body.Lines) > 50 || body.CardToken == "" {
		return false
	}
	seen := make(map[string]bool, len(body.Lines))
	for _, line := range body.Lines {
		if line.SKU == "" || seen[line.SKU] || line.Quantity < 1 || line.Quantity > 100 {
			return false
		}
		seen[line.SKU] = true
	}
	return true
}

func unavailable(w http.ResponseWriter, message string) {
	w.Header().Set("Retry-After", "2")
	http.Error(w, message, http.StatusServiceUnavailable)
}

func answer(w http.ResponseWriter, code int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	writeJSON(w, code, encoded)
}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if _, err := w.Write(body); err != nil {
		log.Printf("write response: %v", err)
	}
}
