//! The way to a violation, step by step, with what changed and where it was
//! read.

use super::canonical::{Renaming, SAME, canonical};
use super::code::Code;
use super::environment::client;
use super::layout::Field;
use super::limits::MAX_REQUESTS;
use super::machine::{Action, ActionKind, Machine, Successor, Successors};
use super::program::{EffectId, ItemId, LockId, OperationId, Origin, ServiceId, StepKind, TableId, TopicId};
use super::state::{State, fingerprint};
use super::unknown::Literal;
use super::{Breach, Cut, Fault, dominance};

/// A shortest way to a violation: no way has fewer faults, and none with as
/// few faults has fewer steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The promise that is broken at the end.
    pub breach: Breach,
    /// Faults on the way.
    pub faults: u8,
    /// One transition each; see the module documentation for how they count.
    pub steps: Vec<TraceStep>,
    /// What was assumed of the unknowns.
    pub assuming: Vec<Literal>,
}

/// One transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Who acts.
    pub actor: Actor,
    /// What happens.
    pub event: Event,
    /// Whether it is a fault.
    pub fault: Option<Fault>,
    /// For which logical request; none for crashes and leases.
    pub request: Option<u8>,
    /// The program steps taken, in order; for a fault or timeout the step it
    /// hits.
    pub places: Vec<Place>,
    /// What changed in stores, logs, locks and counters.
    pub changes: Vec<Change>,
}

/// Who acts in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The caller of the entry operation.
    Client,
    /// A thread of an operation.
    Operation(OperationId),
    /// A service as a whole.
    Service(ServiceId),
    /// The relay of a topic's outbox.
    Relay(TopicId),
    /// The network or broker in front of an operation.
    Network(OperationId),
    /// The lock service.
    Lock(LockId),
    /// A stored value that forgets itself.
    Item(ItemId),
    /// The network between two sides.
    Between(Cut),
}

/// What happens in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client sends.
    Send,
    /// The client stops waiting and sends again.
    Resend,
    /// The client is told that it failed and sends again.
    Retry,
    /// The client stops waiting for good.
    GiveUp,
    /// The client is answered.
    Answered {
        /// With success.
        ok: bool,
    },
    /// A request or message arrives and its thread takes its first steps.
    Start,
    /// A thread takes steps.
    Continue,
    /// A caller gets its reply and goes on.
    ReplyArrives,
    /// A caller stops waiting for a reply and goes on.
    TimeOut,
    /// A caller stops waiting for a reply and calls again.
    CallAgain,
    /// A reply nobody waits for is dropped.
    Drop,
    /// The relay publishes.
    RelayPublish,
    /// The relay marks the message sent.
    RelayMark,
    /// An operation is resumed from its log.
    Resume,
    /// A dead holder's lease runs out.
    LeaseEnds,
    /// A service crashes.
    Crash,
    /// A request is lost.
    RequestLost,
    /// A reply is lost.
    ReplyLost,
    /// A request or message is duplicated.
    Duplicated,
    /// A living holder's lease runs out.
    LeaseExpires,
    /// A value comes to the end of its time.
    Expires,
    /// Two sides cannot reach each other any more.
    CutOff,
    /// They can again.
    Healed,
    /// A request is lost in the cut.
    RequestCut,
    /// A step cannot reach what it needs, and fails.
    Unreachable,
}

/// A program step and its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The operation it belongs to.
    pub operation: OperationId,
    /// What it does. Labels are those of the compiled program.
    pub step: StepKind,
    /// Evidence, as given by the builder of the slice.
    pub origin: Origin,
}

/// A value before and after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose value.
    pub subject: Subject,
    /// For which request; none for shared values.
    pub request: Option<u8>,
    /// Value before.
    pub before: u8,
    /// Value after.
    pub after: u8,
}

/// What a change or breach is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A stored value.
    Item(ItemId),
    /// A key in a table: 0 absent, 1 in flight, 2 done.
    Key(TableId),
    /// Rows waiting in an outbox.
    Outbox(TopicId),
    /// Stage in a saga log; 15 is closed.
    Saga(OperationId),
    /// Times an effect was applied, or the effect as such.
    Effect(EffectId),
    /// Times an effect was taken back.
    Undone(EffectId),
    /// Token of the holder of a lock; 0 is free.
    Lock(LockId),
    /// A thread that cannot go on.
    Operation(OperationId),
    /// A promise of the users, by its position.
    Promise(u8),
}

