//! Python idioms.

use super::{dump, entries, has, python};

#[test]
fn flask_routes_and_requests_without_timeout() {
    let flows = python(
        r#"
import os, uuid, requests
from flask import Flask, Blueprint, request, jsonify
app = Flask(__name__)
bp = Blueprint("b", __name__)
CART = os.getenv("CART_HOST", "cart")

@bp.route("/pay/<int:id>", methods=["POST"])
def pay(id):
    order = str(uuid.uuid4())
    try:
        r = requests.post("http://{c}:8080/cart/{id}".format(c=CART, id=id), json={"order_id": order})
    except requests.exceptions.RequestException as err:
        app.logger.error(err)
        return str(err), 500
    if r.status_code != 200:
        return "no", r.status_code
    return jsonify({})

app.register_blueprint(bp, url_prefix="/v1")
"#,
    );
    has(
        &flows,
        "
         HTTP POST /v1/pay/{id} = pay
           new identity
           call http POST /cart/{} -> http @http://${CART_HOST}:8080/cart/… [timeout absent, deadline ?, trace absent] propagate id fresh
           either
             return Failure
           or
             return Success",
    );
}

#[test]
fn fastapi_with_sqlalchemy() {
    let flows = python(
        r#"
from fastapi import FastAPI, APIRouter, Depends, HTTPException
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker, declarative_base
engine = create_engine("postgresql://db/shop")
SessionLocal = sessionmaker(bind=engine)
Base = declarative_base()

class Account(Base):
    __tablename__ = "accounts"

def get_db():
    return SessionLocal()

router = APIRouter(prefix="/accounts")

@router.post("/{id}/debit")
def debit(id: int, amount: int, db: Session = Depends(get_db)):
    account = db.query(Account).filter(Account.id == id).first()
    if account is None:
        raise HTTPException(status_code=404)
    account.balance = account.balance - amount
    db.commit()
    return {"ok": True}

app = FastAPI()
app.include_router(router, prefix="/api")
"#,
    );
    has(
        &flows,
        "
         HTTP POST /api/accounts/{id}/debit = debit
           transaction postgresql @postgresql://db/shop
             read accounts -> postgresql @postgresql://db/shop [timeout absent",
    );
    has(&flows, "write accounts SetFromRead -> postgresql @postgresql://db/shop [timeout absent");
}

#[test]
fn grpc_stub_in_a_servicer() {
    let flows = python(
        r#"
import os, grpc
import demo_pb2, demo_pb2_grpc

class Shop(demo_pb2_grpc.ShopServicer):
    def Buy(self, request, context):
        stub.Charge(demo_pb2.ChargeRequest(amount=request.amount))
        stub.Ship(demo_pb2.ShipRequest(order_id=request.order_id), timeout=0.5)
        return demo_pb2.Reply()

if __name__ == "__main__":
    channel = grpc.insecure_channel(os.environ["BANK_ADDR"])
    stub = demo_pb2_grpc.BankStub(channel)
    server = grpc.server(None)
    demo_pb2_grpc.add_ShopServicer_to_server(Shop(), server)
"#,
    );
    has(
        &flows,
        "
         rpc Shop/Buy = Buy
           call grpc Bank/Charge -> grpc Bank@${BANK_ADDR} [timeout absent, deadline false, trace absent] propagate id absent
           call grpc Bank/Ship -> grpc Bank@${BANK_ADDR} [timeout 500 ms, deadline false, trace absent] propagate",
    );
}

#[test]
fn pika_publishes_and_consumes() {
    let flows = python(
        r#"
import pika
connection = pika.BlockingConnection(pika.ConnectionParameters(host="mq"))
channel = connection.channel()

def on_order(ch, method, properties, body):
    ch.basic_ack(delivery_tag=method.delivery_tag)
    channel.basic_publish(exchange="shop", routing_key="mail", body=body)

channel.basic_consume(queue="orders", on_message_callback=on_order, auto_ack=False)
channel.start_consuming()
"#,
    );
    has(&flows, "message orders = on_order\n  from rabbitmq orders@mq auto-ack false");
    has(&flows, "publish -> rabbitmq mail@mq");
}

