//! Front ends read damaged files without panicking, and every range they report lies inside the file.

use whatif_code::ir::Module;
use whatif_code::{csharp, go, java, javascript, python, rust};

const GO: &str = r#"// Package shop sells.
package shop

import (
	"context"
	pb "acme.example/shop/genproto"
)

type Server struct {
	pb.UnimplementedShopServer
	db   map[string][]*Order `json:"db"`
	hook func(ctx context.Context, n ...int) (string, error)
}

type Repo[T any] interface{ Save(ctx context.Context, o T) error }

const Wait = 5 * time.Second

// Place sells – once.
func (s *Server) Place(ctx context.Context, in *pb.Order) (out *pb.Receipt, err error) {
	if v, ok := s.seen[in.Id]; ok && !v.done {
		return v.receipt, nil
	} else if err := s.check(ctx); err != nil {
		return nil, fmt.Errorf("prüfen: %w", err)
	}
outer:
	for i := 0; i < 3; i++ {
		select {
		case m := <-s.ch:
			s.out <- m
		case <-time.After(Wait):
			continue outer
		default:
			go func(n int) { defer s.mu.Unlock(); s.log(n, "\u00e9\n", 'x') }(i)
		}
	}
	switch x := in.Kind.(type) {
	case *pb.A, nil:
		_ = []pb.Item{{Id: x.Id}, {Id: `raw`}}
	}
	return &pb.Receipt{Tags: map[string]int{"a": 1}}, convert[pb.A](s.list[1:2]...)
}
"#;

const PYTHON: &str = r#""""Sells."""
import os.path, json as j
from ..db import session as s, engine

@app.post("/orders")
@retry(stop=stop_after_attempt(3))
async def place(order: "Order | None", db: Annotated[Session, Depends(get)], *args, n=1, **kw) -> list[str]:
    """Place – once."""
    global seen
    if (known := await db.get(order.id)) and not known.done:
        raise Conflict(f"größe {order.id!r:>{n}} {{}}") from None
    elif a < b <= c:
        x: int = y = z, *rest = 1_0, -2, [i for i in xs if i], {**kw, 'k': lambda q: q}
    else:
        del a[1:2], b
    while True:
        try:
            async with client() as c, lock:
                yield c.send("a" 'b' rb"\x00", *args, **kw)
        except (ValueError, e.Timeout) as error:
            assert error, "no"
        finally:
            pass
    match order:
        case Order(id=1) | {"a": [x, *_]} if x:
            return x if y else z
        case _:
            print("default")

class Cart(Base[T], metaclass=Meta):
    id: ClassVar[Optional[int]] = 1
    class Meta: ordering = ["id"]
    @staticmethod
    def parse(raw): return Cart(raw)

if __name__ == "__main__":
    main()
"#;

const RUST: &str = r##"//! Sells.
use crate::{db::{Pool, self as d}, error::*};

lazy_static! { static ref WAIT: Duration = Duration::from_secs(5); }

#[derive(Clone)]
pub struct Shop<S: Store> where S: Send { store: Arc<S>, seen: Mutex<HashMap<String, Vec<Order>>>, n: (u8, [i64; 3]) }

enum Kind { Plain, Gift(String), Bulk { size: usize } }

trait Store { async fn save(&self, order: &Order) -> Result<(), Error>; fn name(&self) -> &str { "größe" } }

impl<S: Store> Orders for Shop<S> {
    /// Places – once.
    #[post("/orders/{id}")]
    async fn place(&self, State(pool): State<PgPool>, order: Json<Order>) -> Result<Receipt, Error> {
        if let Some(known) = self.seen.lock().await.get(&order.id) && known.done { return Ok(known.receipt()); }
        let mut wait = 100;
        let found = loop {
            match sqlx::query_as!(Row, r#"SELECT "id" FROM orders"#, order.id).fetch_one(&pool).await {
                Ok(row) => break row,
                Err(sqlx::Error::RowNotFound) if wait > 10 => return Err(anyhow!("prüfen {wait}: {0}", order.id).into()),
                Err(_) => { wait *= 2; tokio::time::sleep(Duration::from_millis(wait)).await; }
            }
        };
        let [first, .., last] = &found.parts[..] else { panic!("é {}", 'x') };
        let text = match order.kind { Kind::Gift(ref note) | Kind::Bulk { note, .. } => note, _ => unsafe { "none" } };
        tokio::select! {
            biased;
            Some(message) = self.queue.recv(), if !first.empty() => handle(message).await?,
            _ = tokio::time::sleep(*WAIT) => { tracing::warn!(id = %order.id, "late"); }
            else => {}
        }
        let total: u64 = order.lines.iter().map(|line| -> u64 { line.price as u64 * (1..=3).sum::<u64>() }).sum();
        for (at, Line { price, count: c }) in order.lines.iter().enumerate() { total += price * c - at; }
        while let Ok(next) = self.next() { self.client.post(format!("{}/x/{:?}", self.base, next)).json(&json!({"a": [1, next.id], "b": {"c": total}})).send().await?.error_for_status()?; }
        tokio::spawn(async move { let _ = store.save(&order).await; });
        Ok(Receipt { id: first.id, ..Default::default() })
    }
}
"##;

