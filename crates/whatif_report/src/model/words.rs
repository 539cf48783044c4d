//! Parts of the model in the field's words.

use whatif_model::effective::{Effective, State};
use whatif_model::flow::{Attempts, EffectKind, LoopKind, OnError, Step, Target, WriteKind};
use whatif_model::system::System;

/// What an effect does: `call POST /charges`, `write orders (insert)`.
pub(crate) fn effect(kind: &EffectKind) -> String {
    match kind {
        EffectKind::Call { operation, .. } => format!("call {operation}").trim_end().to_owned(),
        EffectKind::Read { item, for_update: true } => item_of("read for update", item),
        EffectKind::Read { item, for_update: false } => item_of("read", item),
        EffectKind::Write { item, how } => format!("{} ({})", item_of("write", item), write(*how)),
        EffectKind::Publish { outbox: true } => "publish through an outbox".to_owned(),
        EffectKind::Publish { outbox: false } => "publish".to_owned(),
        EffectKind::Acknowledge { positive: true } => "acknowledge".to_owned(),
        EffectKind::Acknowledge { positive: false } => "reject".to_owned(),
        EffectKind::DedupCheck { item } => item_of("look up a repeat in", item),
        EffectKind::DedupMark { item, .. } => item_of("remember the request in", item),
        EffectKind::KeyRead { name } => format!("read the key {name}"),
        EffectKind::NewIdentity => "make a new identity".to_owned(),
        EffectKind::Sleep(Some(ms)) => format!("sleep {ms} ms"),
        EffectKind::Sleep(None) => "sleep".to_owned(),
        EffectKind::ClockRead => "read the clock".to_owned(),
        EffectKind::Respond(_) => "respond".to_owned(),
    }
}

fn item_of(verb: &str, item: &str) -> String {
    format!("{verb} {item}").trim_end().to_owned()
}

fn write(how: WriteKind) -> &'static str {
    match how {
        WriteKind::Set => "set",
        WriteKind::SetFromRead => "set from an earlier read",
        WriteKind::Increment => "increment",
        WriteKind::Insert => "insert",
        WriteKind::Upsert => "upsert",
        WriteKind::Conditional => "conditional",
        WriteKind::Delete => "delete",
        WriteKind::Unknown => "unknown kind",
    }
}

/// The address of a target, or why there is none.
pub(crate) fn target(system: &System, target: &Target) -> String {
    match target {
        Target::Service(_, Some(operation)) => system[*operation].address.clone(),
        Target::Service(service, None) => system[*service].address.clone(),
        Target::Store(store) => system[*store].address.clone(),
        Target::Topic(topic) => system[*topic].address.clone(),
        Target::Broker(broker) => system[*broker].address.clone(),
        Target::External(external) => system[*external].address.clone(),
        Target::Own => String::new(),
        Target::Symbolic(_) | Target::Unknown => "?".to_owned(),
    }
}

/// What the code does with a failure.
pub(crate) fn on_error(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Propagate => "propagate",
        OnError::LogAndContinue => "log and continue",
        OnError::Discard => "discard",
        OnError::Handle => "handle",
        OnError::Crash => "crash",
        OnError::Unknown => "unknown",
    }
}

/// A construct around an effect.
pub(crate) fn construct(step: &Step) -> &'static str {
    match step {
        Step::Effect(_) => "effect",
        Step::Branch { .. } => "branch",
        Step::Loop { kind: LoopKind::Each, .. } => "loop",
        Step::Loop { kind: LoopKind::Retry(_), .. } => "retry loop",
        Step::Loop { kind: LoopKind::Forever, .. } => "endless loop",
        Step::Try { .. } => "try",
        Step::Transaction { .. } => "local transaction",
        Step::Locked { .. } => "lock",
        Step::Spawn { .. } => "spawn",
        Step::Return { .. } => "return",
    }
}

/// `timeout 3000 ms, 3 attempts (default), no breaker`; what is unknown is left out.
pub(crate) fn policy(effective: &Effective) -> String {
    let mark = |state: State| if state == State::Default { " (default)" } else { "" };
    let (timeout, retry) = (&effective.timeout, &effective.retry);
    let mut parts = Vec::new();
    match (timeout.state, timeout.millis) {
        (State::Absent, _) => parts.push("no timeout".to_owned()),
        (state, Some(ms)) => parts.push(format!("timeout {ms} ms{}", mark(state))),
        _ => {}
    }
    match (retry.state, retry.attempts) {
        (State::Absent, _) => parts.push("no retry".to_owned()),
        (state, Some(Attempts::Limited(n))) => parts.push(format!("{n} attempts{}", mark(state))),
        (state, Some(Attempts::Unlimited)) => parts.push(format!("unlimited attempts{}", mark(state))),
        (State::Known | State::Default, None) => parts.push("retried".to_owned()),
        _ => {}
    }
    match effective.breaker.state {
        State::Absent => parts.push("no breaker".to_owned()),
        State::Known | State::Default => parts.push("breaker".to_owned()),
        State::Unknown => {}
    }
    parts.join(", ")
}
