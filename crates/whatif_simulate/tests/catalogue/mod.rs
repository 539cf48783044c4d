//! The canonical flaws, each as the smallest program that has it.

#![allow(dead_code, unreachable_pub, missing_docs)]

use crate::world::*;
use whatif_simulate::explore::*;

pub struct Scenario {
    pub name: &'static str,
    pub question: Question,
    pub world: World,
}

pub fn all() -> Vec<Scenario> {
    use Question::{Halfway, Partition, Together, Twice};
    let scenario = |name, question, world| Scenario { name, question, world };
    let steps = vec![
        scenario("1 retry without a key", Twice, charge(|charge, _| vec![apply(charge), OK])),
        scenario("1 check, charge, mark", Twice, charge(check_then_act)),
        scenario("2 order stored, then published", Halfway, order(store_first, keyed_shipping)),
        scenario("2 published, then order stored", Halfway, order(publish_first, keyed_shipping)),
        scenario("2 outbox, naive consumer", Twice, order(with_outbox, |ship, _| vec![apply(ship), ACK])),
        scenario("3 no compensation", Halfway, saga(|order, reserve, _| [apply(order), reserve, OK].to_vec())),
        scenario("4 undoes only what it knows", Halfway, saga(undoes_known)),
        scenario("5 retried refund", Twice, refund()),
        scenario("6 no saga log", Halfway, saga(|order, reserve, _| [reserve, apply(order), OK].to_vec())),
        scenario("7 acknowledged first", Halfway, order(with_outbox, |ship, _| vec![ACK, apply(ship)])),
        scenario("8 lease without fencing", Together, leased()),
        scenario("9 read, modify, write", Together, adjust()),
        scenario("10 cache filled after a change", Together, cached([Part::Store, Part::Invalidate])),
        scenario("10 cache emptied before a change", Together, cached([Part::Invalidate, Part::Store])),
        scenario("11 events out of order", Together, copied()),
        scenario("12 caller gives up before its callee", Twice, impatient()),
        scenario("cart charged and emptied", Together, checkout()),
        scenario("extra: answered before the effect", Halfway, charge(|charge, _| vec![OK, apply(charge)])),
        scenario("extra: an error nobody expects", Partition, unexpected()),
        scenario("extra: a permanent error retried", Twice, upload()),
    ];
    steps
}

fn charge(steps: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(2, KeyPassing::Derived));
    let payments = world.service("payments");
    let charge = world.effect("charge");
    let keys = world.table("keys", ORDERS);
    world.entry("charge", payments, steps(charge, keys));
    world.slice.promises.acknowledged = vec![charge];
    world
}

fn check_then_act(charge: EffectId, table: TableId) -> Vec<StepKind> {
    let (scope, mark, on_conflict) = (Scope::Key, Mark::Done, Exit::Next);
    vec![check_key(table), apply(charge), StepKind::DedupMark { table, scope, mark, unique: false, on_conflict }, OK]
}

fn order(publisher: fn(EffectId, TopicId) -> Vec<StepKind>, consumer: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let orders = world.service("orders");
    let shipping = world.service("shipping");
    let placed = world.idempotent_effect("order");
    let shipped = world.effect("ship");
    let inbox = world.table("inbox", STOCK);
    let topic = world.topic("order-placed", Some(orders));
    world.entry("place-order", orders, publisher(placed, topic));
    let ship = world.operation("ship", shipping, consumer(shipped, inbox));
    world.consumes(topic, ship);
    world.slice.promises.events.push(EventPromise { cause: placed, outcome: shipped });
    world
}

fn store_first(order: EffectId, topic: TopicId) -> Vec<StepKind> {
    vec![apply(order), publish(topic), OK]
}

fn publish_first(order: EffectId, topic: TopicId) -> Vec<StepKind> {
    vec![publish(topic), apply(order), OK]
}

fn with_outbox(order: EffectId, topic: TopicId) -> Vec<StepKind> {
    vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK]
}

fn keyed_shipping(ship: EffectId, inbox: TableId) -> Vec<StepKind> {
    vec![begin(STOCK), unique_key(inbox, Exit::ReplyOk), apply(ship), COMMIT, ACK]
}

fn saga(steps: fn(EffectId, StepKind, StepKind) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let orders = world.service("orders");
    let stock = world.service("stock");
    let order = world.effect("order");
    let reserve = world.effect("reserve");
    world.slice.promises.sagas = vec![vec![order, reserve]];
    let reserving = world.operation("reserve", stock, [apply(reserve), OK]);
    let undoing = call(reserving, 1, to(4));
    world.entry("place-order", orders, steps(order, call(reserving, 1, Exit::ReplyError), undoing));
    world
}

fn undoes_known(order: EffectId, _: StepKind, reserve: StepKind) -> Vec<StepKind> {
    vec![apply(order), reserve, OK, END, undo(order), FAIL]
}

fn refund() -> World {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let orders = world.service("orders");
    let payments = world.service("payments");
    let charge = world.effect("charge");
    let refund = world.operation("refund", payments, [undo(charge), OK]);
    world.entry("cancel-order", orders, [apply(charge), call(refund, 2, Exit::ReplyError), OK]);
    world
}

