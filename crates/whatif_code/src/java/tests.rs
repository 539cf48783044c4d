//! Every construct of Java as what it becomes.

use super::read;
use crate::ir::Module;
use crate::ir::print::{print, print_statements};

fn module(text: &str) -> Module {
    read("orders/src/main/java/shop/Orders.java", text)
}

/// What the statements of a method become.
#[track_caller]
fn check(text: &str, expected: &str) {
    let module = module(&format!("class A {{ void f() {{ {text} }} }}"));
    assert_eq!(module.errors, [], "{text}");
    assert_eq!(print_statements(&module.functions[0].body).trim_end(), expected.trim_matches('\n'));
}

#[track_caller]
fn check_file(text: &str, expected: &str) {
    let module = module(text);
    assert_eq!(module.errors, [], "{text}");
    assert_eq!(print(&module).trim_end(), expected.trim_matches('\n'));
}

#[test]
fn files_have_a_package_imports_and_types() {
    check_file(
        r#"package shop.orders;
import java.util.*;
import static shop.Names.TOPIC;
import org.springframework.web.client.RestTemplate;
@RestController
@RequestMapping(value = "/orders", produces = {"a", "b"})
public class Orders extends Base<Order, Long> implements Port<Map<String, List<Order>>> {
    @Value("${shop.url:http://x}") private String url;
    private final RestTemplate rest = new RestTemplate(), other;
    static { init(); }
    public Orders(@Qualifier("a") RestTemplate rest, String... names) { super(rest); this.other = rest; }
    @PostMapping("/{id}")
    @Transactional
    public synchronized ResponseEntity<Order> place(@PathVariable Long id, Order[] orders) throws IOException { f(); }
    abstract void gone();
}
"#,
        r#"
package shop.orders
import * = java.util
import TOPIC = shop.Names.TOPIC
import RestTemplate = org.springframework.web.client.RestTemplate
@RestController
@(call RequestMapping value="/orders" produces=["a", "b"])
type Orders: Base<Order,Long>, Port<Map<String,List<Order>>>
  field url String
  field rest RestTemplate
  field other RestTemplate
  rest: RestTemplate = (call RestTemplate)
  (call init)
func (this Orders) __init__(rest: RestTemplate, names: ...String)
  (call (call super).__init__ rest)
  this.other = rest
@(call PostMapping "/{id}")
@Transactional
func (this Orders) place(id: Long, orders: []Order) -> ResponseEntity<Order>
  with (call synchronized this)
    (call f)
func (this Orders) gone()
"#,
    );
}

#[test]
fn interfaces_enumerations_and_records_are_types() {
    check_file(
        r#"package shop;
interface Port { String NAME = "n"; @GET("/x") Call<Order> get(@Path("id") String id); default void d() { e(); } }
enum State { NEW, DONE("d") { void x() {} }; private String s; State(String s) { this.s = s; } }
record Line(@NotNull String sku, int count) { static Line of() { return new Line("""
  a "b"
  """, 1_0L); } }
"#,
        r#"
package shop
type Port
  field NAME String
  method get
  NAME: String = "n"
type State
  field s String
  NEW = "NEW"
  DONE = "DONE"
type Line
  field sku String
  field count int
@(call GET "/x")
func (this Port) get(id: String) -> Call<Order>
func (this Port) d()
  (call e)
func (this State) __init__(s: String)
  this.s = s
func (- Line) of() -> Line
  return (call Line "a \"b\"\n  " 10)
"#,
    );
}

#[test]
fn loops() {
    check(
        "int i = 0, j; for (int k = 0; k < 3; k++) { i += k; } for (Order o : orders) { continue; }
         while (true) { if (i == 1) break; else i--; } do { i++; } while (i < 3); for (;;) f();
         while ((line = reader.readLine()) != null) { use(line); }",
        r#"
i: int = 0
j: int =
count (< k 3); k: int = 0; k += 1
  i += k
each o in orders
  continue
forever
  if (== i 1)
    break
  else
    i -= 1
while (< i 3)
  i += 1
forever
  (call f)
line = (call reader.readLine)
while (!= line nil)
  (call use line)
"#,
    );
}

#[test]
fn guarded_statements() {
    check(
        "try (Connection c = pool.get(); s) { c.run(); } catch (SQLException | IOException e) { throw e; } finally { close(); }
         try { a(); } catch (Exception e) { b(); }
         synchronized (lock) { total = total + 1; }",
        r#"
try
  with (call pool.get) as c s
    (call c.run)
except SQLException, IOException as e
  raise e
finally
  (call close)
try
  (call a)
except as e
  (call b)
with (call synchronized lock)
  total = (+ total 1)
"#,
    );
}

#[test]
fn switches() {
    check(
        r#"switch (kind) { case A: case B: f(); break; default: g(); }
           String s = switch (kind) { case A, B -> "x"; case Big b when b.n > 1 -> { yield h(); } default -> throw new X(); };"#,
        r#"
switch kind
case A, B
  (call f)
default
  (call g)
s: String = (call (lambda ()
  switch kind
  case A, B
    return "x"
  case Big
    return (call h)
  default
    raise (call X)
))
"#,
    );
}

#[test]
fn expressions() {
    check(
        r#"if (o instanceof Order order && order.isPaid()) return null;
           items.stream().map(Item::getPrice).map(x -> x * 2L).forEach((a, b) -> { run(a); });
           Supplier<Order> sup = Order::new;
           rest.getForObject(url + "/a/" + id, Order[].class, (String) id);
           byte[] bs = new byte[]{1, 0x1FL};
           super.place(id); Inner.Deep.call(); outer: this.a[0] = b = -c;
           return ok ? new ResponseEntity<>(x, HttpStatus.OK) : Orders.this.rest;"#,
        r#"
order: Order = o
if (&& (instanceof o Order) (call order.isPaid))
  return nil
(call (call (call (call items.stream).map Item.getPrice).map (lambda (x)
  return (* x 2)
)).forEach (lambda (a, b)
  (call run a)
))
sup: Supplier<Order> = Order
(call rest.getForObject (+ (+ url "/a/") id) Order id)
bs: []byte = [1, 0x1F]
(call (call super).place id)
(call Inner.Deep.call)
b = (- c)
(index this.a 0) = b
return (if ok (call ResponseEntity x HttpStatus.OK) this.rest)
"#,
    );
}

#[test]
fn an_anonymous_class_with_one_method_is_a_function() {
    check(
        "pool.submit(new Runnable() { @Override public void run() { work(); } });",
        r#"
(call pool.submit (lambda ()
  (call work)
))
"#,
    );
    let both = module("class A { Object o = new Listener() { void a() { x(); } void b() { y(); } }; }");
    assert_eq!(both.types[1].bases, ["Listener"]);
    assert_eq!(both.functions.len(), 2);
}

#[test]
fn tests_are_told_by_folder_and_name() {
    for path in [
        "a/src/test/java/X.java",
        "a/src/integration-test/java/X.java",
        "a/src/componentTest/java/X.java",
        "a/XTest.java",
    ] {
        assert!(read(path, "").is_test, "{path}");
    }
    assert!(!read("a/src/main/java/Latest.java", "").is_test);
}
