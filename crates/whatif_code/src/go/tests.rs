//! Every construct of Go as what it becomes.

use super::read;
use crate::ir::print::print;
use crate::ir::{Module, print::print_statements};

fn module(text: &str) -> Module {
    read("shop/main.go", text)
}

/// The body of a function that consists of `statements`.
#[track_caller]
fn check(statements: &str, expected: &str) {
    let module = module(&format!("package p\nfunc f() {{\n{statements}\n}}\n"));
    assert_eq!(module.errors, [], "{statements}");
    let body = &module.functions.first().expect("one function").body;
    assert_eq!(print_statements(body).trim_end(), expected.trim_matches('\n'));
}

#[track_caller]
fn check_file(text: &str, expected: &str) {
    let module = module(text);
    assert_eq!(module.errors, []);
    assert_eq!(print(&module).trim_end(), expected.trim_matches('\n'));
}

#[test]
fn imports_have_the_name_the_file_uses() {
    check_file(
        r#"package main
import "fmt"
import (
	"net/http"
	pb "github.com/acme/shop/genproto"
	. "testing"
	_ "github.com/lib/pq"
	"github.com/go-redis/redis/v8"
)
"#,
        "
package main
import fmt = fmt
import http = net/http
import pb = github.com/acme/shop/genproto
import * = testing
import _ = github.com/lib/pq
import redis = github.com/go-redis/redis/v8
",
    );
}

#[test]
fn types_have_fields_bases_and_methods() {
    check_file(
        "package p
type Server struct {
	pb.UnimplementedCartServer
	*Base[string]
	db, replica *sql.DB `json:\"db\"`
	byID map[string]*Order
	hook func(ctx context.Context, n ...int) (string, error)
}
type Repo interface {
	io.Closer
	Save(ctx context.Context, o *Order) error
	Load(id string) (*Order, error)
}
type (
	ID string
	Alias = pb.Order
)
",
        "
package p
type Server: pb.UnimplementedCartServer, Base
  field UnimplementedCartServer pb.UnimplementedCartServer
  field Base Base
  field db sql.DB
  field replica sql.DB
  field byID map[string]Order
  field hook func(context.Context, ...int) (string, error)
type Repo: io.Closer
  method Save
  method Load
type ID: string
type Alias: pb.Order
",
    );
}

#[test]
fn functions_have_receivers_parameters_results_and_docs() {
    check_file(
        "package p

// Detached.

// Save stores an order.
// It may fail.
func (s *Server) Save(ctx context.Context, a, b string, opts ...grpc.CallOption) (id *Order, err error) { return }
func (List[T]) Len() int { return 0 }
func Map[T any, U any](xs []T, f func(T) U) []U { return nil }
",
        r#"
package p
func (s Server) Save(ctx: context.Context, a: string, b: string, opts: ...grpc.CallOption) -> Order, error "Save stores an order.\nIt may fail."
  return
func (- List) Len() -> int
  return 0
func Map(xs: []T, f: func(T) U) -> []U
  return nil
"#,
    );
}

#[test]
fn variables_and_constants_are_assignments() {
    check_file(
        "package p
var x, y int = 1, 2
var (
	db *sql.DB
	name = `raw\\n`
)
const (
	A = iota
	B
	Wait time.Duration = 5 * time.Second
)
",
        r#"
package p
x, y: int = 1 2
db: sql.DB =
name = "raw\\n"
A = iota
B =
Wait: time.Duration = (* 5 time.Second)
"#,
    );
}

#[test]
fn assignments_keep_their_operator() {
    check(
        "a, err := f(x)\na = b\na += 1_000\na &^= 0xFF\ni++\nm[k]--\nvar z int\n_ = 'c'",
        r#"
a, err = (call f x)
a = b
a += 1000
a &^= 0xFF
i += 1
(index m k) -= 1
z: int =
_ = "c"
"#,
    );
}

#[test]
fn an_init_statement_precedes_its_conditional() {
    check(
        "if v, ok := m[k]; ok && !done { a() } else if err := b(); err != nil { c() } else { d() }",
        "
v, ok = (index m k)
if (&& ok (! done))
  (call a)
else
  err = (call b)
  if (!= err nil)
    (call c)
  else
    (call d)
",
    );
}