#[test]
fn retries_by_decorator_and_by_hand() {
    let flows = python(
        r#"
import time, requests
from tenacity import retry, stop_after_attempt, wait_fixed
from flask import Flask
app = Flask(__name__)

@retry(stop=stop_after_attempt(3), wait=wait_fixed(2))
def charge():
    return requests.post("http://bank/charge", timeout=1)

@retry
def ship():
    return requests.post("http://ship/order", timeout=(1, 4))

@app.route("/buy", methods=["POST"])
def buy():
    charge()
    ship()
    for attempt in range(5):
        try:
            requests.get("http://ads/x", timeout=None)
            break
        except requests.RequestException:
            time.sleep(1)
    return "ok"
"#,
    );
    has(
        &flows,
        "retry x3 pause 2000 ms jitter absent\n  call http POST /charge -> http @http://bank/charge [timeout 1000 ms/read",
    );
    has(
        &flows,
        "retry xunlimited no pause jitter absent\n  call http POST /order -> http @http://ship/order [timeout 4000 ms/read",
    );
    has(
        &flows,
        "retry x5 pause 1000 ms jitter absent\n  call http GET /x -> http @http://ads/x [timeout unbounded/read",
    );
}

#[test]
fn redis_defaults_depend_on_the_version() {
    let app = r#"
import redis
from flask import Flask
app = Flask(__name__)
r = redis.Redis(host="cache", port=6379)

@app.get("/x")
def x():
    with r.lock("stock", timeout=10):
        n = r.get("stock:1")
        r.set("stock:1", int(n) - 1)
    r.incr("hits")
    r.set("seen:1", 1, nx=True)
    return "ok"
"#;
    let unknown = dump(&[("app/main.py", app), ("app/requirements.txt", "redis>=4\n")]);
    has(
        &unknown,
        "
         locked Distributed stock lease 10000 ms
           read stock:1 -> redis @cache:6379 [timeout ?, deadline ?, trace absent] propagate
           write stock:1 SetFromRead -> redis @cache:6379 [timeout ?, deadline ?, trace absent] propagate
         write hits Increment -> redis @cache:6379 [timeout ?, deadline ?, trace absent] propagate
         dedup mark seen:1 unique true",
    );
    let old = dump(&[("app/main.py", app), ("app/requirements.txt", "redis==5.0.1\n")]);
    has(&old, "read stock:1 -> redis @cache:6379 [timeout absent");
    let new = dump(&[("app/main.py", app), ("app/requirements.txt", "redis==8.1.0\n")]);
    has(&new, "read stock:1 -> redis @cache:6379 [timeout 5000 ms/read");
}

#[test]
fn settings_and_classes_carry_addresses() {
    let flows = python(
        r#"
import os, httpx
from pydantic_settings import BaseSettings
from fastapi import FastAPI

class Settings(BaseSettings):
    stock_url: str = "http://stock:80"

settings = Settings()

class Stock:
    def __init__(self, base):
        self.base = base
        self.client = httpx.AsyncClient(timeout=2.0)

    async def take(self, sku):
        return await self.client.post(f"{self.base}/items/{sku}/take")

stock = Stock(settings.stock_url)
app = FastAPI()

@app.post("/take")
async def take(sku: str):
    await stock.take(sku)
    return {}
"#,
    );
    has(&flows, "call http POST /items/{}/take -> http @${STOCK_URL}/items/…/take [timeout 2000 ms/read");
}

#[test]
fn celery_tasks_are_published_and_run() {
    let flows = python(
        r#"
from celery import Celery
from flask import Flask
import requests
app = Flask(__name__)
celery = Celery("x", broker="redis://b")

@celery.task
def mail(order):
    requests.post("http://mail/send")

@app.post("/buy")
def buy():
    mail.delay(1)
    return "ok"
"#,
    );
    has(&flows, "message mail = mail");
    has(&flows, "HTTP POST /buy = buy\n  publish -> celery mail");
}

#[test]
fn an_adapter_gives_the_session_its_retries() {
    let flows = python(
        r#"
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
from flask import Flask
app = Flask(__name__)
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5)))

@app.get("/x")
def x():
    return session.get("http://a/b", timeout=2).json()
"#,
    );
    has(&flows, "call http GET /b -> http @http://a/b [timeout 2000 ms/read, retry x4 growing pause 500 ms");
}

#[test]
fn locks_and_transactions_of_python() {
    let flows = python(
        r#"
import threading, psycopg2
from flask import Flask
app = Flask(__name__)
lock = threading.Lock()
conn = psycopg2.connect("postgresql://db/shop")

@app.post("/x")
def x():
    with lock:
        with conn:
            cur = conn.cursor()
            cur.execute("SELECT n FROM stock WHERE id = %s FOR UPDATE", (1,))
            n = cur.fetchone()[0]
            cur.execute("UPDATE stock SET n = %s", (n - 1,))
    return "ok"
"#,
    );
    has(
        &flows,
        "
        locked Process lock
          transaction postgresql @postgresql://db/shop
            read stock for update -> postgresql
            write stock ",
    );
}

