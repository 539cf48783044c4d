// Command inventory keeps stock levels and prices.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"math/rand"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lib/pq"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"example.com/storefront/gen/inventorypb"
)

const (
	readTimeout     = 400 * time.Millisecond  // callers wait 500 ms
	writeTimeout    = 1500 * time.Millisecond // callers wait 2 s
	reserveAttempts = 3
	maxLines        = 50
)

// errConflict says that another order took units of the same product first.
var errConflict = errors.New("stock changed meanwhile")

type inventoryServer struct {
	inventorypb.UnimplementedInventoryServer
	db *sql.DB
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		log.Fatalf("create trace exporter: %v", err)
	}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter)))
	otel.SetTextMapPropagator(propagation.TraceContext{})

	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatalf("open database: %v", err)
	}
	db.SetMaxOpenConns(20)
	db.SetConnMaxLifetime(5 * time.Minute)
	listener, err := net.Listen("tcp", ":9090")
	if err != nil {
		log.Fatalf("listen: %v", err)
	}
	srv := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler()))
	inventorypb.RegisterInventoryServer(srv, &inventoryServer{db: db})
	healthpb.RegisterHealthServer(srv, health.NewServer())
	go func() {
		<-ctx.Done()
		srv.GracefulStop()
	}()
	log.Printf("listening on :9090")
	if err := srv.Serve(listener); err != nil {
		log.Fatal(err)
	}
}

func (s *inventoryServer) GetItems(ctx context.Context, req *inventorypb.GetItemsRequest) (*inventorypb.GetItemsReply, error) {
	if len(req.GetSkus()) > maxLines {
		return nil, status.Errorf(codes.InvalidArgument, "more than %d products", maxLines)
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := s.db.QueryContext(ctx,
		`SELECT sku, price_cents, available FROM stock WHERE sku = ANY($1)`, pq.Array(req.GetSkus()))
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	defer rows.Close()
	reply := &inventorypb.GetItemsReply{}
	for rows.Next() {
		item := &inventorypb.Item{}
		if err := rows.Scan(&item.Sku, &item.PriceCents, &item.Available); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		reply.Items = append(reply.Items, item)
	}
	if err := rows.Err(); err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return reply, nil
}

func (s *inventoryServer) Reserve(ctx context.Context, req *inventorypb.ReserveRequest) (*inventorypb.ReserveReply, error) {
	if len(req.GetLines()) == 0 || len(req.GetLines()) > maxLines {
		return nil, status.Errorf(codes.InvalidArgument, "between 1 and %d lines", maxLines)
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for attempt := 1; attempt <= reserveAttempts; attempt++ {
		outcome, err := s.reserve(ctx, req)
		if err == nil {
			return &inventorypb.ReserveReply{Status: outcome}, nil
		}
		if !errors.Is(err, errConflict) {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		// The local transaction was rolled back, so it can be repeated. Full jitter.
		window := 20 * time.Millisecond << attempt
		select {
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-time.After(time.Duration(rand.Int63n(int64(window)))):
		}
	}
	return nil, status.Error(codes.Aborted, errConflict.Error())
}

// reserve records the order and takes the units in one local transaction.
func (s *inventoryServer) reserve(ctx context.Context, req *inventorypb.ReserveRequest) (string, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback()

	result, err := tx.ExecContext(ctx,
		`INSERT INTO reservations (order_id, status) VALUES ($1, 'held') ON CONFLICT (order_id) DO NOTHING`, req.GetOrderId())
	if err != nil {
		return "", err
	}
	inserted, err := result.RowsAffected()
	if err != nil {
		return "", err
	}
	if inserted == 0 {
		var first string
		err := tx.QueryRowContext(ctx, `SELECT status FROM reservations WHERE order_id = $1`, req.GetOrderId()).Scan(&first)
		return first, err
	}

	skus, quantities := columns(req.GetLines())
	versions, enough, err := stockOf(ctx, tx, skus, quantities)
	if err != nil {
		return "", err
	}
	if !enough {
		_, err := tx.ExecContext(ctx, `UPDATE reservations SET status = 'rejected' WHERE order_id = $1`, req.GetOrderId())
		if err != nil {
			return "", err
		}
		return "rejected", tx.Commit()
	}
	result, err = tx.ExecContext(ctx,
		`UPDATE stock SET available = stock.available - line.quantity, version = stock.version + 1
		 FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS line (sku, quantity, version)
		 WHERE stock.sku = line.sku AND stock.version = line.version`,
		pq.Array(skus), pq.Array(quantities), pq.Array(versions))
	if err != nil {
		return "", conflict(err)
	}
	if taken, err := result.RowsAffected(); err != nil || taken != int64(len(skus)) {
		return "", errors.Join(err, errConflict)
	}
	_, err = tx.ExecContext(ctx,
		`INSERT INTO reservation_lines (order_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::integer[])`,
		req.GetOrderId(), pq.Array(skus), pq.Array(quantities))
	if err != nil {
		return "", err
	}
	return "held", tx.Commit()
}

// stockOf reads the versions of the products in the order of skus, and whether
// each has enough units.
func stockOf(ctx context.Context, tx *sql.Tx, skus []string, quantities []int64) (versions []int64, enough bool, err error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT stock.version, stock.available >= line.quantity
		 FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS line (sku, quantity, position)
		 JOIN stock ON stock.sku = line.sku ORDER BY line.position`,
		pq.Array(skus), pq.Array(quantities))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	enough = true
	for rows.Next() {
		var version int64
		var fits bool
		if err := rows.Scan(&version, &fits); err != nil {
			return nil, false, err
		}
		versions = append(versions, version)
		enough = enough && fits
	}
	return versions, enough && len(versions) == len(skus), rows.Err()
}

// Release returns the units of a held order. An order that was never reserved
// gets a row as well: it makes a Reserve that arrives late find "released".
func (s *inventoryServer) Release(ctx context.Context, req *inventorypb.ReleaseRequest) (*inventorypb.ReleaseReply, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.release(ctx, req.GetOrderId()); err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &inventorypb.ReleaseReply{}, nil
}

func (s *inventoryServer) release(ctx context.Context, orderID string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx,
		`INSERT INTO reservations (order_id, status) VALUES ($1, 'released') ON CONFLICT (order_id) DO NOTHING`, orderID)
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx,
		`UPDATE reservations SET status = 'released' WHERE order_id = $1 AND status = 'held'`, orderID)
	if err != nil {
		return err
	}
	released, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if released == 1 {
		_, err := tx.ExecContext(ctx,
			`UPDATE stock SET available = stock.available + line.quantity, version = stock.version + 1
			 FROM reservation_lines AS line WHERE line.order_id = $1 AND line.sku = stock.sku`, orderID)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// conflict recognises a deadlock with another order as what it is.
func conflict(err error) error {
	var pgErr *pq.Error
	if errors.As(err, &pgErr) && (pgErr.Code == "40P01" || pgErr.Code == "40001") {
		return errConflict
	}
	return err
}

func columns(lines []*inventorypb.Line) (skus []string, quantities []int64) {
	for _, line := range lines {
		skus = append(skus, line.GetSku())
		quantities = append(quantities, int64(line.GetQuantity()))
	}
	return skus, quantities
}
