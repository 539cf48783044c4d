//! Small random programs in the usual shapes, right and wrong ones.

#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used)]

use crate::world::*;
use whatif_simulate::explore::*;

/// splitmix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn small(&mut self, least: u8, most: u8) -> u8 {
        least + u8::try_from(self.below(u64::from(most - least + 1))).unwrap()
    }
}

struct Names {
    effects: Vec<EffectId>,
    /// Counted, one for all requests.
    stock: ItemId,
    /// A version and its copy elsewhere.
    product: ItemId,
    copy: ItemId,
    /// Filled by readers of the product.
    cache: ItemId,
    /// One for each request.
    order: ItemId,
    table: TableId,
    topic: TopicId,
    lock: LockId,
    callee: Option<OperationId>,
}

/// The same seed gives the same program.
pub fn random_world(seed: u64) -> World {
    let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let random = &mut random;
    let key = random.pick(&[KeyPassing::None, KeyPassing::Derived, KeyPassing::Derived, KeyPassing::PerTry]);
    let mut client = client(random.small(1, 2), key);
    client.retry_on_error = random.chance(20);
    let mut world = World::new(client);
    let (a, b) = (world.service("a"), world.service("b"));
    let mut names = names(random, &mut world, a);
    let handled = consumer(random, &names);
    let consumer = world.operation("consumer", b, handled);
    world.consumes(names.topic, consumer);
    let at = random.pick(&[a, b, b]);
    let called = operation(random, &names, 2);
    names.callee = Some(world.operation("callee", at, called));
    let most = random.pick(&[1, 2, 2, 3]);
    let steps = entry(random, &names, most);
    let logs = steps.iter().any(|step| matches!(step, StepKind::SagaLog { .. }));
    let entry = world.entry("entry", a, steps);
    if logs && random.chance(70) {
        world.resumes(entry);
    }
    if random.chance(25) {
        let other = operation(random, &names, 1);
        let other = world.operation("other", b, other);
        world.slice.concurrent.push(other);
    }
    needs(random, &mut world);
    world.slice.promises = promises(random, &names);
    world
}

fn names(random: &mut Random, world: &mut World, a: ServiceId) -> Names {
    let effects = vec![world.effect("e0"), world.effect("e1"), world.effect("e2")];
    if random.chance(30) {
        world.slice.program.effects[0].idempotent = true;
    }
    let names = Names {
        effects,
        stock: world.item("stock", ORDERS, true),
        product: world.item("product", ORDERS, false),
        copy: world.item("copy", STOCK, false),
        cache: world.item("cache", STOCK, false),
        order: world.item("order", ORDERS, false),
        table: world.table("keys", ORDERS),
        topic: world.topic("topic", Some(a)),
        lock: world.lease("lock"),
        callee: None,
    };
    let program = &mut world.slice.program;
    program.items[names.order.index()].shared = false;
    program.locks[0].lease = random.chance(70);
    program.items[names.cache.index()].expires = random.chance(20);
    program.items[names.product.index()].starts = random.small(0, 1);
    program.topics[0].ordered = random.chance(15);
    program.topics[0].effect = random.chance(20).then_some(names.effects[0]);
    if random.chance(15) {
        program.tables[0].volatile_in = Some(a);
    }
    names
}

/// Some steps fail when they cannot reach something.
fn needs(random: &mut Random, world: &mut World) {
    for operation in &mut world.slice.program.operations {
        let mut open = false;
        for step in &mut operation.steps {
            let or_else = random.pick(&[Exit::ReplyError, Exit::Next]);
            let other = Peer::Service(ServiceId(1 - operation.service.0));
            let peer = match step.kind {
                _ if open || random.chance(30) => None,
                StepKind::Publish { .. } => Some(Peer::Broker),
                StepKind::Write { .. } | StepKind::DedupMark { .. } => Some(Peer::Stores),
                StepKind::Begin { .. } => Some(Peer::Stores),
                StepKind::Branch { .. } | StepKind::Skip => Some(other),
                _ => None,
            };
            open = match step.kind {
                StepKind::Begin { .. } => true,
                StepKind::Commit | StepKind::Rollback => false,
                _ => open,
            };
            // A transaction that cannot begin is not gone through.
            let or_else = if matches!(step.kind, StepKind::Begin { .. }) { Exit::ReplyError } else { or_else };
            if let Some(peer) = peer {
                *step = step.needing(peer, or_else);
            }
        }
    }
}

fn promises(random: &mut Random, names: &Names) -> Promises {
    let effects = &names.effects;
    let of = |random: &mut Random, percent| random.chance(percent);
    Promises {
        sagas: if of(random, 60) { vec![vec![effects[1], effects[2]]] } else { Vec::new() },
        events: if of(random, 60) { vec![EventPromise { cause: effects[2], outcome: effects[0] }] } else { Vec::new() },
        acknowledged: if of(random, 60) { vec![effects[2]] } else { Vec::new() },
        copies: vec![CopyPromise { topic: names.topic, item: names.copy }],
        caches: vec![CachePromise { cache: names.cache, source: names.product }],
        spends: vec![SpendPromise { item: names.product, effect: effects[2] }],
        stated: stated(random, names),
    }
}

