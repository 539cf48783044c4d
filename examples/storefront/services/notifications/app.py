"""HTTP endpoints for customer service."""

import logging

from flask import Flask, jsonify

from mail import already_sent, mark_sent, send_mail

app = Flask(__name__)
log = logging.getLogger("notifications.app")


@app.get("/healthz")
def healthz():
    return "", 200


@app.get("/notifications/<order_id>")
def show(order_id):
    return jsonify(order_id=order_id, sent=already_sent(order_id, "order.placed"))


@app.post("/notifications/<order_id>/resend")
def resend(order_id):
    try:
        send_mail(order_id, "order.placed")
        mark_sent(order_id, "order.placed")
    except Exception:
        log.exception("resend for order %s failed", order_id)
    return jsonify(order_id=order_id, status="sent")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
