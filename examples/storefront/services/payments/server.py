"""Card charges and refunds through the card provider."""

import logging
import os
import uuid
from concurrent import futures

import grpc
import psycopg
import requests
from tenacity import retry, stop_after_attempt, wait_exponential

import payments_pb2
import payments_pb2_grpc

DATABASE_URL = os.environ["DATABASE_URL"]
ORDERS_URL = os.environ["ORDERS_URL"]
PROVIDER_URL = os.environ.get("CARD_PROVIDER_URL", "https://api.cardprovider.example")

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("payments")

provider = requests.Session()
provider.headers["Authorization"] = "Bearer " + os.environ["CARD_PROVIDER_TOKEN"]


@retry(stop=stop_after_attempt(3), wait=wait_exponential(multiplier=0.5, max=5), reraise=True)
def provider_charge(amount_cents, card_token):
    # A strong customer authentication can take the customer a while.
    response = provider.post(
        f"{PROVIDER_URL}/v1/charges",
        json={"amount": amount_cents, "currency": "EUR", "source": card_token},
        timeout=None,
    )
    response.raise_for_status()
    return response.json()["id"]


def provider_refund(provider_ref, amount_cents):
    response = provider.post(
        f"{PROVIDER_URL}/v1/charges/{provider_ref}/refunds",
        json={"amount": amount_cents},
    )
    response.raise_for_status()


class Payments(payments_pb2_grpc.PaymentsServicer):
    def Charge(self, request, context):
        with psycopg.connect(DATABASE_URL, autocommit=True) as conn:
            row = conn.execute(
                "SELECT id, status FROM payments WHERE idempotency_key = %s",
                (request.idempotency_key,),
            ).fetchone()
            if row is not None:
                return payments_pb2.ChargeReply(payment_id=str(row[0]), status=row[1])

            try:
                provider_ref = provider_charge(request.amount_cents, request.card_token)
            except requests.RequestException as err:
                log.error("charge of order %s failed: %s", request.order_id, err)
                context.abort(grpc.StatusCode.UNAVAILABLE, "the card provider did not answer")

            payment_id = str(uuid.uuid4())
            conn.execute(
                "INSERT INTO payments (id, idempotency_key, order_id, amount_cents, status, provider_ref)"
                " VALUES (%s, %s, %s, %s, 'captured', %s)",
                (payment_id, request.idempotency_key, request.order_id, request.amount_cents, provider_ref),
            )
            conn.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (request.order_id,))
            return payments_pb2.ChargeReply(payment_id=payment_id, status="captured")

    def Refund(self, request, context):
        order = requests.get(f"{ORDERS_URL}/orders/{request.order_id}").json()
        with psycopg.connect(DATABASE_URL, autocommit=True) as conn:
            row = conn.execute(
                "SELECT id, provider_ref FROM payments WHERE order_id = %s AND status = 'captured'",
                (request.order_id,),
            ).fetchone()
            if row is None:
                context.abort(grpc.StatusCode.NOT_FOUND, "the order was never paid")
            payment_id, provider_ref = row
            try:
                provider_refund(provider_ref, order["total_cents"])
            except requests.RequestException:
                log.exception("refund of order %s failed", request.order_id)
            conn.execute("UPDATE payments SET status = 'refunded' WHERE id = %s", (payment_id,))
        return payments_pb2.RefundReply(status="refunded")


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    payments_pb2_grpc.add_PaymentsServicer_to_server(Payments(), server)
    server.add_insecure_port("[::]:9090")
    server.start()
    log.info("listening on :9090")
    server.wait_for_termination()


if __name__ == "__main__":
    serve()
