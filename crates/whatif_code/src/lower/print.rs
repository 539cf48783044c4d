//! A compact, readable dump of units for tests and development.

use std::fmt::Write;
use whatif_model::basis::{Answer, Basis, Status};
use whatif_model::facts::code::{CodeUnit, Entry};
use whatif_model::flow::{
    Attempts, Backoff, Bound, Effect, EffectKind, Flow, Identity, LoopKind, OnError, Peer, Policy, Retry, RetryFlaw,
    Step, Target, TimeoutKind,
};
use whatif_model::{Fact, Span};

/// Prints one unit. `place` renders a span (`path:line`), or nothing.
pub fn print(unit: &CodeUnit, place: &dyn Fn(Span) -> String) -> String {
    let mut printer = Printer { out: String::new(), place };
    printer.unit(unit);
    printer.out
}

struct Printer<'p> {
    out: String,
    place: &'p dyn Fn(Span) -> String,
}

impl Printer<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.out, "{}{}", "  ".repeat(indent), text.trim_end());
    }

    fn unit(&mut self, unit: &CodeUnit) {
        let kind = if unit.auxiliary { " auxiliary" } else { "" };
        self.line(0, &format!("unit {} ({}) at {:?}{kind}", unit.name, unit.language.as_str(), unit.root));
        for (service, _) in &unit.serves {
            self.line(1, &format!("serves {service}"));
        }
        for (peer, _) in &unit.peers {
            self.line(1, &format!("peer {}", show_peer(peer)));
        }
        self.line(1, &format!("server timeout {}", show(&unit.server_timeout, |bound| show_bound(*bound))));
        self.line(1, &format!("graceful shutdown {}", show(&unit.graceful_shutdown, bool::to_string)));
        self.line(1, &format!("tracing {}", show(&unit.tracing, Clone::clone)));
        for entry in unit.entries.iter().chain(&unit.background).chain(&unit.unreached) {
            self.entry(entry);
        }
        for ignored in &unit.ignored {
            let at = (self.place)(ignored.span);
            self.line(1, &format!("ignored {} {at}", ignored.reason));
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let at = (self.place)(entry.span);
        self.line(1, &format!("{} = {} {at}", entry.trigger.display(), entry.name));
        if let whatif_model::facts::code::Trigger::Message { topic, auto_ack } = &entry.trigger {
            self.line(2, &format!("from {} auto-ack {}", show_peer(topic), show(auto_ack, bool::to_string)));
        }
        self.steps(&entry.flow, &entry.flow.steps, 2);
        for answer in entry.flow.answers.iter().filter(|answer| answer.status != Status::Unknown) {
            self.answer(&entry.flow, answer);
        }
        for cut in &entry.flow.cut {
            let at = (self.place)(cut.span);
            self.line(2, &format!("cut {} {at}", cut.reason));
        }
    }

    fn steps(&mut self, flow: &Flow, steps: &[Step], indent: usize) {
        for step in steps {
            self.step(flow, step, indent);
        }
    }

    fn block(&mut self, flow: &Flow, head: &str, steps: &[Step], indent: usize) {
        self.line(indent, head);
        self.steps(flow, steps, indent + 1);
    }

    fn step(&mut self, flow: &Flow, step: &Step, indent: usize) {
        match step {
            Step::Effect(id) => {
                if let Some(effect) = flow.effect(*id) {
                    self.effect(flow, effect, indent);
                }
            }
            Step::Branch { arms, .. } => {
                for (at, arm) in arms.iter().enumerate() {
                    self.block(flow, if at == 0 { "either" } else { "or" }, arm, indent);
                }
            }
            Step::Loop { body, kind, .. } => {
                let head = match kind {
                    LoopKind::Each => "each".to_owned(),
                    LoopKind::Forever => "forever".to_owned(),
                    LoopKind::Retry(retry) => format!("retry {}", show_retry(retry)),
                };
                self.block(flow, &head, body, indent);
            }
            Step::Try { body, handler, finally, .. } => {
                self.block(flow, "try", body, indent);
                self.block(flow, "on failure", handler, indent);
                if !finally.is_empty() {
                    self.block(flow, "finally", finally, indent);
                }
            }
            Step::Transaction { body, store, .. } => {
                let store = store.as_ref().map(show_target).unwrap_or_default();
                self.block(flow, &format!("transaction {store}"), body, indent);
            }
            Step::Locked { body, lock, .. } => {
                let lease = show(&lock.lease, |bound| show_bound(*bound));
                self.block(flow, &format!("locked {:?} {} lease {lease}", lock.kind, lock.name), body, indent);
            }
            Step::Spawn { body, .. } => self.block(flow, "spawn", body, indent),
            Step::Return { outcome, .. } => self.line(indent, &format!("return {outcome:?}")),
        }
    }

    fn effect(&mut self, flow: &Flow, effect: &Effect, indent: usize) {
        let what = show_kind(&effect.kind);
        let at = (self.place)(effect.span);
        let target = show_target(&effect.target);
        let mut text = what;
        if !target.is_empty() {
            let _ = write!(text, " -> {target}");
        }
        if super::interpret::is_bounded(&effect.kind) {
            let _ = write!(text, " [{}] {}", show_policy(&effect.policy), show_error(effect.on_error));
            match effect.identity.value() {
                Some(Identity::Fresh { in_retry }) => {
                    text.push_str(if *in_retry { " id fresh per attempt" } else { " id fresh" })
                }
                Some(Identity::FromRequest(name)) => {
                    let _ = write!(text, " id from {name}");
                }
                None if effect.identity.is_absent() => text.push_str(" id absent"),
                None => {}
            }
        }
        let row =
            flow.rows.iter().find(|row| flow.effect(row.effect).is_some_and(|written| std::ptr::eq(written, effect)));
        let row = row.map(|row| format!(" whole row, changed: {}", row.changed.join(", "))).unwrap_or_default();
        if !effect.fields.is_empty() {
            let _ = write!(text, " fields {}", effect.fields.join(","));
        }
        if !effect.conditions.is_empty() {
            let _ = write!(text, " where {}", effect.conditions.join(","));
        }
        self.line(indent, &format!("{text} {at}{row}{}", show_basis(flow, &effect.basis)));
    }

    fn answer(&mut self, flow: &Flow, answer: &Answer) {
        let at = (self.place)(answer.span);
        let basis = show_basis(flow, &answer.basis);
        self.line(2, &format!("answers {:?} {:?} {at}{basis}", answer.outcome, answer.status));
    }
}

