// Command inventory keeps stock levels and prices.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"net"
	"os"

	_ "github.com/lib/pq"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"example.com/storefront/gen/inventorypb"
)

type inventoryServer struct {
	inventorypb.UnimplementedInventoryServer
	db *sql.DB
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatalf("open database: %v", err)
	}
	listener, err := net.Listen("tcp", ":9090")
	if err != nil {
		log.Fatalf("listen: %v", err)
	}
	srv := grpc.NewServer()
	inventorypb.RegisterInventoryServer(srv, &inventoryServer{db: db})
	healthpb.RegisterHealthServer(srv, health.NewServer())
	log.Printf("listening on :9090")
	log.Fatal(srv.Serve(listener))
}

func (s *inventoryServer) GetItem(ctx context.Context, req *inventorypb.GetItemRequest) (*inventorypb.Item, error) {
	item := &inventorypb.Item{Sku: req.GetSku()}
	err := s.db.QueryRow(
		`SELECT price_cents, available FROM stock WHERE sku = $1`, req.GetSku(),
	).Scan(&item.PriceCents, &item.Available)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, status.Errorf(codes.NotFound, "no product %s", req.GetSku())
	}
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return item, nil
}

func (s *inventoryServer) Reserve(ctx context.Context, req *inventorypb.ReserveRequest) (*inventorypb.ReserveReply, error) {
	available, err := s.available(req.GetSku())
	if err != nil {
		return nil, err
	}
	if available < req.GetQuantity() {
		return nil, status.Errorf(codes.FailedPrecondition, "%d of %s left", available, req.GetSku())
	}
	left := available - req.GetQuantity()
	if _, err := s.db.Exec(`UPDATE stock SET available = $1 WHERE sku = $2`, left, req.GetSku()); err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &inventorypb.ReserveReply{Available: left}, nil
}

func (s *inventoryServer) Release(ctx context.Context, req *inventorypb.ReleaseRequest) (*inventorypb.ReleaseReply, error) {
	_, err := s.db.Exec(`UPDATE stock SET available = available + $1 WHERE sku = $2`, req.GetQuantity(), req.GetSku())
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &inventorypb.ReleaseReply{}, nil
}

func (s *inventoryServer) available(sku string) (int32, error) {
	var available int32
	err := s.db.QueryRow(`SELECT available FROM stock WHERE sku = $1`, sku).Scan(&available)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, status.Errorf(codes.NotFound, "no product %s", sku)
	}
	if err != nil {
		return 0, status.Error(codes.Unavailable, err.Error())
	}
	return available, nil
}
