// Command orders serves the public order API of the storefront.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	_ "github.com/lib/pq"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"example.com/storefront/gen/inventorypb"
	"example.com/storefront/gen/paymentspb"
)

// requestBudget is what a request may take: less than the 3 s of the ingress
// gateway, more than the quote (1.1 s) and the local transaction (1 s) together.
const requestBudget = 2500 * time.Millisecond

type server struct {
	db        *sql.DB
	inventory inventorypb.InventoryClient
	payments  paymentspb.PaymentsClient
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	shutdownTracing := mustTrace(ctx)

	s := &server{
		db:        mustOpen("DATABASE_URL"),
		inventory: inventorypb.NewInventoryClient(mustDial("INVENTORY_ADDR")),
		payments:  paymentspb.NewPaymentsClient(mustDial("PAYMENTS_ADDR")),
	}

	var workers sync.WaitGroup
	workers.Add(2)
	go func() { defer workers.Done(); s.runSagas(ctx) }()
	go func() { defer workers.Done(); newRelay(s.db, os.Getenv("AMQP_URL")).run(ctx) }()

	r := chi.NewRouter()
	r.Use(middleware.RequestID)
	r.Use(middleware.Recoverer)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	r.Group(func(r chi.Router) {
		r.Use(withBudget)
		r.Post("/orders", s.createOrder)
		r.Get("/orders", s.listOrders)
		r.Get("/orders/{orderId}", s.getOrder)
		r.Put("/orders/{orderId}/cancellation", s.cancelOrder)
	})

	srv := &http.Server{
		Addr:              ":8080",
		Handler:           otelhttp.NewHandler(r, "orders"),
		ReadHeaderTimeout: time.Second,
		ReadTimeout:       2 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	go func() {
		log.Printf("listening on :8080")
		if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()

	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		log.Printf("shut down: %v", err)
	}
	workers.Wait()
	shutdownTracing(grace)
}

// withBudget gives every request one deadline, which all calls below inherit.
func withBudget(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestBudget)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// mustOpen expects connect_timeout and statement_timeout in the URL.
func mustOpen(key string) *sql.DB {
	db, err := sql.Open("postgres", os.Getenv(key))
	if err != nil {
		log.Fatalf("open database: %v", err)
	}
	db.SetMaxOpenConns(20)
	db.SetConnMaxLifetime(5 * time.Minute)
	return db
}

func mustTrace(ctx context.Context) func(context.Context) {
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		log.Fatalf("create trace exporter: %v", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return func(ctx context.Context) {
		if err := provider.Shutdown(ctx); err != nil {
			log.Printf("flush traces: %v", err)
		}
	}
}
