package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"example.com/storefront/gen/inventorypb"
	"example.com/storefront/gen/paymentspb"
)

const (
	quoteAttempts = 2
	quoteTimeout  = 500 * time.Millisecond
	// Each of these covers the worst case of its callee, see ADR 2.
	reserveTimeout = 2 * time.Second
	releaseTimeout = 2 * time.Second
	chargeTimeout  = 5 * time.Second
	refundTimeout  = 5 * time.Second
)

var errUnknownProduct = errors.New("unknown product")

// mustDial connects to the service whose address is in the environment.
// The mesh encrypts the traffic, so the connection itself is plain.
func mustDial(key string) *grpc.ClientConn {
	addr := os.Getenv(key)
	if addr == "" {
		log.Fatalf("%s is not set", key)
	}
	conn, err := grpc.NewClient(addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	if err != nil {
		log.Fatalf("dial %s: %v", addr, err)
	}
	return conn
}

// price adds up the current prices of the lines. It only reads, so it may be
// repeated once when inventory is not reachable.
func (s *server) price(ctx context.Context, lines []Line) (int64, error) {
	skus := make([]string, 0, len(lines))
	for _, line := range lines {
		skus = append(skus, line.SKU)
	}
	reply, err := s.getItems(ctx, skus)
	if err != nil {
		return 0, fmt.Errorf("prices: %w", err)
	}
	prices := make(map[string]int64, len(skus))
	for _, item := range reply.GetItems() {
		prices[item.GetSku()] = item.GetPriceCents()
	}
	var total int64
	for _, line := range lines {
		price, known := prices[line.SKU]
		if !known {
			return 0, fmt.Errorf("%w: %s", errUnknownProduct, line.SKU)
		}
		total += price * int64(line.Quantity)
	}
	return total, nil
}

func (s *server) getItems(ctx context.Context, skus []string) (*inventorypb.GetItemsReply, error) {
	var err error
	for attempt := 0; attempt < quoteAttempts; attempt++ {
		if attempt > 0 {
			// Full jitter over an exponentially growing window: 100 ms, 200 ms, ...
			window := 100 * time.Millisecond << (attempt - 1)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Duration(rand.Int63n(int64(window)))):
			}
		}
		var reply *inventorypb.GetItemsReply
		callCtx, cancel := context.WithTimeout(ctx, quoteTimeout)
		reply, err = s.inventory.GetItems(callCtx, &inventorypb.GetItemsRequest{Skus: skus})
		cancel()
		if err == nil {
			return reply, nil
		}
		if code := status.Code(err); code != codes.Unavailable && code != codes.DeadlineExceeded {
			return nil, err
		}
	}
	return nil, err
}

// The four saga steps make one attempt each. The saga repeats them, and the
// order id is the idempotency key of all of them.

func (s *server) reserve(ctx context.Context, g saga) (sagaState, error) {
	lines := make([]*inventorypb.Line, 0, len(g.Lines))
	for _, line := range g.Lines {
		lines = append(lines, &inventorypb.Line{Sku: line.SKU, Quantity: line.Quantity})
	}
	ctx, cancel := context.WithTimeout(ctx, reserveTimeout)
	defer cancel()
	reply, err := s.inventory.Reserve(ctx, &inventorypb.ReserveRequest{OrderId: g.OrderID, Lines: lines})
	if err != nil {
		return reserving, fmt.Errorf("reserve stock of order %s: %w", g.OrderID, err)
	}
	if reply.GetStatus() != "held" {
		return cancelled, nil
	}
	return charging, nil
}

func (s *server) charge(ctx context.Context, g saga) (sagaState, error) {
	ctx, cancel := context.WithTimeout(ctx, chargeTimeout)
	defer cancel()
	reply, err := s.payments.Charge(ctx, &paymentspb.ChargeRequest{
		IdempotencyKey: g.OrderID,
		OrderId:        g.OrderID,
		AmountCents:    g.AmountCents,
		CardToken:      g.CardToken,
	})
	if err != nil {
		return charging, fmt.Errorf("charge order %s: %w", g.OrderID, err)
	}
	if reply.GetStatus() != "captured" {
		return releasing, nil
	}
	return confirmed, nil
}

func (s *server) refund(ctx context.Context, g saga) (sagaState, error) {
	ctx, cancel := context.WithTimeout(ctx, refundTimeout)
	defer cancel()
	if _, err := s.payments.Refund(ctx, &paymentspb.RefundRequest{IdempotencyKey: g.OrderID}); err != nil {
		return refunding, fmt.Errorf("refund order %s: %w", g.OrderID, err)
	}
	return releasing, nil
}

func (s *server) release(ctx context.Context, g saga) (sagaState, error) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	if _, err := s.inventory.Release(ctx, &inventorypb.ReleaseRequest{OrderId: g.OrderID}); err != nil {
		return releasing, fmt.Errorf("release stock of order %s: %w", g.OrderID, err)
	}
	return cancelled, nil
}