#[test]
fn django_views_and_models() {
    let models = "from django.db import models\n\nclass Account(models.Model):\n    balance = models.IntegerField()\n";
    let views = r#"
from django.db import transaction
from django.http import JsonResponse
from django.views import View
from .models import Account

@transaction.atomic
def debit(request, id):
    account = Account.objects.select_for_update().get(id=id)
    account.balance = account.balance - 1
    account.save()
    return JsonResponse({})

class Accounts(View):
    def post(self, request):
        Account.objects.create(balance=0)
        return JsonResponse({}, status=201)
"#;
    let urls = "from django.urls import path\nfrom . import views\nurlpatterns = [path('debit/<int:id>', views.debit), path('accounts', views.Accounts.as_view())]\n";
    let flows = dump(&[
        ("shop/manage.py", ""),
        ("shop/bank/__init__.py", ""),
        ("shop/bank/models.py", models),
        ("shop/bank/views.py", views),
        ("shop/bank/urls.py", urls),
    ]);
    has(
        &flows,
        "
        HTTP /debit/{id} = debit
          transaction
            read Account for update -> sql",
    );
    has(&flows, "write Account SetFromRead -> sql");
    has(&flows, "HTTP POST /accounts = Accounts\n  write Account Insert -> sql");
}

#[test]
fn mongo_collections_are_named_by_fields_and_keys() {
    let flows = python(
        r#"
import os
from pymongo import MongoClient
from flask import Flask
app = Flask(__name__)
client = MongoClient(os.environ["MONGO_URL"])
orders = client["shop"].orders

@app.post("/x")
def x():
    orders.update_one({"_id": 1}, {"$inc": {"n": 1}})
    return str(client.shop.users.find_one({}))
"#,
    );
    has(&flows, "write orders Increment -> mongodb shop@${MONGO_URL}");
    has(&flows, "read users -> mongodb shop@${MONGO_URL}");
}

#[test]
fn a_pool_with_settings_and_an_acknowledged_inbox() {
    let flows = python(
        r#"
import os, pika
from psycopg_pool import ConnectionPool
pool = ConnectionPool(os.environ["DATABASE_URL"], kwargs={"options": "-c statement_timeout=500"})

def on_message(channel, method, properties, body):
    with pool.connection() as conn:
        conn.execute("INSERT INTO inbox (id) VALUES (%s) ON CONFLICT (id) DO NOTHING", (1,))
    channel.basic_ack(delivery_tag=method.delivery_tag)

channel = pika.BlockingConnection(pika.URLParameters("amqp://mq")).channel()
channel.basic_consume(queue="orders", on_message_callback=on_message)
"#,
    );
    has(
        &flows,
        "
        transaction postgresql @${DATABASE_URL}
          dedup mark inbox unique true -> postgresql @${DATABASE_URL} [timeout 500 ms",
    );
    has(&flows, "ack -> rabbitmq orders@amqp://mq");
}

#[test]
fn a_row_with_the_key_remembers_the_request() {
    let flows = python(
        r#"
import psycopg
from flask import Flask, request
app = Flask(__name__)

@app.route("/charges", methods=["POST"])
def charge():
    key = request.headers["Idempotency-Key"]
    with psycopg.connect("postgresql://db/payments", autocommit=True) as conn:
        row = conn.execute("SELECT id FROM charges WHERE idempotency_key = %s", (key,)).fetchone()
        if row is not None:
            return {"id": row[0]}
        conn.execute("INSERT INTO charges (idempotency_key, amount) VALUES (%s, %s)", (key, 5))
    return {}
"#,
    );
    has(&flows, "key read Idempotency-Key");
    has(&flows, "dedup check charges");
    has(&flows, "dedup mark charges unique ?");
    has(&flows, "write charges Insert");
}

#[test]
fn the_arguments_of_a_decorator_are_read_where_it_stands() {
    let mail = "import requests\nfrom tenacity import retry, wait_fixed\n\n@retry(wait=wait_fixed(2))\ndef send():\n    requests.post('http://mail/x', timeout=1)\n";
    let app = "from flask import Flask\nimport mail\napp = Flask(__name__)\n\n@app.route('/send', methods=['POST'])\ndef send():\n    mail.send()\n    return 'ok'\n";
    let flows = entries(&dump(&[("app/main.py", app), ("app/mail.py", mail)]));
    has(&flows, "retry xunlimited pause 2000 ms");
}
