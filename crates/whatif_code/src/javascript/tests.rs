//! Every construct of JavaScript and TypeScript as what it becomes.

use super::read;
use crate::ir::Module;
use crate::ir::print::{print, print_statements};

fn module(text: &str) -> Module {
    read("src/app/main.ts", text)
}

/// What module-level statements become.
#[track_caller]
fn check(text: &str, expected: &str) {
    let module = module(text);
    assert_eq!(module.errors, [], "{text}");
    assert_eq!(print_statements(&module.top).trim_end(), expected.trim_matches('\n'));
}

#[track_caller]
fn check_file(text: &str, expected: &str) {
    let module = module(text);
    assert_eq!(module.errors, [], "{text}");
    assert_eq!(print(&module).trim_end(), expected.trim_matches('\n'));
}

#[test]
fn imports_are_resolved_from_the_root() {
    check_file(
        r#"import axios, { AxiosError as Failed } from "axios";
import * as grpc from '@grpc/grpc-js';
import db from "./db";
import { pool } from "../infra/pool.js";
import "./setup";
import fs = require("node:fs");
const express = require("express");
const { Pool, Client: C } = require("pg");
const send = require("./mail").send;
const app = require("express")();
export { a, b as c } from "./parts";
export * from "./all";
"#,
        r#"
package src.app.main
import axios = axios.default
import Failed = axios.AxiosError
import grpc = @grpc/grpc-js
import db = src/app/db.default
import pool = src/infra/pool.pool
import _ = src/app/setup
import fs = fs
import express = express
import Pool = pg.Pool
import C = pg.Client
import send = src/app/mail.send
import require(express) = express
import a = src/app/parts.a
import c = src/app/parts.b
import * = src/app/all
app = (call require(express))
"#,
    );
}
#[test]
fn exports_are_names() {
    check_file(
        r#"export const limit = 3;
export default class Shop {}
export async function place() {}
module.exports = { place, find: () => 1 };
exports.stop = () => 2;
exports.place = place;
const inner = 1;
export { inner as outer };
"#,
        r#"
package src.app.main
type Shop
limit = 3
default = Shop
module.exports = {"place": place, "find": (lambda ()
  return 1
)}
stop = (lambda ()
  return 2
)
inner = 1
outer = inner
async func place()
"#,
    );
}

#[test]
fn patterns_are_taken_apart() {
    check(
        r#"const { a, b: c = 1, d: { e }, ...rest } = f();
const { HOST = 'x' } = process.env;
const [first, , { third }] = await Promise.all([f(), g(), h()]);
({ a: x.y } = z);
"#,
        r#"
{1} = (call f)
a = {1}.a
c = (|| {1}.b 1)
e = {1}.d.e
rest = {1}
HOST = (|| process.env.HOST "x")
[first, _, {2}] = (await (call Promise.all [(call f), (call g), (call h)]))
third = {2}.third
x.y = z.a
"#,
    );
}

#[test]
fn functions_have_names_and_parameters() {
    check_file(
        r#"const go = async ({ id, items = [] }: Input, ...rest: string[]): Promise<Order | null> => send(id);
function outer(n: number, cb?: () => void) {
  const go = 1;
  inner();
  function inner() { return n; }
  return { run() { return 1; }, get: async (x) => x, [n]: function () {} };
}
"#,
        r#"
package src.app.main
func outer(n: number, cb: func)
  func inner()
    return n
  (let go) = 1
  (call inner)
  return {"run": (lambda ()
    return 1
  ), "get": (lambda (x)
    return x
  ), n: (lambda ()
  )}
async func go({1}: Input, *rest: []string) -> Order
  id = {1}.id
  items = (|| {1}.items [])
  return (call send id)
"#,
    );
}

