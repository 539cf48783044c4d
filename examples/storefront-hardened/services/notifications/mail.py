"""Mails to customers, sent through the mail provider."""

import json
import logging
import os
import random
import time

import psycopg
import requests
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from psycopg_pool import ConnectionPool, PoolTimeout

log = logging.getLogger("notifications.mail")
tracer = trace.get_tracer("notifications.mail")

MAIL_URL = os.environ.get("MAIL_PROVIDER_URL", "https://api.mailprovider.example")
MAIL_TOKEN = os.environ["MAIL_PROVIDER_TOKEN"]
SEND_ATTEMPTS = 8

SUBJECTS = {
    "order.confirmed": "Thank you for your order",
    "order.cancelled": "Your order was cancelled",
}

pool = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=1,
    max_size=5,
    timeout=0.5,
    kwargs={"connect_timeout": 2, "options": "-c statement_timeout=500"},
    open=True,
)


def start_tracing():
    tracing = TracerProvider()
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracing)
    RequestsInstrumentor().instrument()


def queue_mail(conn, order_id, kind, request_key, event):
    """Part of the caller's local transaction; a repeated request key adds nothing."""
    carrier = {}
    propagate.inject(carrier)
    conn.execute(
        "INSERT INTO mails (order_id, kind, request_key, event, traceparent) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (order_id, kind, request_key) DO NOTHING",
        (order_id, kind, request_key, json.dumps(event), carrier.get("traceparent")),
    )


def claim_mail():
    """Leases one mail for 30 s. The sender needs 5.5 s at most."""
    with pool.connection() as conn:
        return conn.execute(
            "UPDATE mails SET attempts = attempts + 1, claimed_until = now() + interval '30 seconds'"
            " WHERE id = (SELECT id FROM mails"
            "   WHERE status = 'queued' AND next_attempt_at <= now() AND claimed_until <= now()"
            "   ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, kind, event, attempts, traceparent"
        ).fetchone()


def deliver(mail_id, kind, event):
    """One attempt; the mail provider sends a message once per Idempotency-Key."""
    response = requests.post(
        f"{MAIL_URL}/v3/messages",
        headers={"Authorization": f"Bearer {MAIL_TOKEN}", "Idempotency-Key": str(mail_id)},
        json={"template": kind, "subject": SUBJECTS[kind], "order": event},
        timeout=(0.5, 4),
    )
    response.raise_for_status()


def finish(mail_id, status):
    with pool.connection() as conn:
        conn.execute("UPDATE mails SET status = %s WHERE id = %s AND status = 'queued'", (status, mail_id))


def postpone(mail_id, attempts):
    """Exponential backoff with full jitter, up to ten minutes."""
    delay = random.uniform(0, min(600, 2**attempts))
    with pool.connection() as conn:
        conn.execute(
            "UPDATE mails SET next_attempt_at = now() + %s * interval '1 second', claimed_until = '-infinity'"
            " WHERE id = %s AND status = 'queued'",
            (delay, mail_id),
        )


def send_next():
    claimed = claim_mail()
    if claimed is None:
        return False
    mail_id, kind, event, attempts, traceparent = claimed
    with tracer.start_as_current_span("send mail", context=propagate.extract({"traceparent": traceparent or ""})):
        try:
            deliver(mail_id, kind, event)
        except requests.RequestException as err:
            permanent = err.response is not None and err.response.status_code in (400, 404, 410, 422)
            if permanent or attempts >= SEND_ATTEMPTS:
                log.error("mail %s is given up after %d attempts: %s", mail_id, attempts, err)
                finish(mail_id, "failed")
            else:
                postpone(mail_id, attempts)
        else:
            finish(mail_id, "sent")
    return True


def main():
    logging.basicConfig(level=logging.INFO)
    start_tracing()
    while True:
        try:
            sent = send_next()
        except (psycopg.Error, PoolTimeout):
            log.exception("the mail store is not reachable")
            sent = False
        if not sent:
            time.sleep(random.uniform(0.5, 1.5))


if __name__ == "__main__":
    main()
