"""Card charges and refunds through the card provider."""

import logging
import os
import signal
from concurrent import futures

import grpc
import psycopg
import requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.grpc import GrpcInstrumentorServer
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from psycopg_pool import ConnectionPool, PoolTimeout

import payments_pb2
import payments_pb2_grpc

DATABASE_URL = os.environ["DATABASE_URL"]
PROVIDER_URL = os.environ.get("CARD_PROVIDER_URL", "https://api.cardprovider.example")

# Seconds. Two local transactions (0.3 + 0.3 each) and the provider (0.5 + 2.5)
# are 4.2 in the worst case; orders waits 5.
WORST_CASE = 4.2

# Puts the ids of trace and span into every line.
LoggingInstrumentor().instrument(set_logging_format=True, log_level=logging.INFO)
log = logging.getLogger("payments")

pool = ConnectionPool(
    DATABASE_URL,
    min_size=2,
    max_size=10,
    timeout=0.3,
    kwargs={"connect_timeout": 2, "options": "-c statement_timeout=150"},
    open=True,
)
provider = requests.Session()
provider.headers["Authorization"] = "Bearer " + os.environ["CARD_PROVIDER_TOKEN"]


def provider_charge(key, amount_cents, card_token):
    """One attempt; the provider answers a repeated key with its first answer."""
    response = provider.post(
        f"{PROVIDER_URL}/v1/charges",
        headers={"Idempotency-Key": key},
        json={"amount": amount_cents, "currency": "EUR", "source": card_token},
        timeout=(0.5, 2.5),
    )
    if response.status_code in (400, 402, 404, 422):
        return "declined"  # permanent: the same request gets the same answer
    response.raise_for_status()
    return "captured"


def provider_void(key):
    """Returns what was charged under the key and closes the key."""
    response = provider.put(
        f"{PROVIDER_URL}/v1/charges/by-key/{key}/void",
        headers={"Idempotency-Key": f"{key}:void"},
        timeout=(0.5, 2.5),
    )
    response.raise_for_status()


def require_time(context):
    """Work that would outlive its caller isn't started."""
    remaining = context.time_remaining()
    if remaining is not None and remaining < WORST_CASE:
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too little time left")


class Payments(payments_pb2_grpc.PaymentsServicer):
    def Charge(self, request, context):
        require_time(context)
        key = request.idempotency_key
        try:
            with pool.connection() as conn:
                conn.execute(
                    "INSERT INTO payments (idempotency_key, order_id, amount_cents, status)"
                    " VALUES (%s, %s, %s, 'pending') ON CONFLICT (idempotency_key) DO NOTHING",
                    (key, request.order_id, request.amount_cents),
                )
                amount_cents, status = conn.execute(
                    "SELECT amount_cents, status FROM payments WHERE idempotency_key = %s", (key,)
                ).fetchone()
            if status in ("refunding", "refunded"):
                return payments_pb2.ChargeReply(status="refunded")
            if amount_cents != request.amount_cents:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the key was used for another amount")
            if status != "pending":
                return payments_pb2.ChargeReply(status=status)

            # No transaction is open here. A crash leaves the row pending, and the
            # repeated call asks the provider again under the same key.
            outcome = provider_charge(key, amount_cents, request.card_token)

            with pool.connection() as conn:
                conn.execute(
                    "UPDATE payments SET status = %s WHERE idempotency_key = %s AND status = 'pending'",
                    (outcome, key),
                )
                (status,) = conn.execute(
                    "SELECT status FROM payments WHERE idempotency_key = %s", (key,)
                ).fetchone()
        except (requests.RequestException, psycopg.Error, PoolTimeout) as err:
            log.error("charge of order %s: outcome unknown: %s", request.order_id, err)
            context.abort(grpc.StatusCode.UNAVAILABLE, "the outcome of the charge is not known yet")
        return payments_pb2.ChargeReply(status="refunded" if status == "refunding" else status)

    def Refund(self, request, context):
        require_time(context)
        key = request.idempotency_key
        try:
            with pool.connection() as conn:
                # Without a charge the row closes the key, so a late charge finds it.
                conn.execute(
                    "INSERT INTO payments (idempotency_key, amount_cents, status) VALUES (%s, 0, 'refunding')"
                    " ON CONFLICT (idempotency_key) DO UPDATE SET status = 'refunding'"
                    " WHERE payments.status IN ('pending', 'captured')",
                    (key,),
                )
                (status,) = conn.execute(
                    "SELECT status FROM payments WHERE idempotency_key = %s", (key,)
                ).fetchone()
            if status == "refunding":
                provider_void(key)
                with pool.connection() as conn:
                    conn.execute(
                        "UPDATE payments SET status = 'refunded' WHERE idempotency_key = %s AND status = 'refunding'",
                        (key,),
                    )
        except (requests.RequestException, psycopg.Error, PoolTimeout) as err:
            log.error("refund of key %s: outcome unknown: %s", key, err)
            context.abort(grpc.StatusCode.UNAVAILABLE, "the outcome of the refund is not known yet")
        return payments_pb2.RefundReply(status="refunded")


def serve():
    tracing = TracerProvider()
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracing)
    GrpcInstrumentorServer().instrument()
    RequestsInstrumentor().instrument()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), maximum_concurrent_rpcs=20)
    payments_pb2_grpc.add_PaymentsServicer_to_server(Payments(), server)
    server.add_insecure_port("[::]:9090")
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=6))
    log.info("listening on :9090")
    server.wait_for_termination()
    tracing.shutdown()


if __name__ == "__main__":
    serve()