/// ` if status of read orders equals: yes, read stock failed: yes`.
fn show_basis(flow: &Flow, basis: &Basis) -> String {
    let mut parts = basis.given.iter().map(|given| {
        let of = flow.effect(given.effect).map(|effect| show_kind(&effect.kind)).unwrap_or_default();
        let holds = given.holds.map_or("?", |holds| if holds { "yes" } else { "no" });
        let field = if given.field.is_empty() { String::new() } else { format!("{} of ", given.field) };
        let asks = format!("{:?}", given.asks).to_lowercase();
        let value = if given.value.is_empty() { String::new() } else { format!(" {}", given.value) };
        format!("{field}{of} {asks}{value}: {holds}")
    });
    let failed = basis.failed.iter().filter_map(|id| flow.effect(*id));
    let failed = failed.map(|effect| format!("{} failed", show_kind(&effect.kind)));
    let all = parts.by_ref().chain(failed).collect::<Vec<_>>().join(", ");
    if all.is_empty() { String::new() } else { format!(" if {all}") }
}

fn show_kind(kind: &EffectKind) -> String {
    match kind {
        EffectKind::Call { protocol, operation } => format!("call {} {operation}", protocol.as_str()),
        EffectKind::Read { item, for_update } => format!("read {item}{}", if *for_update { " for update" } else { "" }),
        EffectKind::Write { item, how } => format!("write {item} {how:?}"),
        EffectKind::Publish { outbox } => if *outbox { "publish by outbox" } else { "publish" }.to_owned(),
        EffectKind::Acknowledge { positive } => if *positive { "ack" } else { "nack" }.to_owned(),
        EffectKind::DedupCheck { item } => format!("dedup check {item}"),
        EffectKind::DedupMark { item, unique } => format!("dedup mark {item} unique {}", show(unique, bool::to_string)),
        EffectKind::KeyRead { name } => format!("key read {name}"),
        EffectKind::NewIdentity => "new identity".to_owned(),
        EffectKind::Sleep(Some(ms)) => format!("sleep {ms} ms"),
        EffectKind::Sleep(None) => "sleep".to_owned(),
        EffectKind::ClockRead => "clock".to_owned(),
        EffectKind::Respond(outcome) => format!("respond {outcome:?}"),
    }
}

