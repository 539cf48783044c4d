package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"math/rand"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// sagaState is where an order stands. It is stored before each step, so any
// replica can go on where another one stopped.
//
//	reserving -> charging -> confirmed
//	     |          |            |          (attempts used up, or cancelled)
//	     +----------+--------> refunding -> releasing -> cancelled
type sagaState string

const (
	reserving sagaState = "reserving"
	charging  sagaState = "charging"
	confirmed sagaState = "confirmed"
	refunding sagaState = "refunding"
	releasing sagaState = "releasing"
	cancelled sagaState = "cancelled"
	parked    sagaState = "parked"
)

const (
	// Forward steps are given up after about four minutes and undone.
	forwardAttempts = 8
	// Undoing goes on for about three hours, then a person is paged.
	undoAttempts = 40
	maxBackoff   = 5 * time.Minute
	idle         = 500 * time.Millisecond
	localTimeout = time.Second
)

type saga struct {
	OrderID     string
	State       sagaState
	Attempts    int
	Version     int64
	AmountCents int64
	CardToken   string
	TraceParent string
	Lines       []Line
}

// runSagas moves orders forward until the process is told to stop.
func (s *server) runSagas(ctx context.Context) {
	for ctx.Err() == nil {
		g, err := claimSaga(ctx, s.db)
		if err != nil {
			if !errors.Is(err, sql.ErrNoRows) {
				log.Printf("claim saga: %v", err)
			}
			pause(ctx, idle+time.Duration(rand.Int63n(int64(idle))))
			continue
		}
		s.advance(ctx, g)
	}
}

// advance makes one attempt at the current step and stores what came of it.
// No transaction is open and no row is locked during the remote call: the claim
// is a lease of 30 s, and its version fences off a holder that was too slow.
func (s *server) advance(ctx context.Context, g saga) {
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.MapCarrier{"traceparent": g.TraceParent})
	ctx, span := otel.Tracer("orders").Start(ctx, "saga "+string(g.State))
	defer span.End()

	next, err := s.step(ctx, g)
	if err == nil {
		err = settleSaga(ctx, s.db, g, next)
	} else {
		log.Printf("attempt %d: %v", g.Attempts, err)
		span.RecordError(err)
		err = s.postpone(ctx, g, err)
	}
	if err != nil {
		// The lease runs out and the step is repeated under the same key.
		log.Printf("store saga of order %s: %v", g.OrderID, err)
	}
}

func (s *server) step(ctx context.Context, g saga) (sagaState, error) {
	switch g.State {
	case reserving:
		return s.reserve(ctx, g)
	case charging:
		return s.charge(ctx, g)
	case refunding:
		return s.refund(ctx, g)
	default:
		return s.release(ctx, g)
	}
}

// postpone plans the next attempt, or gives up the step when its attempts are
// used up or the callee called the request itself wrong. A step whose outcome
// is unknown is undone like one that succeeded.
func (s *server) postpone(ctx context.Context, g saga, cause error) error {
	undoing := g.State == refunding || g.State == releasing
	limit := forwardAttempts
	if undoing {
		limit = undoAttempts
	}
	if retryable(cause) && g.Attempts < limit {
		return delaySaga(ctx, s.db, g, backoff(g.Attempts))
	}
	if undoing {
		return settleSaga(ctx, s.db, g, parked)
	}
	return settleSaga(ctx, s.db, g, refunding)
}

func retryable(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.ResourceExhausted, codes.Unknown, codes.Internal:
		return true
	default:
		return false
	}
}

// backoff doubles from one second up to maxBackoff, with full jitter.
func backoff(attempts int) time.Duration {
	window := maxBackoff
	if attempts < 8 {
		window = time.Second << attempts
	}
	return time.Duration(rand.Int63n(int64(window)))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func claimSaga(ctx context.Context, db *sql.DB) (saga, error) {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	var g saga
	err := db.QueryRowContext(ctx,
		`UPDATE sagas SET attempts = attempts + 1, version = version + 1, claimed_until = now() + interval '30 seconds'
		 WHERE order_id = (
		     SELECT order_id FROM sagas
		     WHERE state IN ('reserving', 'charging', 'refunding', 'releasing')
		       AND next_attempt_at <= now() AND claimed_until <= now()
		     ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		 RETURNING order_id, state, attempts, version, amount_cents, card_token, traceparent`,
	).Scan(&g.OrderID, &g.State, &g.Attempts, &g.Version, &g.AmountCents, &g.CardToken, &g.TraceParent)
	if err != nil {
		return g, err
	}
	g.Lines, err = linesOf(ctx, db, g.OrderID)
	return g, err
}

// settleSaga stores the new state, the order's status and the event in one
// local transaction. It does nothing if somebody else moved the saga meanwhile.
func settleSaga(ctx context.Context, db *sql.DB, g saga, next sagaState) error {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	result, err := tx.ExecContext(ctx,
		`UPDATE sagas SET state = $1, attempts = 0, next_attempt_at = now(), claimed_until = '-infinity', version = version + 1
		 WHERE order_id = $2 AND version = $3`, next, g.OrderID, g.Version)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 0 {
		return err
	}
	if next == confirmed || next == cancelled {
		if err := finishOrder(ctx, tx, g.OrderID, string(next)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func delaySaga(ctx context.Context, db *sql.DB, g saga, delay time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	_, err := db.ExecContext(ctx,
		`UPDATE sagas SET next_attempt_at = now() + $1 * interval '1 millisecond', claimed_until = '-infinity', version = version + 1
		 WHERE order_id = $2 AND version = $3`, delay.Milliseconds(), g.OrderID, g.Version)
	return err
}
