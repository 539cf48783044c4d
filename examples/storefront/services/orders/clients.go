package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/storefront/gen/inventorypb"
	"example.com/storefront/gen/paymentspb"
)

const (
	reserveAttempts = 3
	chargeAttempts  = 3
)

// mustDial connects to the service whose address is in the environment.
// The mesh encrypts the traffic, so the connection itself is plain.
func mustDial(key string) *grpc.ClientConn {
	addr := os.Getenv(key)
	if addr == "" {
		log.Fatalf("%s is not set", key)
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatalf("dial %s: %v", addr, err)
	}
	return conn
}

// price adds up the current prices of the lines.
func (s *server) price(ctx context.Context, lines []Line) (int64, error) {
	var total int64
	for _, line := range lines {
		item, err := s.inventory.GetItem(ctx, &inventorypb.GetItemRequest{Sku: line.SKU})
		if err != nil {
			return 0, fmt.Errorf("price of %s: %w", line.SKU, err)
		}
		total += item.GetPriceCents() * int64(line.Quantity)
	}
	return total, nil
}

func (s *server) reserve(ctx context.Context, line Line) error {
	var err error
	for attempt := 0; attempt < reserveAttempts; attempt++ {
		_, err = s.inventory.Reserve(ctx, &inventorypb.ReserveRequest{
			Sku:      line.SKU,
			Quantity: line.Quantity,
		})
		if err == nil {
			return nil
		}
		log.Printf("reserve %s failed, trying again: %v", line.SKU, err)
		time.Sleep(200 * time.Millisecond)
	}
	return fmt.Errorf("reserve %s: %w", line.SKU, err)
}

func (s *server) release(ctx context.Context, line Line) error {
	_, err := s.inventory.Release(ctx, &inventorypb.ReleaseRequest{Sku: line.SKU, Quantity: line.Quantity})
	return err
}

// charge takes the money for the order.
func (s *server) charge(order Order, cardToken string) error {
	var err error
	for attempt := 0; attempt < chargeAttempts; attempt++ {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_, err = s.payments.Charge(ctx, &paymentspb.ChargeRequest{
			IdempotencyKey: uuid.NewString(),
			OrderId:        order.ID,
			AmountCents:    order.TotalCents,
			CardToken:      cardToken,
		})
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("charge order %s: %w", order.ID, err)
}