#[test]
fn classes_have_fields_and_methods() {
    check_file(
        r#"@Controller('orders')
export class Orders extends Base<Order> implements Api.Port, Closable {
  static count = 0;
  private readonly cache: Map<string, Order> = new Map();
  #secret = 1;
  @Inject(REPO) private repo: Repository<Order>;
  constructor(private readonly http: HttpService, @Inject('X') public x: X, plain: number) { super(plain); }
  @Get(':id') async find(@Param('id') id: string): Promise<Order[]> { return super.find(id); }
  handle = async (job: Job) => { await this.#run(job); };
  get size() { return 1; }
  set size(n) { this.n = n; }
  static make() { return new Orders(); }
}
interface Port { send(m: string): Promise<void>; close: () => void; limit?: number }
type Input = { id: string };
enum Topic { A, B = 'b' }
abstract class Base { abstract run(): void; }
"#,
        r#"
package src.app.main
@(call Controller "orders")
type Orders: Base<Order>, Api.Port, Closable
  field cache Map<string,Order>
  field repo Repository<Order>
  field http HttpService
  field x X
  count = 0
  cache = (call Map)
  secret = 1
type Port
  field limit number
  method send
  method close
type Input
  field id string
type Topic
  A = "A"
  B = "b"
type Base
  method run
func (this Orders) __init__(http: HttpService, x: X, plain: number)
  this.http = http
  this.x = x
  (call (call super).__init__ plain)
@(call Get ":id")
async func (this Orders) find(id: string) -> []Order
  return (call (call super).find id)
async func (this Orders) handle(job: Job)
  (await (call this.run job))
@property
func (this Orders) size()
  return 1
func (this Orders) size=(n)
  this.n = n
func (- Orders) make()
  return (call Orders)
"#,
    );
}

#[test]
fn statements_keep_their_structure() {
    check(
        r#"for (const [k, v] of Object.entries(xs)) f(k, v);
for (let i = 0; i < 3; i++) { await g(i); }
for (;;) { break; }
while (true) { continue; }
do { h(); } while (n < 3);
switch (kind) { case 'a': case 'b': f(); break; case 'c': { g(); } default: h(); }
try { f(); } catch (e) { throw new Error(`no ${e.message}`); } finally { g(); }
if ((m = next()) !== null) f(); else if (x) g(); else { h(); }
label: for (const x in y) continue label;
"#,
        r#"
each {1} in (call Object.entries xs)
  [k, v] = {1}
  (call f k v)
count (< i 3); i = 0; i += 1
  (await (call g i))
forever
  break
forever
  continue
while (< n 3)
  (call h)
switch kind
case "a", "b"
  (call f)
case "c"
  block
    (call g)
default
  (call h)
try
  (call f)
except as e
  raise (call Error (template "no " e.message))
finally
  (call g)
m = (call next)
if (!= m nil)
  (call f)
else
  if x
    (call g)
  else
    (call h)
each x in y
  continue
"#,
    );
}

#[test]
fn expressions_keep_calls_and_names() {
    check(
        r#"a = b = c?.d?.(e!) ?? (f as G);
x ||= y, i++;
const q = sql`select ${id}`;
v = typeof w === 'string' && !z ? `a${1}b\n` : "é\u0041\'";
delete o.p[q];
run(...xs, { ...o, k, 'l-m': 1, n: null, u: undefined }, /re/g, <T>(y: T) => y);
(await import("./lazy")).go();
void send();
"#,
        r#"
b = (|| (call c.d e) f)
a = b
x = (|| x y)
i += 1
q = (call sql (template "select " id))
v = (if (&& (== (typeof w) "string") (! z)) (template "a" 1 "b\n") "éA'")
(del (index o.p q))
(call run *xs {o, "k": k, "l-m": 1, "n": nil, "u": nil} (unknown) (lambda (y: T)
  return y
))
(call (await require(src/app/lazy)).go)
(void (call send))
"#,
    );
}

#[test]
fn type_arguments_change_no_call() {
    check(
        "r = await db().query<{ a: string }>(`x`, [id]);\nq = f<T>(1);\n",
        "r = (await (call (call db).query \"x\" [id]))\nq = (call f 1)",
    );
}
