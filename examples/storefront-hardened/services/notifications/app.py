"""HTTP endpoints for customer service."""

import json
import logging
import os

import redis
from flask import Flask, Response, jsonify, request
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from redis.sentinel import Sentinel

from mail import pool, queue_mail, start_tracing

start_tracing()
app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
log = logging.getLogger("notifications.app")

# An answer from the cache is at most this old.
STALENESS_SECONDS = 30

sentinel = Sentinel([(os.environ.get("REDIS_SENTINEL_HOST", "redis-sentinel"), 26379)], socket_timeout=0.2)
cache = sentinel.master_for("mymaster", socket_timeout=0.2, socket_connect_timeout=0.2)


@app.get("/healthz")
def healthz():
    return "", 200


@app.get("/notifications/<uuid:order_id>")
def show(order_id):
    cached = read_cache(order_id)
    if cached is not None:
        return Response(cached, mimetype="application/json")
    with pool.connection() as conn:
        rows = conn.execute("SELECT kind, status FROM mails WHERE order_id = %s", (order_id,)).fetchall()
    body = json.dumps({"order_id": str(order_id), "mails": [{"kind": k, "status": s} for k, s in rows]})
    write_cache(order_id, body)
    return Response(body, mimetype="application/json")


@app.post("/notifications/<uuid:order_id>/resend")
def resend(order_id):
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 64:
        return jsonify(title="the header Idempotency-Key is missing or too long"), 400
    with pool.connection() as conn:
        row = conn.execute(
            "SELECT event FROM mails WHERE order_id = %s AND kind = 'order.confirmed' LIMIT 1", (order_id,)
        ).fetchone()
        if row is None:
            return jsonify(title="the order has no confirmation yet"), 404
        queue_mail(conn, str(order_id), "order.confirmed", key, row[0])
    return jsonify(order_id=str(order_id), status="queued"), 202


def read_cache(order_id):
    try:
        return cache.get(f"mails:{order_id}")
    except redis.RedisError:
        log.warning("cache is not reachable, reading from the database")
        return None


def write_cache(order_id, body):
    try:
        cache.set(f"mails:{order_id}", body, ex=STALENESS_SECONDS)
    except redis.RedisError:
        log.warning("cache is not reachable, answer is not cached")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