/// Most programs have none, so that the other promises are looked at as well.
fn stated(random: &mut Random, names: &Names) -> Vec<Stated> {
    let effects = &names.effects;
    if !random.chance(30) {
        return Vec::new();
    }
    match random.below(4) {
        0 => vec![Stated::AtMostOnce(vec![effects[1], effects[2]])],
        1 => vec![Stated::OnceForAll(vec![effects[2]])],
        2 => vec![Stated::Unlost(names.product)],
        _ => {
            let causes = if random.chance(50) { vec![effects[2]] } else { Vec::new() };
            let accepted = random.chance(70);
            vec![Stated::Eventually { accepted, causes, outcomes: vec![effects[0], effects[1]] }]
        }
    }
}

fn consumer(random: &mut Random, names: &Names) -> Vec<StepKind> {
    let mut steps = Vec::new();
    if random.chance(10) {
        steps.push(ACK);
    }
    let copies = random.chance(50);
    let piece = if copies {
        let guard = random.pick(&[Guard::None, Guard::Version(R0)]);
        vec![write(names.copy, WriteKind::Put(R0), guard, Exit::Next)]
    } else {
        effect(random, names, 0)
    };
    append(&mut steps, &piece);
    if random.chance(90) {
        steps.push(ACK);
    }
    steps
}

/// Something that is called or requested.
fn operation(random: &mut Random, names: &Names, most: u64) -> Vec<StepKind> {
    let mut steps = Vec::new();
    for _ in 0..=random.below(most) {
        let piece = if random.chance(70) { effect(random, names, 1) } else { piece(random, names, 1) };
        append(&mut steps, &piece);
    }
    steps.push(if random.chance(90) { OK } else { FAIL });
    if random.chance(10) {
        let steps_then = [StepKind::Branch { to: Exit::ReplyError }];
        steps = [&steps_then[..], &shifted(&steps, 1)].concat();
    }
    steps
}

fn entry(random: &mut Random, names: &Names, most: u64) -> Vec<StepKind> {
    let mut steps = Vec::new();
    let logs = random.chance(20);
    if logs {
        steps.push(log(1));
    }
    for _ in 0..most {
        let piece = match random.below(6) {
            0 | 1 => effect(random, names, 2),
            2 => call_piece(random, names),
            3 => announce(random, names),
            _ => piece(random, names, 2),
        };
        append(&mut steps, &piece);
    }
    if logs {
        steps.push(CLOSE_LOG);
    }
    steps.push(OK);
    steps
}

/// Appends steps whose labels count from their own start.
fn append(steps: &mut Vec<StepKind>, piece: &[StepKind]) {
    let moved = shifted(piece, steps.len());
    steps.extend(moved);
}

fn shifted(piece: &[StepKind], by: usize) -> Vec<StepKind> {
    let by = u16::try_from(by).unwrap();
    piece.iter().map(|step| step.map_labels(|label| Label(label.0 + by))).collect()
}

/// One effect, protected in some way or not at all.
fn effect(random: &mut Random, names: &Names, effect: usize) -> Vec<StepKind> {
    let effect = names.effects[effect];
    let isolation = random.pick(&[Isolation::Serializable, Isolation::ReadCommitted]);
    let begin = StepKind::Begin { store: ORDERS, isolation };
    let scope = random.pick(&[Scope::Key, Scope::Key, Scope::Request]);
    let done = |unique, on_conflict| mark(names, scope, Mark::Done, unique, on_conflict);
    match random.below(8) {
        0 => vec![check_key(names.table), apply(effect), done(false, Exit::Next)],
        1 => vec![begin, done(true, Exit::ReplyOk), apply(effect), COMMIT],
        2 => vec![begin, done(true, to(4)), apply(effect), COMMIT],
        3 => vec![done(true, Exit::ReplyOk), apply(effect)],
        4 => vec![mark(names, scope, Mark::InFlight, true, Exit::ReplyOk), apply(effect), done(false, Exit::Next)],
        5 => vec![begin, check(names, scope), apply(effect), done(false, Exit::Next), COMMIT],
        _ => vec![apply(effect)],
    }
}

fn mark(names: &Names, scope: Scope, mark: Mark, unique: bool, on_conflict: Exit) -> StepKind {
    StepKind::DedupMark { table: names.table, scope, mark, unique, on_conflict }
}

