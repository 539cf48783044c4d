//! JavaScript programs.

use super::{dump, entries, has, javascript, javascript_flows};
use whatif_model::flow::EffectKind;

#[test]
fn callbacks_get_the_failure_first_and_promises_settle() {
    let dump = javascript(
        r#"
const express = require('express');
const request = require('request');
const redis = require('redis').createClient({ host: process.env.REDIS_HOST || 'redis' });
const app = express();
const host = process.env.CATALOGUE || 'catalogue';
function product(sku) {
  return new Promise((resolve, reject) => {
    request('http://' + host + ':80/product/' + sku, (err, res, body) => {
      if (err) reject(err);
      else resolve(JSON.parse(body));
    });
  });
}
app.get('/add/:id/:sku', (req, res) => {
  product(req.params.sku).then((found) => {
    if (!found) return res.status(404).send('none');
    redis.get(req.params.id, (err, data) => {
      if (err) {
        res.status(500).send(err);
      } else {
        const cart = JSON.parse(data);
        cart.items.push(found);
        redis.setex(req.params.id, 3600, JSON.stringify(cart), (err) => { res.json(cart); });
      }
    });
  }).catch((e) => { res.status(500).send(e); });
});
"#,
    );
    has(
        &dump,
        "
        HTTP GET /add/{id}/{sku}
          call http GET /product/{} -> http @http://${CATALOGUE}:80/product/… [timeout absent, deadline ?, trace absent] propagate
          either
            respond Failure
          or
            read {id} -> redis @${REDIS_HOST}
            write {id} SetFromRead -> redis @${REDIS_HOST}
            respond Success
        ",
    );
}

const SHOP: [(&str, &str); 4] = [
    (
        "src/index.ts",
        r#"
import express from 'express';
import { auth } from './auth';
import orders from './orders.js';
const app = express();
app.use(express.json());
app.use('/v1/orders', auth, orders);
app.use((err: Error, req, res, next) => { res.status(500).json(err); });
const server = app.listen(8080);
process.on('SIGTERM', () => server.close());
"#,
    ),
    (
        "src/auth.ts",
        r#"
import { Request, Response, NextFunction } from 'express';
import { pool } from './db';
export async function auth(req: Request, res: Response, next: NextFunction) {
  const key = await pool.query('SELECT * FROM api_keys WHERE id = $1', [req.headers['x-api-key']]);
  if (!key) { res.status(401).end(); return; }
  next();
}
"#,
    ),
    (
        "src/db.ts",
        "import { Pool } from 'pg';\nexport const pool = new Pool({ connectionString: process.env.DB, statement_timeout: 2000 });\n",
    ),
    (
        "src/orders.ts",
        r#"
import { Router } from 'express';
import { pool } from './db';
const router = Router();
async function withTransaction<T>(work: (client) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (e) {
    await client.query('ROLLBACK');
    throw e;
  } finally {
    client.release();
  }
}
async function notify(id) { await fetch('http://mail/send', { method: 'POST', signal: AbortSignal.timeout(3000) }); }
router.post('/', async (req, res) => {
  const order = await withTransaction(async (client) => {
    return client.query('INSERT INTO orders (id) VALUES ($1)', [req.body.id]);
  });
  notify(order.id);
  res.status(201).json(order);
});
export default router;
"#,
    ),
];

#[test]
fn middleware_runs_before_and_routers_are_mounted() {
    let dump = entries(&dump(&SHOP));
    has(
        &dump,
        "
        HTTP POST /v1/orders/
          read api_keys -> postgresql @${DB} [timeout 2000 ms
          either
            respond Failure
        ",
    );
    has(
        &dump,
        "
        transaction postgresql @${DB}
          write orders Insert -> postgresql @${DB} [timeout 2000 ms
        spawn
          call http POST /send -> http @http://mail/send [timeout 3000 ms
        respond Success
        ",
    );
}

#[test]
fn consumers_retries_and_breakers() {
    let dump = javascript(
        r#"
import amqplib from 'amqplib';
import { circuitBreaker, retry, wrap, handleAll, ConsecutiveBreaker, ExponentialBackoff } from 'cockatiel';
import axios from 'axios';
let channel: any = null;
const http = axios.create({ baseURL: process.env.SHOP, timeout: 5_000 });
const policy = wrap(
  retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff({ initialDelay: 100 }) }),
  circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
);
async function sleep(ms: number) { return new Promise((resolve) => setTimeout(resolve, ms)); }
async function load(id: string) {
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      return await http.get(`/orders/${id}`);
    } catch (e) {
      await sleep(100 * 2 ** attempt + Math.random() * 50);
    }
  }
  throw new Error('gone');
}
async function main() {
  const connection = await amqplib.connect('amqp://queue');
  channel = await connection.createChannel();
  await channel.consume('paid', async (message) => {
    await load(message.content.id);
    await policy.execute(() => http.post('/ship', { id: message.content.id }));
    channel.ack(message);
  }, { noAck: false });
}
main();
"#,
    );
    has(
        &dump,
        "
        message paid
        ",
    );
}

