//! Refuses slices that point at nothing or do not fit a packed state.

use super::super::limits;
use super::super::program::{
    Exit, Guard, InFlight, Label, Need, OperationId, Peer, Program, Register, Slice, StepKind, WriteKind,
};

/// Why a slice cannot be explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// No entry operation, or a reference to something that is not there.
    DanglingReference,
    /// More steps than a program counter holds.
    TooManySteps,
    /// More requests than a slot holds.
    TooManyRequests,
    /// More locks than a slot holds.
    TooManyLocks,
    /// More steps in one transaction than a slot can buffer.
    TransactionTooLong,
    /// Stores, logs and counters do not fit the words of a state.
    TooManyWords,
    /// More unknowns than are explored symbolically.
    TooManyUnknowns,
}

pub(super) fn validate(slice: &Slice, requests: &[OperationId]) -> Result<(), Rejected> {
    let program = &slice.program;
    if requests.is_empty() || requests.len() > limits::MAX_REQUESTS {
        return Err(Rejected::TooManyRequests);
    }
    if program.locks.len() > limits::MAX_LOCKS {
        return Err(Rejected::TooManyLocks);
    }
    let known = requests.iter().all(|op| op.index() < program.operations.len())
        && program.operations.iter().all(|operation| {
            let steps = operation.steps.len();
            operation.service.index() < program.services.len()
                && operation.steps.iter().all(|step| {
                    step_is_known(program, steps, step.kind)
                        && step.needs.is_none_or(|need| is_known(program, steps, need))
                })
        })
        && shared_parts_are_known(program)
        && promises_are_known(slice);
    if known { Ok(()) } else { Err(Rejected::DanglingReference) }
}

fn shared_parts_are_known(program: &Program) -> bool {
    let service =
        |id: Option<super::super::program::ServiceId>| id.is_none_or(|id| id.index() < program.services.len());
    program.topics.iter().all(|topic| {
        service(topic.relay)
            && topic.effect.is_none_or(|effect| effect.index() < program.effects.len())
            && topic.consumers.iter().all(|op| op.index() < program.operations.len())
    }) && program.tables.iter().all(|table| service(table.volatile_in))
}

fn promises_are_known(slice: &Slice) -> bool {
    let program = &slice.program;
    let promises = &slice.promises;
    let effects = promises
        .sagas
        .iter()
        .flatten()
        .chain(&promises.acknowledged)
        .copied()
        .chain(promises.events.iter().flat_map(|e| [e.cause, e.outcome]));
    effects.into_iter().all(|effect| effect.index() < program.effects.len())
        && promises
            .caches
            .iter()
            .all(|promise| promise.cache.index() < program.items.len() && promise.source.index() < program.items.len())
        && promises
            .spends
            .iter()
            .all(|spend| spend.item.index() < program.items.len() && spend.effect.index() < program.effects.len())
        && promises
            .copies
            .iter()
            .all(|copy| copy.topic.index() < program.topics.len() && copy.item.index() < program.items.len())
}

fn is_known(program: &Program, steps: usize, need: Need) -> bool {
    let peer = match need.peer {
        Peer::Service(service) => service.index() < program.services.len(),
        Peer::Stores | Peer::Broker => true,
    };
    let exit = match need.or_else {
        Exit::Goto(label) => label.index() <= steps,
        Exit::Next | Exit::ReplyOk | Exit::ReplyError => true,
    };
    peer && exit
}

fn step_is_known(program: &Program, steps: usize, kind: StepKind) -> bool {
    let label = |label: Label| label.index() <= steps;
    let exit = |exit: Exit| match exit {
        Exit::Goto(to) => label(to),
        Exit::Next | Exit::ReplyOk | Exit::ReplyError => true,
    };
    let register = |register: Register| register.0 < limits::MAX_REGISTERS;
    match kind {
        StepKind::Read { item, into, .. } => item.index() < program.items.len() && register(into),
        StepKind::Write { .. } => write_is_known(program, kind) && exits_of(kind).all(exit),
        StepKind::DedupCheck { table, .. } | StepKind::DedupMark { table, .. } => {
            table.index() < program.tables.len() && exits_of(kind).all(exit)
        }
        StepKind::Call { operation, .. } => operation.index() < program.operations.len() && exits_of(kind).all(exit),
        StepKind::Publish { topic, payload, .. } | StepKind::Outbox { topic, payload } => {
            topic.index() < program.topics.len() && payload.is_none_or(register)
        }
        StepKind::Lock { lock, into } => lock.index() < program.locks.len() && register(into),
        StepKind::Unlock { lock, token } => lock.index() < program.locks.len() && register(token),
        StepKind::SagaLog { stage } => stage.is_none_or(|stage| (1..=limits::MAX_STAGE).contains(&stage)),
        StepKind::Branch { to } => exit(to),
        StepKind::Goto { to } => label(to),
        _ => true,
    }
}

fn write_is_known(program: &Program, kind: StepKind) -> bool {
    let StepKind::Write { item, kind, guard, token, effect, .. } = kind else {
        return false;
    };
    let register = |register: Register| register.0 < limits::MAX_REGISTERS;
    let value = match kind {
        WriteKind::PutNext(from) | WriteKind::Put(from) | WriteKind::Clear(from) => register(from),
        WriteKind::Set(_) | WriteKind::Inc | WriteKind::Dec => true,
    };
    let guarded = match guard {
        Guard::Cas(from) | Guard::Fence(from) | Guard::Version(from) => register(from) && item.is_some(),
        Guard::None => true,
    };
    value
        && guarded
        && token.is_none_or(register)
        && item.is_none_or(|item| item.index() < program.items.len())
        && effect.is_none_or(|applies| applies.effect.index() < program.effects.len())
}

/// The exits of a step, for checks and analyses.
pub(in super::super) fn exits_of(kind: StepKind) -> impl Iterator<Item = Exit> {
    let exits = match kind {
        StepKind::Write { on_conflict, .. } | StepKind::DedupMark { on_conflict, .. } => [Some(on_conflict), None],
        StepKind::DedupCheck { on_hit, in_flight, .. } => {
            let leave = match in_flight {
                InFlight::Leave(exit) => Some(exit),
                InFlight::Wait => None,
            };
            [Some(on_hit), leave]
        }
        StepKind::Call { on_error, on_timeout, .. } => [Some(on_error), Some(on_timeout)],
        StepKind::Branch { to } => [Some(to), None],
        StepKind::Goto { to } => [Some(Exit::Goto(to)), None],
        _ => [None, None],
    };
    exits.into_iter().flatten()
}