#[test]
fn loops() {
    check(
        "for { break }\nfor true { continue }\nfor x < 3 { }\nfor i := 0; i < n; i++ { f(i) }\nfor ;; { }\nfor i := 0; ; { }",
        "
forever
  break
forever
  continue
while (< x 3)
count (< i n); i = 0; i += 1
  (call f i)
forever
count; i = 0
",
    );
    check(
        "for i, x := range xs { }\nfor range 10 { }\nfor k = range ch { }\nfor x := range seq(1) { }",
        "
each i, x in xs
each  in 10
each k in ch
each x in (call seq 1)
",
    );
}

#[test]
fn switches() {
    check(
        "switch x := f(); x {\ncase 1, 2:\n\ta()\n\tfallthrough\ncase g():\ndefault:\n\tb()\n}\nswitch { case x > 1: a() }",
        "
x = (call f)
switch x
case 1, 2
  (call a)
case (call g)
default
  (call b)
switch
case (> x 1)
  (call a)
",
    );
    check(
        "switch e := err.(type) {\ncase *NotFound, pkg.Gone:\n\tuse(e)\ncase nil:\n}\nswitch x.(type) { default: }",
        "
e = err
switch e
case NotFound, pkg.Gone
  (call use e)
case nil
switch x
default
",
    );
}

#[test]
fn select_arms_have_channel_operations() {
    check(
        "select {\ncase m, ok := <-ch:\n\tuse(m)\ncase <-ctx.Done():\n\treturn\ncase out <- f(1):\ncase x = <-time.After(5 * time.Second):\ndefault:\n}",
        "
select
case (<- ch)
  m, ok =
  (call use m)
case (<- (call ctx.Done))
  return
case (<- out (call f 1))
case (<- (call time.After (* 5 time.Second)))
  x =
default
",
    );
}

#[test]
fn concurrency() {
    check(
        "go s.run(ctx)\ngo func(n int) { work(n) }(3)\ndefer mu.Unlock()\nch <- x\ny := <-ch",
        "
go (call s.run ctx)
go (call (lambda (n: int)
  (call work n)
) 3)
defer (call mu.Unlock)
send ch x
y = (<- ch)
",
    );
}

#[test]
fn labels_and_gotos_are_flattened() {
    check(
        "outer:\nfor { continue outer }\ngoto end\nend:\n{ f() }\nlast:",
        "
forever
  continue
block
  (call f)
",
    );
}