const TYPESCRIPT: &str = r#"// Sells.
import express, { Router as R } from "express";
const { Pool } = require("pg");
export * from "./parts";

@Controller('orders')
export class Orders<T extends Order> extends Base<T> implements Port {
  #seen = new Map<string, T[]>();
  constructor(private readonly http: HttpService, @Inject('X') x?: X) { super(x); }
  @Post(':id') async place(@Body() { id, lines = [], ...rest }: Input, ...more: string[]): Promise<T | null> {
    if ((known = await this.find(id)) !== null && !known?.done) throw new Conflict(`größe ${id ?? 'none'} {}`);
    else if (a < b) return this.#seen.get(id)!;
    for (const [k, { v }] of Object.entries(lines)) { total += v as number; delete rest[k]; }
    for (let i = 0; i < 3; i++) { await new Promise((resolve) => setTimeout(resolve, 2 ** i * 100)); }
    do { n--; } while (n > 0);
    switch (kind) { case 'a': case 'b': f(); break; default: { g(); } }
    outer: try { await sql`select ${id}`; } catch (e) { continue outer; } finally { h?.(); }
    return { id, 'k-l': 1, [k]: x => x * 2, async get() { return yield_(/re+/g); }, ...rest };
  }
  get size() { return this.n ||= 0; }
}
enum Topic { A = 'a', B }
type Input = { id: string; send(m: string): void } & Partial<Order>;
export default async function main() { const run = async () => {}; void run(); }
module.exports = { main, "q": (await import("./lazy")).go };
"#;

const CSHARP: &str = r#"#region shop
using System.Net.Http;
using Legacy = Acme.Shop.Legacy;
namespace Acme.Shop;

[ApiController, Route("api/[controller]")]
public partial class Orders<T>(IMediator mediator, ILogger<Orders<T>> logger) : Base<T>(mediator), IPort where T : class, new()
{
    private readonly HttpClient _http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
    public int Total { get => _lines.Sum(x => x.N); init; } = 2;
    public Orders(string a) : this(null, null) { A = a ?? throw new ArgumentNullException(nameof(a)); }
    [HttpPost("{id:int}")]
    public async Task<ActionResult<List<T?>>> Place([FromBody] Order? order, CancellationToken token = default, params string[] rest)
    {
        if (order is not { Id: > 0 } || cache.TryGetValue(order.Id, out var known) && known is Order { Done: true } d) return Conflict($"größe {order!.Id:X} {{}}");
        await using var tx = await db.Database.BeginTransactionAsync(token).ConfigureAwait(false);
        try { order.Lines[0] = new() { N = 1_000m }; await db.SaveChangesAsync(token); }
        catch (DbUpdateException e) when (e.Entries.Count > 0) { logger.LogError(e, @"no ""x"""); throw; }
        finally { Done?.Invoke(this, EventArgs.Empty); }
        lock (gate) { count++; (a, var b) = Pair(); total ??= b; }
        foreach (var (k, v) in map) await foreach (var item in Stream(k)) yield return item;
        for (int i = 0, n = 3; i < n; i++) { do { continue; } while (i > 1); }
        switch (kind) { case Kind.A: case Order o when o.Id > 0: Take(o); break; default: goto case Kind.A; }
        var text = order.State switch { "a" or "b" => """raw "x" é""", null => default, _ => order.ToString() };
        var all = from o in db.Orders join c in db.Buyers on o.B equals c.Id where o.Id == 1 orderby o.At descending select new { o.Id, c.Name };
        int Local<U>(U x) where U : struct => checked((int)(object)x);
        return Ok(all.Select(static async o => await Send<Order>(o with { State = "paid" })).ToList());
    }
}
public interface IPort : IBase<Order> { Task<Order?> Get(int id); }
public record Placed(int Id, string? Buyer) : Event(Id);
public enum State { [Old] New, Paid = 2 }
#if DEBUG
public static class Extensions { public static T Add<T>(this T x, ref int[] xs) { unsafe { } return x; } }
#endif
#endregion
"#;

const JAVA: &str = r#"package shop.orders;
import java.util.*;
import static shop.Names.TOPIC;

