//! Builds slices in a few words.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use whatif_simulate::explore::*;

/// A slice under construction; origins count up from 1 in order of adding.
#[derive(Default)]
pub struct World {
    pub slice: Slice,
    origin: Origin,
}

pub const ORDERS: StoreId = StoreId(0);
pub const STOCK: StoreId = StoreId(1);
pub const R0: Register = Register(0);

impl World {
    pub fn new(client: Client) -> World {
        let mut world = World::default();
        world.slice.client = client;
        world
    }

    pub fn service(&mut self, name: &str) -> ServiceId {
        self.slice.program.services.push(name.to_owned());
        ServiceId(last(&self.slice.program.services))
    }

    pub fn operation(
        &mut self,
        name: &str,
        service: ServiceId,
        steps: impl IntoIterator<Item = StepKind>,
    ) -> OperationId {
        let steps = steps
            .into_iter()
            .map(|kind| {
                self.origin += 1;
                Step::new(kind, self.origin)
            })
            .collect();
        self.slice.program.operations.push(Operation { name: name.to_owned(), service, steps, resumes: false });
        OperationId(last(&self.slice.program.operations))
    }

    /// The operation the question is about.
    pub fn entry(&mut self, name: &str, service: ServiceId, steps: impl IntoIterator<Item = StepKind>) -> OperationId {
        let id = self.operation(name, service, steps);
        self.slice.entry = Some(id);
        id
    }

    pub fn resumes(&mut self, operation: OperationId) {
        self.slice.program.operations[operation.index()].resumes = true;
    }

    pub fn effect(&mut self, name: &str) -> EffectId {
        self.slice.program.effects.push(Effect { name: name.to_owned(), idempotent: false });
        EffectId(last(&self.slice.program.effects))
    }

    pub fn idempotent_effect(&mut self, name: &str) -> EffectId {
        let id = self.effect(name);
        self.slice.program.effects[id.index()].idempotent = true;
        id
    }

    pub fn table(&mut self, name: &str, store: StoreId) -> TableId {
        self.slice.program.tables.push(Table { name: name.to_owned(), store, volatile_in: None });
        TableId(last(&self.slice.program.tables))
    }

    pub fn item(&mut self, name: &str, store: StoreId, counted: bool) -> ItemId {
        self.slice.program.items.push(Item {
            name: name.to_owned(),
            store,
            shared: true,
            counted,
            expires: false,
            starts: 0,
        });
        ItemId(last(&self.slice.program.items))
    }

    pub fn topic(&mut self, name: &str, relay: Option<ServiceId>) -> TopicId {
        self.slice.program.topics.push(Topic {
            name: name.to_owned(),
            consumers: Vec::new(),
            ordered: false,
            effect: None,
            relay,
            origin: 0,
        });
        TopicId(last(&self.slice.program.topics))
    }

    pub fn consumes(&mut self, topic: TopicId, operation: OperationId) {
        let topic = &mut self.slice.program.topics[topic.index()];
        topic.consumers.push(operation);
    }

    pub fn lease(&mut self, name: &str) -> LockId {
        self.slice.program.locks.push(Lock { name: name.to_owned(), lease: true });
        LockId(last(&self.slice.program.locks))
    }
}

fn last<T>(items: &[T]) -> u8 {
    u8::try_from(items.len() - 1).unwrap()
}

pub fn client(attempts: u8, key: KeyPassing) -> Client {
    Client { attempts, key, ..Client::default() }
}

pub fn begin(store: StoreId) -> StepKind {
    StepKind::Begin { store, isolation: Isolation::Serializable }
}

pub const COMMIT: StepKind = StepKind::Commit;
pub const ACK: StepKind = StepKind::Ack;
pub const OK: StepKind = StepKind::Respond { ok: true };
pub const FAIL: StepKind = StepKind::Respond { ok: false };
pub const END: StepKind = StepKind::End;

fn effect_write(effect: EffectId, undo: bool) -> StepKind {
    StepKind::Write {
        item: None,
        kind: WriteKind::Inc,
        guard: Guard::None,
        token: None,
        effect: Some(Applies { effect, undo }),
        on_conflict: Exit::Next,
    }
}

pub fn apply(effect: EffectId) -> StepKind {
    effect_write(effect, false)
}

pub fn undo(effect: EffectId) -> StepKind {
    effect_write(effect, true)
}

