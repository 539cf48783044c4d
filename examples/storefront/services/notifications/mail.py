"""Mails to customers, sent through the mail provider."""

import json
import logging
import os

import redis
import requests
from tenacity import retry, wait_fixed

log = logging.getLogger("notifications.mail")

ORDERS_URL = os.environ["ORDERS_URL"]
MAIL_URL = os.environ.get("MAIL_PROVIDER_URL", "https://api.mailprovider.example")
MAIL_TOKEN = os.environ["MAIL_PROVIDER_TOKEN"]

SUBJECTS = {
    "order.placed": "Thank you for your order",
    "order.cancelled": "Your order was cancelled",
}

cache = redis.Redis(host=os.environ.get("REDIS_HOST", "redis"), port=6379)


def already_sent(order_id, kind):
    return cache.exists(f"sent:{order_id}:{kind}") == 1


def mark_sent(order_id, kind):
    cache.set(f"sent:{order_id}:{kind}", 1)


def order_of(order_id):
    cached = cache.get(f"order:{order_id}")
    if cached:
        return json.loads(cached)
    order = requests.get(f"{ORDERS_URL}/orders/{order_id}").json()
    cache.set(f"order:{order_id}", json.dumps(order))
    return order


@retry(wait=wait_fixed(2))
def send_mail(order_id, kind):
    order = order_of(order_id)
    response = requests.post(
        f"{MAIL_URL}/v3/messages",
        headers={"Authorization": f"Bearer {MAIL_TOKEN}"},
        json={"template": kind, "subject": SUBJECTS[kind], "order": order},
    )
    response.raise_for_status()
