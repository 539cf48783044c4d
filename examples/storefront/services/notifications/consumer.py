"""Sends a confirmation mail for each order event."""

import json
import logging
import os
import time

import pika

from mail import already_sent, mark_sent, send_mail

log = logging.getLogger("notifications.consumer")

EXCHANGE = "orders"
QUEUE = "notifications"


def on_message(channel, method, properties, body):
    channel.basic_ack(delivery_tag=method.delivery_tag)
    event = json.loads(body)
    order_id = event["order_id"]
    kind = method.routing_key
    if already_sent(order_id, kind):
        log.info("mail %s of order %s was already sent", kind, order_id)
        return
    send_mail(order_id, kind)
    mark_sent(order_id, kind)


def connect():
    while True:
        try:
            return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
        except pika.exceptions.AMQPConnectionError:
            log.warning("broker is not reachable, trying again")
            time.sleep(5)


def main():
    logging.basicConfig(level=logging.INFO)
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange=EXCHANGE, exchange_type="topic")
    channel.queue_declare(queue=QUEUE)
    for routing_key in ("order.placed", "order.cancelled"):
        channel.queue_bind(queue=QUEUE, exchange=EXCHANGE, routing_key=routing_key)
    channel.basic_consume(queue=QUEUE, on_message_callback=on_message)
    log.info("waiting for order events")
    channel.start_consuming()


if __name__ == "__main__":
    main()