pub fn read(item: ItemId) -> StepKind {
    StepKind::Read { item, into: R0, from: Source::Primary }
}

pub fn write(item: ItemId, kind: WriteKind, guard: Guard, on_conflict: Exit) -> StepKind {
    StepKind::Write { item: Some(item), kind, guard, token: None, effect: None, on_conflict }
}

pub fn check_key(table: TableId) -> StepKind {
    StepKind::DedupCheck { table, scope: Scope::Key, on_hit: Exit::ReplyOk, in_flight: InFlight::Wait }
}

/// A key that a unique constraint keeps single.
pub fn unique_key(table: TableId, on_conflict: Exit) -> StepKind {
    StepKind::DedupMark { table, scope: Scope::Key, mark: Mark::Done, unique: true, on_conflict }
}

/// The same for a natural key of the request.
pub fn unique_request(table: TableId, on_conflict: Exit) -> StepKind {
    StepKind::DedupMark { table, scope: Scope::Request, mark: Mark::Done, unique: true, on_conflict }
}

pub fn call(operation: OperationId, attempts: u8, on_failure: Exit) -> StepKind {
    StepKind::Call {
        operation,
        mode: CallMode::Sync,
        attempts,
        retry_on_error: false,
        until_ok: false,
        key: KeyPassing::Forward,
        on_error: on_failure,
        on_timeout: on_failure,
    }
}

pub fn call_until_ok(operation: OperationId) -> StepKind {
    StepKind::Call {
        operation,
        mode: CallMode::Sync,
        attempts: 2,
        retry_on_error: true,
        until_ok: true,
        key: KeyPassing::Forward,
        on_error: Exit::Next,
        on_timeout: Exit::Next,
    }
}

pub fn publish(topic: TopicId) -> StepKind {
    StepKind::Publish { topic, payload: None, key: KeyPassing::Derived }
}

pub fn outbox(topic: TopicId) -> StepKind {
    StepKind::Outbox { topic, payload: None }
}

pub fn log(stage: u8) -> StepKind {
    StepKind::SagaLog { stage: Some(stage) }
}

pub const CLOSE_LOG: StepKind = StepKind::SagaLog { stage: None };

pub fn to(label: u16) -> Exit {
    Exit::Goto(Label(label))
}

pub fn ask(world: &World, question: Question) -> Verdict {
    check(&world.slice, question, &Options::default()).verdict
}

#[track_caller]
pub fn broken(world: &World, question: Question) -> Trace {
    match ask(world, question) {
        Verdict::Violated(trace) => *trace,
        other => panic!("not violated: {other:?}"),
    }
}

/// The number of states, if it holds.
#[track_caller]
pub fn clean(world: &World, question: Question) -> usize {
    match ask(world, question) {
        Verdict::Holds { states, .. } => states,
        Verdict::Violated(trace) => panic!("violated: {}", text(world, &trace)),
        other => panic!("does not hold: {other:?}"),
    }
}

/// One line per step, for failing tests.
pub fn text(world: &World, trace: &Trace) -> String {
    let program = &world.slice.program;
    let mut lines = vec![format!("{:?}", trace.breach)];
    for step in &trace.steps {
        let actor = match step.actor {
            Actor::Operation(id) | Actor::Network(id) => program.operations[id.index()].name.clone(),
            other => format!("{other:?}"),
        };
        let changes: Vec<String> =
            step.changes.iter().map(|c| format!("{:?} {}->{}", c.subject, c.before, c.after)).collect();
        let origins: Vec<Origin> = step.places.iter().map(|place| place.origin).collect();
        lines.push(format!(
            "{:?} {actor} {:?}{} {origins:?} {}",
            step.request,
            step.event,
            step.fault.map_or("", |_| "!"),
            changes.join(", "),
        ));
    }
    lines.join("\n")
}

/// Checks a trace against the number of steps and faults of the prototype.
#[track_caller]
pub fn within(world: &World, trace: &Trace, property: Property, steps: usize, faults: u8) {
    let shown = text(world, trace);
    println!("{} of {steps} steps\n{shown}\n", trace.steps.len());
    assert_eq!(trace.breach.property, property, "{shown}");
    assert!(trace.steps.len() <= steps, "{shown}");
    assert!(trace.faults <= faults, "{shown}");
    let cited = trace.steps.iter().filter(|step| step.event == Event::Start);
    for step in cited {
        assert!(step.places.iter().all(|place| place.origin > 0), "{shown}");
    }
}