fn check(names: &Names, scope: Scope) -> StepKind {
    let in_flight = InFlight::Leave(Exit::ReplyError);
    StepKind::DedupCheck { table: names.table, scope, on_hit: Exit::ReplyOk, in_flight }
}

fn piece(random: &mut Random, names: &Names, effect: usize) -> Vec<StepKind> {
    let effect = names.effects[effect];
    let isolation = random.pick(&[Isolation::Serializable, Isolation::ReadCommitted]);
    let begin = StepKind::Begin { store: ORDERS, isolation };
    let put = |guard, on_conflict| write(names.stock, WriteKind::PutNext(R0), guard, on_conflict);
    let read_copy = |from| StepKind::Read { item: names.stock, into: R0, from };
    let clear = |guard, on_conflict| write(names.product, WriteKind::Clear(R0), guard, on_conflict);
    match random.below(17) {
        15 => vec![read(names.product), write(names.cache, WriteKind::Put(R0), Guard::None, Exit::Next)],
        16 => vec![
            write(names.product, WriteKind::Inc, Guard::None, Exit::Next),
            write(names.cache, WriteKind::Set(0), Guard::None, Exit::Next),
        ],
        12 => vec![read(names.product), apply(effect), clear(Guard::None, Exit::Next)],
        13 => vec![read(names.product), clear(Guard::Cas(R0), Exit::ReplyError), apply(effect)],
        14 => vec![read(names.product), apply(names.effects[2])],
        0 => vec![read(names.stock), put(Guard::None, Exit::Next)],
        1 => vec![read(names.stock), put(Guard::Cas(R0), random.pick(&[Exit::ReplyError, to(0)]))],
        2 => vec![read_copy(Source::Replica), put(Guard::None, Exit::Next)],
        3 => vec![begin, read(names.stock), put(Guard::None, Exit::Next), apply(effect), COMMIT],
        4 => vec![write(names.stock, WriteKind::Inc, Guard::None, Exit::Next)],
        5 => vec![undo(effect)],
        6 => vec![StepKind::Branch { to: to(2) }, apply(effect)],
        7 => vec![begin, apply(effect), StepKind::Branch { to: random.pick(&[Exit::ReplyError, to(4)]) }, COMMIT],
        8 => vec![random.pick(&[OK, StepKind::Skip])],
        9 => vec![begin, apply(effect), StepKind::Rollback],
        10 => vec![read(names.order), write(names.order, WriteKind::Set(1), Guard::Cas(R0), Exit::ReplyError)],
        _ => locked(random, names),
    }
}

/// Work under a lock, with or without a token the store checks.
fn locked(random: &mut Random, names: &Names) -> Vec<StepKind> {
    let token = Register(1);
    let guard = random.pick(&[Guard::None, Guard::Fence(token)]);
    let fenced = StepKind::Write {
        item: Some(names.stock),
        kind: WriteKind::Inc,
        guard,
        token: Some(token),
        effect: None,
        on_conflict: Exit::ReplyError,
    };
    let mut steps = vec![StepKind::Lock { lock: names.lock, into: token }, fenced];
    if random.chance(85) {
        steps.push(StepKind::Unlock { lock: names.lock, token });
    }
    steps
}

fn call_piece(random: &mut Random, names: &Names) -> Vec<StepKind> {
    let Some(operation) = names.callee else { return Vec::new() };
    let exits = [Exit::ReplyError, Exit::ReplyError, Exit::Next, Exit::ReplyOk];
    let mode = if random.chance(85) { CallMode::Sync } else { CallMode::Async };
    let key = random.pick(&[KeyPassing::None, KeyPassing::Forward, KeyPassing::PerTry, KeyPassing::Derived]);
    vec![StepKind::Call {
        operation,
        mode,
        attempts: random.small(1, 2),
        retry_on_error: random.chance(50),
        until_ok: random.chance(10),
        key,
        on_error: random.pick(&exits),
        on_timeout: random.pick(&exits),
    }]
}

/// A message about an effect or a version.
fn announce(random: &mut Random, names: &Names) -> Vec<StepKind> {
    let topic = names.topic;
    let isolation = random.pick(&[Isolation::Serializable, Isolation::ReadCommitted]);
    let begin = StepKind::Begin { store: ORDERS, isolation };
    let next = write(names.product, WriteKind::Inc, Guard::None, Exit::Next);
    let versioned = StepKind::Outbox { topic, payload: Some(R0) };
    match random.below(5) {
        0 => vec![publish(topic)],
        1 => vec![outbox(topic)],
        2 => vec![begin, apply(names.effects[2]), outbox(topic), COMMIT],
        3 => vec![begin, next, read(names.product), versioned, COMMIT],
        _ => {
            let key = random.pick(&[KeyPassing::None, KeyPassing::Forward, KeyPassing::PerTry]);
            vec![next, read(names.product), StepKind::Publish { topic, payload: Some(R0), key }]
        }
    }
}
