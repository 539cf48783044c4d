//! Small random programs: every reduction may change how many states there
//! are, but neither the verdict nor the fewest faults.

#![allow(clippy::unwrap_used)]

mod world;

use whatif_simulate::explore::*;
use world::*;

const PROGRAMS: u64 = 40;
const MAX_STATES: usize = 3_000;

/// splitmix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

struct Names {
    effects: Vec<EffectId>,
    item: ItemId,
    table: TableId,
    topic: TopicId,
    lock: Option<LockId>,
}

fn random_world(seed: u64) -> World {
    let mut random = Random(seed);
    let keys = [KeyPassing::None, KeyPassing::Derived, KeyPassing::PerTry];
    let attempts = u8::try_from(1 + random.below(2)).unwrap();
    let mut world = World::new(client(attempts, random.pick(&keys)));
    let a = world.service("a");
    let b = world.service("b");
    let names = Names {
        effects: vec![world.effect("e0"), world.effect("e1"), world.effect("e2")],
        item: world.item("item", ORDERS, true),
        table: world.table("keys", ORDERS),
        topic: world.topic("topic", Some(a)),
        lock: random.chance(25).then(|| world.lease("lock")),
    };
    let mut steps = block(&mut random, &names, 0, 2);
    steps.push(ACK);
    let consumer = world.operation("consumer", b, steps);
    world.consumes(names.topic, consumer);
    let mut steps = block(&mut random, &names, 1, 2);
    steps.push(OK);
    let callee = world.operation("callee", b, steps);
    let steps = entry_steps(&mut random, &names, callee);
    let entry = world.entry("entry", a, steps);
    if random.chance(30) {
        world.resumes(entry);
    }
    let effects = &names.effects;
    world.slice.promises = Promises {
        sagas: vec![vec![effects[1], effects[2]]],
        events: vec![EventPromise { cause: effects[2], outcome: effects[0] }],
        acknowledged: vec![effects[2]],
        copies: Vec::new(),
    };
    world
}

fn entry_steps(random: &mut Random, names: &Names, callee: OperationId) -> Vec<StepKind> {
    let mut steps = block(random, names, 2, 2);
    if random.chance(50) {
        let exits = [Exit::ReplyError, Exit::Next];
        let attempts = u8::try_from(1 + random.below(2)).unwrap();
        let at = random.below(2);
        let step = call(callee, attempts, random.pick(&exits));
        // Never inside a transaction written by `block`.
        let at = if at == 0 { 0 } else { steps.len() };
        shift(&mut steps, at);
        steps.insert(at, step);
    }
    match random.below(4) {
        0 => steps.push(publish(names.topic)),
        1 => {
            shift(&mut steps, 0);
            steps.insert(0, publish(names.topic));
        }
        2 => steps.push(outbox(names.topic)),
        _ => {}
    }
    if random.chance(25) {
        shift(&mut steps, 0);
        steps.insert(0, log(1));
        steps.push(CLOSE_LOG);
    }
    steps.push(OK);
    if random.chance(15) {
        let steps_left = steps.len();
        let step = StepKind::Branch { to: random.pick(&[Exit::ReplyError, to(u16::try_from(steps_left).unwrap())]) };
        shift(&mut steps, 0);
        steps.insert(0, step);
    }
    steps
}

/// Makes room at a position for one step.
fn shift(steps: &mut [StepKind], at: usize) {
    for step in steps {
        *step = step.map_labels(|label| if label.index() >= at { Label(label.0 + 1) } else { label });
    }
}

/// A few steps around one effect, in one of the usual shapes.
fn block(random: &mut Random, names: &Names, effect: usize, extra: u64) -> Vec<StepKind> {
    let effect = names.effects[effect];
    let mut steps = match random.below(6) {
        0 => vec![check_key(names.table), apply(effect), unsafe_mark(names)],
        1 => vec![begin(ORDERS), unique_key(names.table, Exit::ReplyOk), apply(effect), COMMIT],
        2 => vec![unique_key(names.table, Exit::ReplyOk), apply(effect)],
        3 => vec![begin(ORDERS), apply(effect), read(names.item), put(names), COMMIT],
        _ => vec![apply(effect)],
    };
    for _ in 0..random.below(extra) {
        let more = match random.below(5) {
            0 => vec![read(names.item), put(names)],
            1 => vec![write(names.item, WriteKind::Inc, Guard::None, Exit::Next)],
            2 => vec![undo(effect)],
            3 => vec![read(names.item), guarded_put(names)],
            _ => locked(names),
        };
        steps.extend(more);
    }
    steps
}