fn leased() -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let service = world.service("inventory");
    let stock = world.item("stock", STOCK, false);
    let lock = world.lease("stock-lock");
    let under_lock = StepKind::Write {
        item: Some(stock),
        kind: WriteKind::Set(1),
        guard: Guard::None,
        token: Some(R0),
        effect: None,
        on_conflict: Exit::Next,
    };
    let (take, give) = (StepKind::Lock { lock, into: R0 }, StepKind::Unlock { lock, token: R0 });
    world.entry("adjust", service, [take, under_lock, give, OK]);
    world
}

fn adjust() -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let service = world.service("inventory");
    let stock = world.item("stock", STOCK, true);
    let put = write(stock, WriteKind::PutNext(R0), Guard::None, Exit::Next);
    world.entry("adjust", service, [read(stock), put, OK]);
    world
}

#[derive(Clone, Copy)]
enum Part {
    Store,
    Invalidate,
}

/// Readers fill the cache with what they find; the writer empties it.
fn cached(order: [Part; 2]) -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let catalog = world.service("catalog");
    let product = world.item("product", ORDERS, false);
    let cache = world.item("cached product", STOCK, false);
    world.slice.program.items[product.index()].starts = 1;
    let next = write(product, WriteKind::Inc, Guard::None, Exit::Next);
    let mut steps = Vec::new();
    for part in order {
        match part {
            Part::Store => steps.extend([begin(ORDERS), next, read(product), COMMIT]),
            Part::Invalidate => steps.push(write(cache, WriteKind::Set(0), Guard::None, Exit::Next)),
        }
    }
    steps.push(OK);
    world.entry("update", catalog, steps);
    let fill = write(cache, WriteKind::Put(R0), Guard::None, Exit::Next);
    let hit = StepKind::Branch { to: to(3) };
    let show = world.operation("show", catalog, [hit, read(product), fill, OK]);
    world.slice.concurrent = vec![show];
    world.slice.promises.caches = vec![CachePromise { cache, source: product }];
    world
}

fn copied() -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let catalog = world.service("catalog");
    let search = world.service("search");
    let product = world.item("product", ORDERS, false);
    let copy = world.item("indexed", STOCK, false);
    let topic = world.topic("product-updated", Some(catalog));
    let next = write(product, WriteKind::Inc, Guard::None, Exit::Next);
    let versioned = StepKind::Outbox { topic, payload: Some(R0) };
    world.entry("update", catalog, [begin(ORDERS), next, read(product), versioned, COMMIT, OK]);
    let put = write(copy, WriteKind::Put(R0), Guard::None, Exit::Next);
    let index = world.operation("index", search, [put, ACK]);
    world.consumes(topic, index);
    world.slice.promises.copies = vec![CopyPromise { topic, item: copy }];
    world
}

/// The callee is still at work when its caller calls again.
fn impatient() -> World {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let shop = world.service("shop");
    let payments = world.service("payments");
    let bank = world.service("bank");
    let charge = world.effect("charge");
    let charging = world.operation("charge", bank, [apply(charge), OK]);
    let pay = world.operation("pay", payments, [call(charging, 1, Exit::ReplyError), OK]);
    world.entry("checkout", shop, [call(pay, 2, Exit::ReplyError), OK]);
    world
}

fn checkout() -> World {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let checkout = world.service("checkout");
    let payments = world.service("payments");
    let cart = world.item("cart", ORDERS, false);
    let charge = world.effect("charge");
    let charging = world.operation("charge", payments, [apply(charge), OK]);
    let clear = write(cart, WriteKind::Clear(R0), Guard::None, Exit::Next);
    world.entry("place-order", checkout, [read(cart), call(charging, 1, Exit::ReplyError), clear, OK]);
    world.slice.promises.spends = vec![SpendPromise { item: cart, effect: charge }];
    world
}

/// The caller has a way on for a timeout and none for the error it gets.
fn unexpected() -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let shop = world.service("shop");
    let mapper = world.service("mapper");
    let map = world.operation("map", mapper, [FAIL]);
    let StepKind::Call { operation, mode, attempts, retry_on_error, until_ok, key, .. } = call(map, 1, Exit::Next)
    else {
        unreachable!("a call")
    };
    let (on_error, on_timeout) = (to(2), Exit::ReplyError);
    let call = StepKind::Call { operation, mode, attempts, retry_on_error, until_ok, key, on_error, on_timeout };
    world.entry("show", shop, [call, OK, END]);
    world
}

/// The upload is repeated because of an error that never goes away.
fn upload() -> World {
    let mut world = World::new(Client { retry_on_error: true, ..client(2, KeyPassing::None) });
    let audio = world.service("audio");
    let metadata = world.service("metadata");
    let uploaded = world.effect("upload");
    let lookup = world.operation("lookup", metadata, [FAIL]);
    world.entry("publish", audio, [apply(uploaded), call(lookup, 1, Exit::ReplyError), OK]);
    world
}