#[test]
fn nest_controllers_are_entry_points_and_their_services_are_known() {
    let dump = javascript(
        r#"
import { Controller, Get, Injectable, Param, Post, Body } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { Cron } from '@nestjs/schedule';
@Injectable()
export class StockService {
  constructor(private readonly http: HttpService) {}
  async left(sku: string) { return (await firstValueFrom(this.http.get(`http://stock/left/${sku}`))).data; }
}
@Controller('orders')
export class OrdersController {
  constructor(private readonly stock: StockService) {}
  @Get(':id')
  async find(@Param('id') id: string) { return this.stock.left(id); }
  @Post()
  async place(@Body() body: Order) { return this.stock.left(body.sku); }
  @Cron('0 * * * *')
  async sweep() { await this.stock.left('all'); }
}
"#,
    );
    has(&dump, "HTTP GET /orders/{id} = find\n  call http GET /left/{} -> http @http://stock/left/…");
    has(&dump, "HTTP POST /orders = place\n  call http GET /left/{}");
    has(&dump, "schedule 0 * * * * = sweep\n  call http GET /left/all");
}

#[test]
fn middleware_goes_on_from_each_of_its_paths() {
    let dump = javascript(
        r#"
import express from 'express';
const app = express();
const asyncHandler = (fn) => (req, res, next) => { Promise.resolve(fn(req, res, next)).catch(next); };
function auth(req, res, next) {
  if (process.env.DEV) { next(); return; }
  if (!req.headers.authorization) { res.status(401).end(); return; }
  next();
}
app.get('/orders', auth, asyncHandler(async (req, res) => {
  const found = await fetch('http://stock/orders', { signal: AbortSignal.timeout(500) });
  res.json(await found.json());
}));
"#,
    );
    has(
        &dump,
        "
        HTTP GET /orders
          either
            call http GET /orders -> http @http://stock/orders [timeout 500 ms
            respond Success
            return Success
          or
            either
              respond Failure
              return Failure
            or
              call http GET /orders -> http @http://stock/orders [timeout 500 ms
              respond Success
        ",
    );
}

#[test]
fn limits_may_be_set_later() {
    let dump = javascript(
        r#"
import express from 'express';
import axios from 'axios';
import http from 'http';
const stock = axios.create({ baseURL: 'http://stock' });
stock.defaults.timeout = 900;
const app = express();
app.get('/left', async (req, res) => {
  const left = await stock.get('/left');
  const request = http.get('http://bank/rate', (answer) => { res.json(left.data); });
  request.setTimeout(700);
});
"#,
    );
    has(&dump, "call http GET /left -> http @http://stock/left [timeout 900 ms");
    has(&dump, "call http GET /rate -> http @http://bank/rate [timeout 700 ms");
}

#[test]
fn what_follows_else_if_belongs_to_the_arm_that_goes_on() {
    let dump = javascript(
        r#"
const app = require('express')();
const redis = require('redis').createClient({ host: 'redis' });
app.post('/add/:id', (req, res) => {
  if (isNaN(req.body.qty)) {
    res.status(400).send('no number');
    return;
  } else if (req.body.qty < 1) {
    res.status(400).send('too few');
    return;
  }
  redis.set(req.params.id, 1);
  res.json({});
});
app.listen(8080);
"#,
    );
    let inner = dump.split("      either\n").nth(1).unwrap_or_default();
    has(inner, "        respond Failure");
    has(inner, "      or\n        write {id}");
}

