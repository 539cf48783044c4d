//! Every construct of C# as what it becomes.

#![expect(clippy::too_many_lines, reason = "one fixture shows how constructs stand together")]

use super::read;
use crate::ir::Module;
use crate::ir::print::{print, print_statements};

fn module(text: &str) -> Module {
    read("src/Shop/Program.cs", text)
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
fn a_service_registers_and_runs() {
    check(
        r#"
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHttpClient<CatalogService>(o => o.BaseAddress = new("https+http://catalog-api")).AddApiVersion(2.0);
builder.Services.AddScoped<IBasketRepository, RedisBasketRepository>();
var url = builder.Configuration["Urls:Catalog"] ?? "http://catalog";
app.MapGet("/items/{id:int}", async (int id, [FromServices] CatalogContext db) => await db.Items.FindAsync(id));
app.Run();
"#,
        r#"
builder = (call WebApplication.CreateBuilder args)
(call (call builder.Services.AddHttpClient <0>=CatalogService (lambda (o)
  o.BaseAddress = (call new "https+http://catalog-api")
)).AddApiVersion 2.0)
(call builder.Services.AddScoped <0>=IBasketRepository <1>=RedisBasketRepository)
url = (|| (index builder.Configuration "Urls:Catalog") "http://catalog")
(call app.MapGet "/items/{id:int}" (lambda (id: int, db: CatalogContext)
  return (await (call db.Items.FindAsync id))
))
(call app.Run)
"#,
    );
}

#[test]
fn statements() {
    check(
        r#"
if (x is null || y is not { Length: > 0 }) return;
if (result is Failure f && f.Code != 0) throw new InvalidOperationException($"failed {f.Code:X}: {@"a""b"}");
if (!cache.TryGetValue(key, out var hit)) hit = await Load(key);
using var tx = await db.Database.BeginTransactionAsync(token);
try { await db.SaveChangesAsync(); } catch (DbUpdateException e) when (e.Entries.Count > 0) { logger.LogError(e, "no"); } finally { Done(); }
lock (gate) { count++; total += 2; a ??= b; }
foreach (var (k, v) in map) { await foreach (var item in Stream(k)) yield return item; }
for (int i = 0, n = 3; i < n; i++) { continue; }
do { await Task.Delay(TimeSpan.FromSeconds(1)); } while (true);
switch (kind) { case "a": case Kind.B: Go(); break; case Order o when o.Id > 0: Take(o); return; default: break; }
var t = kind switch { 1 => "one", 2 or 3 => "some", _ => throw new Exception() };
var q = from o in db.Orders where o.Id == id select o.Total;
(a, var b) = Pair();
var anon = new { a.Name, Total = 3, id };
var made = new Order(1) { State = "new", Lines = { new Line { N = 1 } } };
Order typed = new() { State = "x" };
int[] xs = [1, .. ys, 2];
dict["k"] = obj?.Name?.Trim() + list?[0];
_ = Task.Run(() => Work(this));
var copy = order with { State = "paid" };
var d = (OrderDto)order as object;
var s = """raw "text" here""" + nameof(Order.Id) + typeof(Order).Name + default(int) + 1_000m;
"#,
        r#"
if (== x (|| nil (! (unknown y))))
  return
f: Failure = result
if (&& (is result Failure) (!= f.Code 0))
  raise (call InvalidOperationException (template "failed " f.Code ": " "a\"b"))
_1, hit = (call cache.TryGetValue key hit)
if (! _1)
  hit = (await (call Load key))
with (await (call db.Database.BeginTransactionAsync token)) as tx
  try
    (await (call db.SaveChangesAsync))
  except DbUpdateException as e
    if (> e.Entries.Count 0)
      (call logger.LogError e "no")
    else
      raise
  finally
    (call Done)
  with (call lock gate)
    count += 1
    total += 2
    a = (|| a b)
  each k, v in map
    each item in (call Stream k)
      (yield item)
  count (< i n); i: int = 0; n: int = 3; i += 1
    continue
  forever
    (await (call Task.Delay (call TimeSpan.FromSeconds 1)))
  switch kind
  case "a", Kind.B
    (call Go)
  case Order
    o: Order = kind
    (call Take o)
    return
  default
  t = (if (== kind 1) "one" (if (|| (== kind 2) (== kind 3)) "some" (unknown (call Exception) nil)))
  q = (call (call db.Orders.Where (lambda (o)
    return (== o.Id id)
  )).Select (lambda (o)
    return o.Total
  ))
  a, b = (call Pair)
  anon = {"Name": a.Name, "Total": 3, "id": id}
  made = (call Order 1 State="new" Lines=[Line{N: 1}])
  typed: Order = Order{State: "x"}
  xs: []int = [1, (* ys), 2]
  (index dict "k") = (index (+ (call obj.Name.Trim) list) 0)
  _ = (call Task.Run (lambda ()
    return (call Work this)
  ))
  copy = (unknown order "paid")
  d = order
  s = (+ (+ (+ (+ "raw \"text\" here" "Id") Order.Name) nil) 1000)
"#,
    );
}

#[test]
fn types() {
    check_file(
        r#"
using System.Net.Http;
using Legacy = Shop.Old.Legacy;
namespace Shop.Api;
[ApiController, Route("api/[controller]")]
public partial class OrdersController(IMediator mediator, ILogger<OrdersController> logger) : ControllerBase, IOrders
{
    private readonly HttpClient _http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
    private static readonly int Max = 3;
    public string Name { get; set; } = "x";
    public int Total => _lines.Sum(x => x.N);
    public int Other { get { return 1; } set { _other = value; } }
    [HttpPost("{id}")]
    public async Task<ActionResult<List<Order>>> Create([FromBody] CreateOrder command, [FromHeader(Name = "x-requestid")] Guid requestId, CancellationToken token = default, params string[] rest)
    {
        return Ok(await mediator.Send<Order>(command, token));
    }
    public class Nested { public Nested(string a) : base(a) { A = a; } public string A; }
}
public interface IOrders : IBase<Order> { Task<Order?> Get(int id); }
public record OrderPlaced(int OrderId, string? Buyer) : IntegrationEvent(OrderId);
public enum State { New, Paid = 2 }
public static class Extensions
{
    public static IHostApplicationBuilder AddDefaults<T>(this IHostApplicationBuilder builder, string[] names) where T : class => builder;
    static void Main(string[] args) { Run(); }
}
"#,
        r#"
package Shop.Api
import * = System.Net.Http
import Legacy = Shop.Old.Legacy
@ApiController
@(call Route "api/[controller]")
@partial
type OrdersController: ControllerBase, IOrders
  field mediator IMediator
  field logger ILogger<OrdersController>
  field _http HttpClient
  field Max int
  field Name string
  Max = 3
type Nested
  field A string
type IOrders: IBase<Order>
  method Get
type OrderPlaced: IntegrationEvent
  field OrderId int
  field Buyer string
type State
  New = "New"
  Paid = "Paid"
type Extensions
(call Extensions.Main)
@property
func (this OrdersController) Total() -> int
  return (call _lines.Sum (lambda (x)
    return x.N
  ))
@property
func (this OrdersController) Other() -> int
  return 1
@(call HttpPost "{id}")
async func (this OrdersController) Create(command: CreateOrder, requestId: Guid, token: CancellationToken = nil, *rest: []string) -> ActionResult<List<Order>>
  return (call Ok (await (call mediator.Send <0>=Order command token)))
func (this Nested) __init__(a: string)
  (call (call super).__init__ a)
  A = a
func (this OrdersController) __init__(mediator: IMediator, logger: ILogger<OrdersController>)
  this.mediator = mediator
  this.logger = logger
  this._http = HttpClient{Timeout: (call TimeSpan.FromSeconds 3)}
  this.Name = "x"
func (this IOrders) Get(id: int) -> Order
func (this OrderPlaced) __init__(OrderId: int, Buyer: string)
  (call (call super).__init__ OrderId)
  this.OrderId = OrderId
  this.Buyer = Buyer
func (- Extensions) AddDefaults(builder: IHostApplicationBuilder, names: []string) -> IHostApplicationBuilder
  return builder
func (- Extensions) Main(args: []string)
  (call Run)
"#,
    );
}
