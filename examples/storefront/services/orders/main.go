// Command orders serves the public order API of the storefront.
package main

import (
	"database/sql"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	_ "github.com/lib/pq"
	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"example.com/storefront/gen/inventorypb"
	"example.com/storefront/gen/paymentspb"
)

type server struct {
	db        *sql.DB
	replica   *sql.DB
	inventory inventorypb.InventoryClient
	payments  paymentspb.PaymentsClient
	channel   *amqp.Channel
}

func main() {
	broker, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatalf("connect to broker: %v", err)
	}
	defer broker.Close()
	channel, err := broker.Channel()
	if err != nil {
		log.Fatalf("open channel: %v", err)
	}

	s := &server{
		db:        mustOpen("DATABASE_URL"),
		replica:   mustOpen("DATABASE_READ_URL"),
		inventory: inventorypb.NewInventoryClient(mustDial("INVENTORY_ADDR")),
		payments:  paymentspb.NewPaymentsClient(mustDial("PAYMENTS_ADDR")),
		channel:   channel,
	}

	r := chi.NewRouter()
	r.Use(middleware.RequestID)
	r.Use(middleware.Recoverer)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	r.Post("/orders", s.createOrder)
	r.Get("/orders", s.listOrders)
	r.Get("/orders/{orderId}", s.getOrder)
	r.Post("/orders/{orderId}/cancel", s.cancelOrder)

	log.Printf("listening on :8080")
	log.Fatal(http.ListenAndServe(":8080", otelhttp.NewHandler(r, "orders")))
}

func mustOpen(key string) *sql.DB {
	db, err := sql.Open("postgres", os.Getenv(key))
	if err != nil {
		log.Fatalf("open database: %v", err)
	}
	return db
}