/** Sells. */
@RestController @RequestMapping(value = "/orders", produces = {"a", "b"})
public class Orders<T extends Order> extends Base<T, Long> implements Port<Map<String, List<T>>> {
  @Value("${shop.url:http://x}") private String url = "größe\u00e9\n";
  private final RestTemplate rest = new RestTemplate(), other;
  static { init(); }
  public Orders(@Qualifier("a") RestTemplate rest, String... names) { super(rest); this.other = rest; }
  @PostMapping("/{id}") @Transactional
  public synchronized ResponseEntity<T> place(@PathVariable Long id, T[] orders) throws IOException {
    int i = 0, j;
    for (int k = 0; k < 3; k++) { i += k; } for (T o : orders) { log.info("x {}", o); continue; }
    while (true) { if (i == 1) break; else i--; } do { i++; } while (i < 3);
    outer: try (Connection c = pool.get(); s) { c.run(); } catch (SQLException | IOException e) { throw e; } finally { close(); }
    synchronized (lock) { total = a = total + 1; }
    switch (kind) { case A: case B: f(); break; default: g(); }
    String s = switch (kind) { case A, B -> "x"; case Big b when b.n > 1 -> { yield h(); } default -> throw new X(); };
    if (o instanceof Order order && order.isPaid()) return null;
    items.stream().map(Item::getPrice).map(x -> x * 2L).forEach((a, b) -> { run(a); });
    rest.getForObject(url + "/a/" + id, Order[].class, (String) id, Order::new, new byte[]{1, 0x1F}[0]);
    pool.submit(new Runnable() { @Override public void run() { work(); } });
    Object o = new Listener() { void a() { super.a(); } void b() { Orders.this.b(); } };
    return ok ? new ResponseEntity<>(x, HttpStatus.OK) : this.rest;
  }
  abstract void gone();
  @interface Mark { String value() default "x"; }
  interface Port { String NAME = "n"; @GET("/x") Call<Order> get(@Path("id") String id); default void d() { e(); } }
  enum State { NEW, DONE("d") { void x() {} }; private String s; State(String s) { this.s = s; } }
  record Line(@NotNull String sku, int count) { Line { check(count); } static Line of() { return new Line("""
      text
      """, 1); } }
}
"#;

/// xorshift64 (<https://www.jstatsoft.org/article/view/v008i14>): the same damage on every machine.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).expect("a length fits")).expect("less than a length")
    }
}

const ROUNDS: usize = 200;
const SCRAPS: [&str; 16] = ["(", ")", "{", "}", "[", "]", "\"", "'", "`", ":", "\n", "\t", ":=", "\\", "é", "\u{0}"];

fn damaged(text: &str, random: &mut Seeded) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(characters.len());
        match random.below(4) {
            0 => characters.truncate(at),
            1 => drop(characters.drain(at..(at + 1 + random.below(12)).min(characters.len()))),
            2 => {
                let scrap = SCRAPS[random.below(SCRAPS.len())];
                characters.splice(at..at, scrap.chars());
            }
            _ => {
                let piece: Vec<char> = characters.iter().skip(at).take(1 + random.below(80)).copied().collect();
                let to = random.below(characters.len());
                characters.splice(to..to, piece);
            }
        }
    }
    characters.into_iter().collect()
}

/// Every `Range { start: a, end: b }` in what the module prints as.
fn ranges(module: &Module) -> Vec<(usize, usize)> {
    let printed = format!("{module:?}");
    let pieces = printed.split("Range { start: ").skip(1);
    let parsed = pieces.map(|piece| {
        let (start, rest) = piece.split_once(", end: ").expect("a range has an end");
        let (end, _) = rest.split_once(' ').expect("a range is closed");
        (start.parse().expect("a number"), end.parse().expect("a number"))
    });
    parsed.collect()
}

fn survives(path: &str, text: &str, read: fn(&str, &str) -> Module) {
    let whole = read(path, text);
    assert_eq!(whole.errors, [], "the fixture itself parses");
    assert!(ranges(&whole).len() > 100, "the fixture is rich enough to be worth damaging");
    let mut random = Seeded(0x5eed);
    for round in 0..ROUNDS {
        let text = damaged(text, &mut random);
        let module = read(path, &text);
        for (start, end) in ranges(&module) {
            assert!(text.get(start..end).is_some(), "round {round}: {start}..{end} in {text:?}");
        }
        assert_eq!(read(path, &text), module, "round {round}: read twice");
    }
}

#[test]
fn go_survives_damage() {
    survives("shop/place.go", GO, go::read);
}

#[test]
fn python_survives_damage() {
    survives("shop/place.py", PYTHON, python::read);
}

#[test]
fn typescript_survives_damage() {
    survives("shop/place.ts", TYPESCRIPT, javascript::read);
}

#[test]
fn csharp_survives_damage() {
    survives("shop/Place.cs", CSHARP, csharp::read);
}

#[test]
fn rust_survives_damage() {
    survives("shop/src/place.rs", RUST, rust::read);
}

#[test]
fn java_survives_damage() {
    survives("shop/Orders.java", JAVA, java::read);
}

#[test]
fn garbage_ends() {
    for garbage in ["(", "{[", "func(", "\"", "def ", "`", "x := ", "\\", "\u{0}\u{feff}"] {
        let text = garbage.repeat(2_000);
        go::read("a.go", &text);
        python::read("a.py", &text);
        rust::read("a.rs", &text);
        java::read("A.java", &text);
        javascript::read("a.js", &text);
        javascript::read("a.ts", &text);
        csharp::read("a.cs", &text);
    }
}

#[test]
fn parsing_gives_up_where_recovery_explodes() {
    let text = "case x:".repeat(600);
    let module = go::read("a.go", &text);
    assert_eq!(module.errors, [(0..text.len()).into()]);
    assert_eq!(module.functions, []);
}