#[test]
fn routers_nobody_made_are_known_by_name_and_framework() {
    let dump = javascript(
        r#"
const express = require('express');
module.exports = ({ repo }, app) => {
  app.post('/bookings', (req, res) => { repo.book(req.body); fetch('http://mail/send'); res.json({}); });
  cache.get('/bookings', () => {});
};
"#,
    );
    has(&dump, "HTTP POST /bookings\n  call http GET /send");
    assert!(!dump.contains("GET /bookings"), "{dump}");
}

#[test]
fn procedures_are_called_by_where_they_are_put() {
    let dump = entries(&dump(&[
        (
            "src/server.ts",
            r#"
import { initTRPC } from '@trpc/server';
import { orders } from './orders';
import { t } from './trpc';
export const appRouter = t.router({ orders, admin: { ping: t.procedure.query(() => fetch('http://ping/')) } });
"#,
        ),
        ("src/trpc.ts", "import { initTRPC } from '@trpc/server';\nexport const t = initTRPC.context<C>().create();\n"),
        (
            "src/orders.ts",
            r#"
import { t } from './trpc';
const secured = t.procedure.use(auth);
export const orders = t.router({ place: secured.input(schema).mutation(async ({ input }) => { await fetch('http://pay/charge', { method: 'POST' }); }) });
"#,
        ),
    ]));
    has(&dump, "rpc orders/place\n  call http POST /charge");
    has(&dump, "rpc admin/ping\n  call http GET /");
}

#[test]
fn commands_say_what_a_client_does() {
    let dump = javascript(
        r#"
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { DynamoDBDocumentClient, PutCommand, GetCommand } = require('@aws-sdk/lib-dynamodb');
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
const docs = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const queue = new SQSClient({});
exports.handler = async (event, context) => {
  const found = await docs.send(new GetCommand({ TableName: 'orders', Key: event.id }));
  await docs.send(new PutCommand({ TableName: 'orders', Item: event.body, ConditionExpression: 'attribute_not_exists(id)' }));
  await queue.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: event.body }));
};
"#,
    );
    has(&dump, "rpc functions/");
    for line in ["read orders -> dynamodb", "write orders Conditional -> dynamodb", "publish -> sqs ${QUEUE}"] {
        assert!(dump.contains(line), "{line}\n{dump}");
    }
}

#[test]
fn what_is_written_for_a_while_ends_by_itself() {
    let flows = javascript_flows(
        r#"
const express = require('express');
const Redis = require('ioredis');
const redis = new Redis();
const app = express();
app.post('/a', async (req, res) => {
  await redis.setex(`session:${req.body.id}`, 60, 'x');
  await redis.set(`cart:${req.body.id}`, 'x', 'EX', 60);
  await redis.hset(`user:${req.body.id}`, 'a', 'b');
  await redis.expire(`user:${req.body.id}`, 60);
  await redis.set(`order:${req.body.id}`, 'x');
  res.json({});
});
"#,
    );
    let ends: Vec<bool> = flows
        .iter()
        .flat_map(|flow| &flow.effects)
        .filter(|effect| matches!(effect.kind, EffectKind::Write { .. }))
        .map(|effect| effect.expires)
        .collect();
    assert_eq!(ends, [true, true, true, false]);
}

#[test]
fn functions_answer_through_their_callback_or_by_what_they_return() {
    let dump = javascript(
        r#"
const AWS = require('aws-sdk');
const table = new AWS.DynamoDB.DocumentClient();
exports.create = (event, context, callback) => {
  table.put({ TableName: 'todos', Item: event.body }, (error) => {
    if (error) {
      console.error(error);
      callback(null, { statusCode: 501, body: 'no' });
      return;
    }
    callback(null, { statusCode: 200 });
  });
};
exports.remove = async (event, context) => {
  try {
    await table.delete({ TableName: 'todos', Key: event.id }).promise();
  } catch (error) {
    console.error(error);
    return { statusCode: 500 };
  }
  return { statusCode: 200 };
};
"#,
    );
    assert!(!dump.contains("] log") && !dump.contains("] discard"), "{dump}");
    has(&dump, "rpc functions/create");
}