fn show_target(target: &Target) -> String {
    match target {
        Target::Symbolic(peer) => show_peer(peer),
        Target::Own => String::new(),
        Target::Unknown => "?".to_owned(),
        other => format!("{other:?}"),
    }
}

fn show_peer(peer: &Peer) -> String {
    let name = peer.name.display();
    let at = peer.address.display();
    let at = if at.is_empty() { String::new() } else { format!("@{at}") };
    format!("{} {name}{at}", peer.technology).trim().to_owned()
}

fn show_policy(policy: &Policy) -> String {
    let timeout = show(&policy.timeout, |timeout| {
        let kind = match timeout.kind {
            TimeoutKind::Total => "",
            TimeoutKind::PerAttempt => "/attempt",
            TimeoutKind::PerRead => "/read",
            TimeoutKind::Connect => "/connect",
        };
        format!("{}{kind}", show_bound(timeout.bound))
    });
    let mut parts = vec![format!("timeout {timeout}")];
    if let Some(retry) = policy.retry.value() {
        parts.push(format!("retry {}", show_retry(retry)));
    } else if policy.retry.is_unknown() {
        parts.push("retry ?".to_owned());
    }
    if let Some(breaker) = policy.breaker.value() {
        parts.push(format!("breaker {breaker}"));
    }
    parts.push(format!("deadline {}", show(&policy.deadline_forwarded, bool::to_string)));
    parts.push(format!("trace {}", show(&policy.trace_forwarded, bool::to_string)));
    parts.join(", ")
}

fn show_retry(retry: &Retry) -> String {
    let attempts = show(&retry.attempts, |attempts| match attempts {
        Attempts::Limited(count) => count.to_string(),
        Attempts::Unlimited => "unlimited".to_owned(),
    });
    let backoff = show(&retry.backoff, |backoff| match backoff {
        Backoff::None => "no pause".to_owned(),
        Backoff::Fixed(ms) => format!("pause {ms} ms"),
        Backoff::Exponential(ms) => format!("growing pause {ms} ms"),
    });
    let idle = match retry.flaw.value() {
        Some(RetryFlaw::Unawaited) => " idle",
        Some(RetryFlaw::KeepsChanges) => " keeps changes",
        None => "",
    };
    format!("x{attempts} {backoff} jitter {}{idle}", show(&retry.jitter, bool::to_string))
}

fn show_bound(bound: Bound) -> String {
    match bound {
        Bound::Millis(ms) => format!("{ms} ms"),
        Bound::Unbounded => "unbounded".to_owned(),
    }
}

fn show_error(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Propagate => "propagate",
        OnError::LogAndContinue => "log",
        OnError::Discard => "discard",
        OnError::Handle => "handle",
        OnError::Crash => "crash",
        OnError::Unknown => "?",
    }
}

fn show<T>(fact: &Fact<T>, value: impl Fn(&T) -> String) -> String {
    match fact {
        Fact::Known(claims) => claims.iter().map(|claim| value(&claim.value)).collect::<Vec<_>>().join("|"),
        Fact::Absent(_) => "absent".to_owned(),
        Fact::Unknown => "?".to_owned(),
    }
}