#[test]
fn composite_literals_carry_elided_types() {
    check(
        "a := &http.Server{Addr: \":80\", Handler: mux}
b := []pb.Item{{ID: 1}, {ID: 2}}
c := map[string]Retry{\"x\": {Max: 3}}
d := [][]Point{{{1, 2}}}
e := [...]string{0: \"a\", \"b\"}
f := []struct{ n int }{{1}}
g := Box[int]{v: 1}
h := []*Item{{ID: 1}}",
        r#"
a = http.Server{Addr: ":80", Handler: mux}
b = [pb.Item{ID: 1}, pb.Item{ID: 2}]
c = map[string]Retry{"x": Retry{Max: 3}}
d = [[Point{1, 2}]]
e = ["a", "b"]
f = [struct{1}]
g = Box{v: 1}
h = [Item{ID: 1}]
"#,
    );
}

#[test]
fn pointers_parentheses_and_assertions_are_transparent() {
    check(
        "(*p).x = &y\nz := (v.(*T)).Name\n-x.f()",
        "
p.x = y
z = v.Name
(- (call x.f))
",
    );
}

#[test]
fn a_write_through_a_pointer_keeps_its_star() {
    check(
        "*p = v\n*p++\n*q, r = f()\n*s.n += *p",
        "
(* p) = v
(* p) += 1
(* q), r = (call f)
(* s.n) += p
",
    );
}

#[test]
fn calls_and_conversions() {
    check(
        "time.Duration(n)\n[]byte(s)\nhttp.HandlerFunc(s.serve)\n(*T)(p)\nf(xs...)\nnew(T)\nmake(chan *T, 8)\nmake(map[string]int)\na.b().c(1)",
        r"
(call time.Duration n)
(call []byte s)
(call http.HandlerFunc s.serve)
(call T p)
(call f *xs)
(call new T)
(call make chan T 8)
(call make map[string]int)
(call (call a.b).c 1)
",
    );
}

#[test]
fn new_takes_types_and_expressions() {
    check(
        "a := new(n.Get())\nb := new(\"x\")\nc := new([]int)\nd := R{N: new(uint64(0)), M: new(pb.T)}",
        r#"
a = (call new (call n.Get))
b = (call new "x")
c = (call new []int)
d = R{N: (call new (call uint64 0)), M: (call new pb.T)}
"#,
    );
}

#[test]
fn type_arguments_are_dropped_and_indices_are_not() {
    check(
        "f[int](x)\nConvert[pb.User, string](y)\nhandlers[name](w)\nhandlers[\"a\"](w)\nxs[1:n]\nxs[:]\ng := Map[int, string]",
        r#"
(call f x)
(call Convert y)
(call (index handlers name) w)
(call (index handlers "a") w)
(index xs [1, n])
(index xs [])
g = Map
"#,
    );
}

#[test]
fn function_literals_are_lambdas() {
    check(
        "return func(w http.ResponseWriter, r *http.Request) error { return next(w, r) }",
        "
return (lambda (w: http.ResponseWriter, r: http.Request) -> error
  return (call next w r)
)
",
    );
}

#[test]
fn strings_are_unescaped() {
    check(r#"a := "tab\t\"q\" \u00e9 é""#, "a = \"tab\\t\\\"q\\\" é é\"");
}

#[test]
fn types_declared_in_functions_are_listed() {
    let module = module("package p\nfunc f() { type local struct { x int } }");
    assert_eq!(module.types.first().map(|decl| decl.name.as_str()), Some("local"));
}

#[test]
fn what_does_not_parse_is_listed_and_the_rest_is_read() {
    let text = "package p\nfunc a() { x := := 1; keep() }\nfunc b() { call() }\n";
    let module = module(text);
    assert!(!module.errors.is_empty());
    let printed = print(&module);
    assert!(printed.contains("(call keep)") && printed.contains("(call call)"), "{printed}");
}

#[test]
fn generated_files_keep_signatures_and_string_constants() {
    let text = "// Code generated by protoc-gen-go-grpc. DO NOT EDIT.\npackage pb\nconst Cart_Add_FullMethodName = \"/shop.Cart/Add\"\nvar raw = []byte{1}\nfunc (c *cartClient) Add(ctx context.Context) error { return c.cc.Invoke(ctx) }\n";
    let module = module(text);
    assert!(module.is_generated);
    assert_eq!(
        print(&module),
        "package pb\nCart_Add_FullMethodName = \"/shop.Cart/Add\"\nfunc (c cartClient) Add(ctx: context.Context) -> error\n"
    );
}

#[test]
fn origin_follows_from_path_and_marker() {
    for (path, is_test) in
        [("a/b_test.go", true), ("tests/e2e/a.go", true), ("a/testdata/x.go", true), ("a/contest.go", false)]
    {
        assert_eq!(read(path, "package p").is_test, is_test, "{path}");
    }
    assert!(read("a/x.pb.go", "package p").is_generated);
    assert!(!read("a/x.go", "// Code generated by hand\npackage p").is_generated);
}

#[test]
fn nesting_beyond_the_limit_is_unknown() {
    let deep = format!("package p\nfunc f() {{ x := {}1{} }}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(print(&module(&deep)).contains("(unknown)"));
    let blocks = format!("package p\nfunc f() {}{}", "{".repeat(5_000), "}".repeat(5_000));
    assert!(print(&module(&blocks)).contains("(unknown)"));
    let types = format!("package p\nvar x {}int\n", "[]".repeat(5_000));
    assert!(print(&module(&types)).contains("x: [][]"), "{}", print(&module(&types)));
    let literals = format!("package p\nvar x = [][]T{}{}", "{".repeat(5_000), "}".repeat(5_000));
    assert!(print(&module(&literals)).contains("(unknown)"));
}