impl Trace {
    /// Walks the states with these fingerprints again, keeping what happens.
    pub(super) fn replay(code: &Code, path: &[u64], breach: Breach, symmetric: bool) -> Trace {
        let machine = Machine::new(code);
        let mut state = machine.initial();
        let mut names = SAME;
        canonical(code, symmetric, &mut state);
        let mut steps = Vec::new();
        for wanted in path.iter().skip(1) {
            let Some((taken, next, renaming)) = follow(&machine, &state, *wanted, symmetric) else {
                break;
            };
            steps.push(describe(code, &state, &taken, names));
            names = renamed(names, renaming);
            state = next;
        }
        let faults = steps.iter().filter(|step| step.fault.is_some()).count();
        Trace {
            breach: Breach { request: breach.request.map(|request| name(names, request)), ..breach },
            faults: u8::try_from(faults).unwrap_or(u8::MAX),
            steps,
            assuming: Vec::new(),
        }
    }

    /// Orders traces: fewest faults first, then fewest steps.
    pub(super) fn cost(&self) -> (u8, usize) {
        (self.faults, self.steps.len())
    }
}

fn follow(machine: &Machine, state: &State, wanted: u64, symmetric: bool) -> Option<(Successor, State, Renaming)> {
    let mut out = Successors { recording: true, ..Successors::default() };
    machine.step(state, &mut out);
    machine.faults(state, &mut out);
    out.list.into_iter().find_map(|successor| {
        let mut next = successor.state;
        let renaming = canonical(machine.code, symmetric, &mut next);
        let found =
            fingerprint(next.words()) == wanted || dominance::without_faults(machine.code, next.words()) == wanted;
        found.then_some((successor, next, renaming))
    })
}

fn renamed(names: Renaming, renaming: Renaming) -> Renaming {
    let mut next = SAME;
    for (old, new) in renaming.iter().enumerate() {
        next[usize::from(*new) % MAX_REQUESTS] = names[old];
    }
    next
}

fn name(names: Renaming, request: u8) -> u8 {
    names[usize::from(request) % MAX_REQUESTS]
}

fn describe(code: &Code, before: &State, taken: &Successor, names: Renaming) -> TraceStep {
    let action = taken.action;
    let mut places = places_taken(code, &taken.steps);
    if places.is_empty() {
        places.extend(place_hit(code, action));
    } else if action.kind == ActionKind::Unreachable {
        places.splice(0..0, place_hit(code, action));
    }
    let of_no_request = matches!(
        action.kind,
        ActionKind::Crash
            | ActionKind::Expire
            | ActionKind::LeaseEnds
            | ActionKind::Expires
            | ActionKind::Cut
            | ActionKind::Heal
    );
    TraceStep {
        actor: actor(code, action),
        event: event(code, action, &taken.state),
        fault: action.fault,
        request: (!of_no_request).then(|| name(names, action.request)),
        places,
        changes: changes(code, before, &taken.state, names),
    }
}

/// The steps as written; endings added by the compiler have no evidence of
/// their own.
fn places_taken(code: &Code, steps: &[u16]) -> Vec<Place> {
    let steps = steps.iter().map(|pc| usize::from(*pc));
    steps.filter(|pc| code.is_written(*pc)).map(|pc| place(code, pc)).collect()
}

fn place(code: &Code, pc: usize) -> Place {
    Place { operation: operation_at(code, pc), step: code.steps[pc], origin: code.origins[pc] }
}

/// The step a transition without steps of its own happens at.
fn place_hit(code: &Code, action: Action) -> Option<Place> {
    match action.kind {
        ActionKind::RelayPublish | ActionKind::RelayMark => {
            let topic = TopicId(u8::try_from(action.place).ok()?);
            let writes = |step: &StepKind| matches!(step, StepKind::Outbox { topic: to, .. } if *to == topic);
            let pc = code.steps.iter().position(writes)?;
            Some(Place { origin: code.program.topics[topic.index()].origin, ..place(code, pc) })
        }
        ActionKind::Send | ActionKind::Resend | ActionKind::Retry | ActionKind::GiveUp | ActionKind::ClientReceives => {
            Some(Place { origin: code.client.origin, ..place(code, usize::from(action.place)) })
        }
        ActionKind::LeaseEnds | ActionKind::Expire => {
            let takes =
                |step: &StepKind| matches!(step, StepKind::Lock { lock, .. } if u16::from(lock.0) == action.place);
            Some(place(code, code.steps.iter().position(takes)?))
        }
        ActionKind::Crash | ActionKind::Cut | ActionKind::Heal | ActionKind::Expires => None,
        _ => Some(place(code, usize::from(action.place))),
    }
}

fn operation_at(code: &Code, pc: usize) -> OperationId {
    OperationId(u8::try_from(code.operation_of[pc]).unwrap_or(u8::MAX))
}

