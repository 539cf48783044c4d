"""Records a mail for each order event."""

import json
import logging
import os
import random
import time
import uuid

import pika
import psycopg
from opentelemetry import trace
from opentelemetry.propagate import extract
from psycopg_pool import PoolTimeout

from mail import pool, queue_mail, start_tracing

log = logging.getLogger("notifications.consumer")
tracer = trace.get_tracer("notifications.consumer")

QUEUE = "notifications"
CONNECT_ATTEMPTS = 8


def on_message(channel, method, properties, body):
    with tracer.start_as_current_span("order event", context=extract(properties.headers or {})):
        try:
            event = json.loads(body)
            message_id = str(uuid.UUID(event["event_id"]))
            order_id = str(uuid.UUID(event["order_id"]))
        except (ValueError, KeyError, TypeError):
            log.exception("message is not an order event, goes to the dead letters")
            channel.basic_reject(delivery_tag=method.delivery_tag, requeue=False)
            return
        # The inbox row and the mail commit together; the message is acknowledged after that.
        with pool.connection() as conn:
            inserted = conn.execute(
                "INSERT INTO inbox (message_id) VALUES (%s) ON CONFLICT (message_id) DO NOTHING",
                (message_id,),
            )
            if inserted.rowcount == 1:
                queue_mail(conn, order_id, method.routing_key, message_id, event)
        channel.basic_ack(delivery_tag=method.delivery_tag)


def consume():
    parameters = pika.URLParameters(os.environ["AMQP_URL"])
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    parameters.blocked_connection_timeout = 30
    parameters.heartbeat = 30
    connection = pika.BlockingConnection(parameters)
    try:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=20)
        channel.queue_declare(queue=QUEUE, passive=True)
        channel.basic_consume(queue=QUEUE, on_message_callback=on_message, auto_ack=False)
        log.info("waiting for order events")
        channel.start_consuming()
    finally:
        if connection.is_open:
            connection.close()


def main():
    logging.basicConfig(level=logging.INFO)
    start_tracing()
    for attempt in range(CONNECT_ATTEMPTS):
        started = time.monotonic()
        try:
            consume()
        except (pika.exceptions.AMQPError, psycopg.Error, PoolTimeout):
            # What was not acknowledged is delivered again, at most 20 times (delivery-limit).
            log.exception("consumer stopped after %.0f s", time.monotonic() - started)
        time.sleep(random.uniform(0, min(30, 2**attempt)))
    raise SystemExit("gave up, Kubernetes starts a new pod")


if __name__ == "__main__":
    main()
