//! Every construct of Python as what it becomes.

use super::read;
use crate::ir::print::{print, print_statements};
use crate::ir::{Module, StmtKind};

fn module(text: &str) -> Module {
    read("src/app/main.py", text)
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
fn imports_are_found_everywhere_and_resolved() {
    check_file(
        "from __future__ import annotations
import os, json as j
import google.cloud.storage
from requests import get, post as send
from . import db
from .db.session import (Session, engine)
from .. import config
from models import *
try:
    import ujson
except ImportError:
    pass
def f():
    import redis
",
        "
package src.app.main
import os = os
import j = json
import google = google
import _ = google.cloud.storage
import get = requests.get
import send = requests.post
import db = src.app.db
import Session = src.app.db.session.Session
import engine = src.app.db.session.engine
import config = src.config
import * = models
import ujson = ujson
import redis = redis
try
except ImportError
func f()
",
    );
    let package = read("src/app/__init__.py", "from . import db\nfrom .db import x\n");
    let paths: Vec<_> = package.imports.iter().map(|import| import.path.as_str()).collect();
    assert_eq!(paths, ["src.app.db", "src.app.db.x"]);
}

#[test]
fn classes_have_bases_fields_and_methods() {
    check_file(
        r#"
@dataclass(frozen=True)
class Order(Base, Generic[T], metaclass=Meta):
    """An order."""
    __tablename__ = "orders"
    id: int
    note: Optional[str] = None

    def __init__(self, db: Session, *args, timeout=5, **kwargs) -> None:
        """Opens.

        And waits.
        """
        self.db = db

    @staticmethod
    def parse(raw: bytes) -> "Order":
        return Order(raw)

    @classmethod
    async def load(cls, id: int) -> list[str]:
        return await cls.find(id)

    class Meta:
        ordering = ["id"]
"#,
        r#"
package src.app.main
@(call dataclass frozen=true)
type Order: Base, Generic
  field id int
  field note str
  __tablename__ = "orders"
  id: int =
  note: str = nil
type Order.Meta
  ordering = ["id"]
func (self Order) __init__(db: Session, *args, timeout = 5, **kwargs) "Opens.\n\nAnd waits."
  self.db = db
@staticmethod
func (- Order) parse(raw: bytes) -> Order
  return (call Order raw)
@classmethod
async func (cls Order) load(id: int) -> list
  return (await (call cls.find id))
"#,
    );
}

#[test]
fn decorators_and_dependencies_are_kept() {
    check_file(
        "
@app.post('/orders')
@retry(stop=stop_after_attempt(3))
async def create(order: OrderIn, db: Annotated[Session, Depends(get_db)], user=Depends(auth), *, dry: bool = False):
    pass
",
        r#"
package src.app.main
@(call app.post "/orders")
@(call retry stop=(call stop_after_attempt 3))
async func create(order: OrderIn, db: Session = (call Depends get_db), user = (call Depends auth), dry: bool = false)
"#,
    );
}

#[test]
fn nested_functions_and_lambdas() {
    check_file(
        "
def outer(f):
    @wraps(f)
    def inner(*args):
        return f(*args)
    key = lambda x, y=1: x + y
    return inner
",
        "
package src.app.main
func outer(f)
  @(call wraps f)
  func inner(*args)
    return (call f *args)
  key = (lambda (x, y = 1)
    return (+ x y)
  )
  return inner
",
    );
}

#[test]
fn functions_under_a_condition_are_listed() {
    let module = module("if DEBUG:\n    def f(): pass\nelse:\n    def f(): pass\n");
    assert_eq!(module.functions.len(), 2);
    assert!(matches!(module.top.first().map(|stmt| &stmt.kind), Some(StmtKind::If { .. })));
}

#[test]
fn assignments() {
    check(
        "a = 1_000\na, b = b, a\n(c, [d, *e]) = f()\nx: Optional[int] = None\ny: str\na = b = g()\na += 2\nt = 1, 2\nd['k'], o.x = h()\n",
        r#"
a = 1000
a, b = b a
c, [d, e] = (call f)
x: int = nil
y: str =
b = (call g)
a = b
a += 2
t = [1, 2]
(index d "k"), o.x = (call h)
"#,
    );
}

#[test]
fn conditionals_and_loops() {
    check(
        "
if a and not b:
    f()
elif c in d:
    g()
elif e is not None:
    h()
else:
    i()
for k, v in m.items():
    continue
else:
    j()
while True:
    break
while n < 3:
    n += 1
async def main():
    async for x in xs: pass
",
        "
if (and a (not b))
  (call f)
else
  if (in c d)
    (call g)
  else
    if (is not e nil)
      (call h)
    else
      (call i)
each k, v in (call m.items)
  continue
block
  (call j)
forever
  break
while (< n 3)
  n += 1
",
    );
}

#[test]
fn assignment_expressions_precede_their_statement() {
    check(
        "if (n := f()) > 1: g(n)\nwhile chunk := read(): use(chunk)\nx = [y := h(), y]\n",
        "
n = (call f)
if (> n 1)
  (call g n)
while chunk
  chunk = (call read)
  (call use chunk)
y = (call h)
x = [y, y]
",
    );
}

#[test]
fn exceptions() {
    check(
        "
try:
    f()
except (ValueError, errors.Timeout) as e:
    raise Failed(e) from e
except* KeyError:
    raise
except:
    pass
else:
    g()
finally:
    h()
assert x, 'no x'
",
        r#"
try
  (call f)
except ValueError, errors.Timeout as e
  raise (call Failed e)
except KeyError
  raise
except
else
  (call g)
finally
  (call h)
if (not x)
  raise (call AssertionError "no x")
"#,
    );
}

#[test]
fn context_managers() {
    check(
        "
with open(p) as f, lock:
    f.read()
with (session.begin() as tx, timer()):
    tx.run()
with closing(conn()):
    pass
",
        "
with (call open p) as f lock
  (call f.read)
with (call session.begin) as tx (call timer)
  (call tx.run)
with (call closing (call conn))
",
    );
}

#[test]
fn matching() {
    check(
        "
match command:
    case 'go' | 'run':
        a()
    case Order(id=1, kind=k) if k:
        b()
    case [x, *rest]:
        pass
    case {'a': y}:
        pass
    case -1:
        pass
    case _:
        c()
",
        r#"
switch command
case "go", "run"
  (call a)
case (call Order id=1 kind=k)
  if k
    (call b)
case [x, (* rest)]
case {"a": y}
case -1
default
  (call c)
"#,
    );
}

#[test]
fn strings() {
    check(
        r#"
a = "x\n" 'y'
b = f"{base}/users/{user.id!r:>{width}}?q={{x}}"
c = r"\d" b"\x41"
d = "a=%s" % a
e = "{}".format(a)
g = f"plain"
h = """long
text"""
i = "pre" f"{x}" "post"
j = ""
"#,
        r#"
a = "x\ny"
b = (template base "/users/" user.id width "?q={x}")
c = "\\dA"
d = (% "a=%s" a)
e = (call "{}".format a)
g = "plain"
h = "long\ntext"
i = (template "pre" x "post")
j = ""
"#,
    );
}

#[test]
fn containers_and_comprehensions() {
    check(
        "
a = {'k': 1, **rest}
b = {1, 2}
c = (1, *xs)
d = [f(x) for x in xs for y in x if y]
e = {k: v for k, v in m.items()}
g(x for x in xs)
h = xs[1:n]
i = m['a', 0]
j = ...
",
        r#"
a = {"k": 1, (** rest)}
b = [1, 2]
c = [1, (* xs)]
d = (each (if y (call f x) nil) xs x)
e = (each {k: v} (call m.items))
(call g (each x xs))
h = (index xs [1, n])
i = (index m ["a", 0])
j = ...
"#,
    );
}

#[test]
fn operators_and_calls() {
    check(
        "
f(1, *a, k=2, **b)
x = a if c else b
y = 0 < n <= 9
z = -n ** 2 | ~m
w = (await g())
del d[k], e
",
        "
(call f 1 *a k=2 *b)
x = (if c a b)
y = (<= (< 0 n) 9)
z = (| (- (** n 2)) (~ m))
w = (await (call g))
(del (index d k))
(del e)
",
    );
}

#[test]
fn generators_yield() {
    check_file(
        "
def get_db():
    global x
    db = Session()
    try:
        yield db
        got = yield
        yield from rest()
    finally:
        db.close()
",
        "
package src.app.main
func get_db()
  db = (call Session)
  try
    (yield db)
    got = (yield nil)
    (yield from (call rest))
  finally
    (call db.close)
",
    );
}

#[test]
fn the_main_guard_stays_in_top() {
    check(
        "\"\"\"Doc.\"\"\"\nif __name__ == \"__main__\":\n    main()\n",
        "
if (== __name__ \"__main__\")
  (call main)
",
    );
}

#[test]
fn old_print_statements_are_calls() {
    check("print 'a', b\n", r#"(call print "a" b)"#);
}

#[test]
fn what_does_not_parse_is_listed_and_the_rest_is_read() {
    let module = module("def a():\n    x = = 1\n    keep()\ndef b():\n    call()\n");
    assert!(!module.errors.is_empty());
    let printed = print(&module);
    assert!(printed.contains("(call keep)") && printed.contains("(call call)"), "{printed}");
}

#[test]
fn generated_files_keep_signatures_constructors_and_string_constants() {
    let text = "# Generated by the gRPC Python protocol compiler plugin. DO NOT EDIT!\nimport grpc\nVERSION = '1'\nx = g()\nclass CartStub(object):\n    def __init__(self, channel):\n        self.Add = channel.unary_unary('/shop.Cart/Add')\ndef add(servicer: S) -> T:\n    return servicer\n";
    let module = read("cart_pb2_grpc.py", text);
    assert!(module.is_generated);
    assert_eq!(
        print(&module),
        r#"package cart_pb2_grpc
import grpc = grpc
type CartStub: object
VERSION = "1"
func (self CartStub) __init__(channel)
  self.Add = (call channel.unary_unary "/shop.Cart/Add")
func add(servicer: S) -> T
"#
    );
}

#[test]
fn nesting_beyond_the_limit_is_unknown() {
    let lists = format!("x = {}1{}\n", "[".repeat(3_000), "]".repeat(3_000));
    assert!(print(&module(&lists)).contains("(unknown)"));
    let sums = format!("x = {}1\n", "a + ".repeat(3_000));
    assert!(print(&module(&sums)).contains("(unknown)"));
    let branches = format!("if a: pass\n{}", "elif b: pass\n".repeat(3_000));
    assert!(print(&module(&branches)).contains("(unknown)"));
    let chained = format!("x = a{}\n", " < b".repeat(3_000));
    assert!(!module(&chained).top.is_empty());
}