fn actor(code: &Code, action: Action) -> Actor {
    let small = u8::try_from(action.place).unwrap_or(u8::MAX);
    let operation = || operation_at(code, usize::from(action.place));
    match action.kind {
        ActionKind::Send | ActionKind::Resend | ActionKind::Retry | ActionKind::GiveUp | ActionKind::ClientReceives => {
            Actor::Client
        }
        ActionKind::Deliver
        | ActionKind::Step
        | ActionKind::Receive
        | ActionKind::Timeout
        | ActionKind::CallAgain
        | ActionKind::Resume
        | ActionKind::Unreachable => Actor::Operation(operation()),
        ActionKind::Expires => Actor::Item(ItemId(small)),
        ActionKind::Cut | ActionKind::Heal => Actor::Between(code.cuts[usize::from(action.place)]),
        ActionKind::RelayPublish | ActionKind::RelayMark => Actor::Relay(TopicId(small)),
        ActionKind::LeaseEnds | ActionKind::Expire => Actor::Lock(LockId(small)),
        ActionKind::Crash => Actor::Service(ServiceId(small)),
        ActionKind::Discard
        | ActionKind::LoseRequest
        | ActionKind::LoseReply
        | ActionKind::RequestCut
        | ActionKind::Duplicate => Actor::Network(operation()),
    }
}

fn event(code: &Code, action: Action, after: &State) -> Event {
    match action.kind {
        ActionKind::Send => Event::Send,
        ActionKind::Resend => Event::Resend,
        ActionKind::Retry => Event::Retry,
        ActionKind::GiveUp => Event::GiveUp,
        ActionKind::ClientReceives => {
            Event::Answered { ok: after.get(code.layout.client, usize::from(action.request)) == client::OK }
        }
        ActionKind::Deliver => Event::Start,
        ActionKind::Step => Event::Continue,
        ActionKind::Receive => Event::ReplyArrives,
        ActionKind::Timeout => Event::TimeOut,
        ActionKind::CallAgain => Event::CallAgain,
        ActionKind::Discard => Event::Drop,
        ActionKind::RelayPublish => Event::RelayPublish,
        ActionKind::RelayMark => Event::RelayMark,
        ActionKind::Resume => Event::Resume,
        ActionKind::LeaseEnds => Event::LeaseEnds,
        ActionKind::Expires => Event::Expires,
        ActionKind::Crash => Event::Crash,
        ActionKind::LoseRequest => Event::RequestLost,
        ActionKind::LoseReply => Event::ReplyLost,
        ActionKind::Duplicate => Event::Duplicated,
        ActionKind::Expire => Event::LeaseExpires,
        ActionKind::Cut => Event::CutOff,
        ActionKind::Heal => Event::Healed,
        ActionKind::RequestCut => Event::RequestCut,
        ActionKind::Unreachable => Event::Unreachable,
    }
}

fn changes(code: &Code, before: &State, after: &State, names: Renaming) -> Vec<Change> {
    let mut changes = Vec::new();
    for (subject, field) in subjects(code) {
        let requests = if field.stride == 0 { 1 } else { code.requests.len() };
        for request in 0..requests {
            let (old, new) = (before.get(field, request), after.get(field, request));
            if old != new {
                let display = name(names, u8::try_from(request).unwrap_or(0));
                changes.push(Change {
                    subject,
                    request: (field.stride != 0).then_some(display),
                    before: u8::try_from(old).unwrap_or(u8::MAX),
                    after: u8::try_from(new).unwrap_or(u8::MAX),
                });
            }
        }
    }
    changes
}

fn subjects(code: &Code) -> Vec<(Subject, Field)> {
    let layout = &code.layout;
    let mut all = Vec::new();
    for (id, item) in (0u8..).zip(&layout.items) {
        all.extend(item.value.map(|field| (Subject::Item(ItemId(id)), field)));
    }
    for (id, rows) in (0u8..).zip(&layout.rows) {
        all.extend(rows.iter().map(|row| (Subject::Key(TableId(id)), *row)));
    }
    for (id, outbox) in (0u8..).zip(&layout.outboxes) {
        all.extend(outbox.map(|outbox| (Subject::Outbox(TopicId(id)), outbox.pending)));
    }
    for (id, log) in (0u8..).zip(&layout.sagas) {
        all.extend(log.map(|field| (Subject::Saga(OperationId(id)), field)));
    }
    for (id, effect) in (0u8..).zip(&layout.effects) {
        if let Some(fields) = effect {
            all.push((Subject::Effect(EffectId(id)), fields.applied));
            all.push((Subject::Undone(EffectId(id)), fields.undone));
        }
    }
    for (id, lock) in (0u8..).zip(&layout.locks) {
        all.push((Subject::Lock(LockId(id)), lock.holder));
    }
    all
}