fn unsafe_mark(names: &Names) -> StepKind {
    StepKind::DedupMark {
        table: names.table,
        scope: Scope::Key,
        mark: Mark::Done,
        unique: false,
        on_conflict: Exit::Next,
    }
}

fn put(names: &Names) -> StepKind {
    write(names.item, WriteKind::PutNext(R0), Guard::None, Exit::Next)
}

fn guarded_put(names: &Names) -> StepKind {
    write(names.item, WriteKind::PutNext(R0), Guard::Cas(R0), Exit::ReplyError)
}

fn locked(names: &Names) -> Vec<StepKind> {
    let Some(lock) = names.lock else {
        return Vec::new();
    };
    let token = Register(1);
    let fenced = StepKind::Write {
        item: Some(names.item),
        kind: WriteKind::Inc,
        guard: Guard::None,
        token: Some(token),
        effect: None,
        on_conflict: Exit::Next,
    };
    vec![StepKind::Lock { lock, into: token }, fenced, StepKind::Unlock { lock, token }]
}

/// The verdict and the number of faults; none when not exhaustive.
fn essence(world: &World, question: Question, reductions: Reductions) -> Option<Option<u8>> {
    let options =
        Options { max_states: MAX_STATES, reductions, bounds: Some(Bounds { deliveries: 2, ..question.bounds() }) };
    match check(&world.slice, question, &options).verdict {
        Verdict::Violated(trace) => Some(Some(trace.faults)),
        Verdict::Holds { .. } => Some(None),
        Verdict::Depends { .. } => unreachable!("no unknowns"),
        Verdict::Incomplete { .. } => None,
    }
}

fn variants() -> Vec<(&'static str, Reductions)> {
    let all = Reductions::ALL;
    vec![
        ("collapse", Reductions { collapse: false, ..all }),
        ("fuse", Reductions { fuse: false, ..all }),
        ("anonymise", Reductions { anonymise: false, ..all }),
        ("symmetry", Reductions { symmetry: false, ..all }),
        ("cone", Reductions { cone: false, ..all }),
        ("dominance", Reductions { dominance: false, ..all }),
        ("all", Reductions::NONE),
    ]
}

/// The program and a trace with or without reductions.
fn shown(world: &World, question: Question, without: Reductions) -> String {
    let mut lines = Vec::new();
    for operation in &world.slice.program.operations {
        lines.push(operation.name.clone());
        let steps = operation.steps.iter();
        lines.extend(steps.map(|step| format!("  {} {:?}", step.origin, step.kind)));
    }
    for reductions in [Reductions::ALL, without] {
        let options = Options { reductions, ..Options::default() };
        if let Verdict::Violated(trace) = check(&world.slice, question, &options).verdict {
            lines.push(text(world, &trace));
        }
    }
    lines.join("\n")
}

#[test]
fn reductions_change_neither_verdict_nor_faults() {
    let mut compared = [0u32; 2];
    for seed in 0..PROGRAMS {
        let world = random_world(seed);
        for question in Question::EXPLORED {
            let Some(expected) = essence(&world, question, Reductions::ALL) else {
                continue;
            };
            for (name, reductions) in variants() {
                let Some(found) = essence(&world, question, reductions) else {
                    continue;
                };
                compared[usize::from(expected.is_some())] += 1;
                assert_eq!(
                    found,
                    expected,
                    "seed {seed} {question:?} without {name}\n{}",
                    shown(&world, question, reductions)
                );
            }
        }
    }
    // The generator must produce both verdicts, often.
    assert!(compared.iter().all(|count| *count > 100), "{compared:?}");
}
