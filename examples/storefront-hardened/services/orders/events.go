package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"math/rand"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

const (
	exchange       = "orders"
	batchSize      = 50
	confirmTimeout = 5 * time.Second
	keyValidity    = "7 days"
)

// orderEvent carries all a consumer needs, so nobody has to call back.
type orderEvent struct {
	EventID      string    `json:"event_id"`
	Schema       int       `json:"schema"`
	OccurredAt   time.Time `json:"occurred_at"`
	OrderID      string    `json:"order_id"`
	OrderVersion int64     `json:"order_version"`
	CustomerID   string    `json:"customer_id"`
	TotalCents   int64     `json:"total_cents"`
}

type message struct {
	ID          string
	RoutingKey  string
	Body        []byte
	TraceParent string
}

// relay publishes what is in the outbox, at least once. A row is done when the
// broker confirmed it; a crash in between publishes it again.
type relay struct {
	db      *sql.DB
	url     string
	conn    *amqp.Connection
	channel *amqp.Channel
	returns chan amqp.Return
}

func newRelay(db *sql.DB, url string) *relay {
	return &relay{db: db, url: url}
}

func (r *relay) run(ctx context.Context) {
	nextPurge := time.Now()
	for ctx.Err() == nil {
		published, err := r.publishBatch(ctx)
		if err != nil {
			log.Printf("relay: %v", err)
			r.close()
		}
		if time.Now().After(nextPurge) {
			nextPurge = time.Now().Add(time.Hour)
			if err := purgeKeys(ctx, r.db); err != nil {
				log.Printf("purge idempotency keys: %v", err)
			}
		}
		if published < batchSize {
			pause(ctx, idle+time.Duration(rand.Int63n(int64(idle))))
		}
	}
	r.close()
}

func (r *relay) publishBatch(ctx context.Context) (int, error) {
	messages, err := claimMessages(ctx, r.db)
	if err != nil || len(messages) == 0 {
		return 0, err
	}
	if err := r.connect(); err != nil {
		return 0, err
	}
	for i, m := range messages {
		if err := r.publish(ctx, m); err != nil {
			return i, err
		}
		if err := markPublished(ctx, r.db, m.ID); err != nil {
			return i, err
		}
	}
	return len(messages), nil
}

func (r *relay) connect() error {
	if r.channel != nil && !r.channel.IsClosed() {
		return nil
	}
	conn, err := amqp.DialConfig(r.url, amqp.Config{Heartbeat: 10 * time.Second, Dial: amqp.DefaultDial(5 * time.Second)})
	if err != nil {
		return err
	}
	channel, err := conn.Channel()
	if err != nil {
		conn.Close()
		return err
	}
	if err := channel.Confirm(false); err != nil {
		conn.Close()
		return err
	}
	r.conn, r.channel = conn, channel
	r.returns = channel.NotifyReturn(make(chan amqp.Return, batchSize))
	return nil
}

func (r *relay) publish(ctx context.Context, m message) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	confirmation, err := r.channel.PublishWithDeferredConfirmWithContext(ctx, exchange, m.RoutingKey, true, false, amqp.Publishing{
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		MessageId:    m.ID,
		Headers:      amqp.Table{"traceparent": m.TraceParent},
		Body:         m.Body,
	})
	if err != nil {
		return err
	}
	confirmed, err := confirmation.WaitContext(ctx)
	if err != nil {
		return err
	}
	if !confirmed {
		return errors.New("the broker refused message " + m.ID)
	}
	// The broker returns what no queue is bound for before it confirms it.
	select {
	case returned := <-r.returns:
		return errors.New("no queue is bound for " + returned.RoutingKey)
	default:
		return nil
	}
}

func (r *relay) close() {
	if r.conn != nil {
		r.conn.Close()
	}
	r.conn, r.channel = nil, nil
}

// claimMessages leases unpublished rows. The lease doubles with each attempt up
// to five minutes and is spread by a random factor, so a broker that is down is
// not hammered.
func claimMessages(ctx context.Context, db *sql.DB) ([]message, error) {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	rows, err := db.QueryContext(ctx,
		`UPDATE outbox SET attempts = attempts + 1,
		        claimed_until = now() + least(300, 30 * 2 ^ least(attempts, 5)) * (0.5 + random() / 2) * interval '1 second'
		 WHERE id IN (
		     SELECT id FROM outbox WHERE published_at IS NULL AND claimed_until <= now()
		     ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		 RETURNING id, routing_key, body, traceparent`, batchSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var messages []message
	for rows.Next() {
		var m message
		if err := rows.Scan(&m.ID, &m.RoutingKey, &m.Body, &m.TraceParent); err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, rows.Err()
}

func markPublished(ctx context.Context, db *sql.DB, id string) error {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	_, err := db.ExecContext(ctx, `UPDATE outbox SET published_at = now() WHERE id = $1`, id)
	return err
}

func purgeKeys(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 10*localTimeout)
	defer cancel()
	_, err := db.ExecContext(ctx, `DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval`, keyValidity)
	return err
}

func traceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, carrier)
	return carrier["traceparent"]
}
