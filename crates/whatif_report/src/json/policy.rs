//! What bounds and repeats an edge: effective facts, and the stack of layers they come from.

use super::evidences;
use serde_json::{Value, json};
use whatif_model::effective::{Effective, EffectiveTrait};
use whatif_model::evidence::Fact;
use whatif_model::flow::{Attempts, Backoff, Policy, Retry, TimeoutKind};
use whatif_model::system::{Edge, LayerKind, System};
use whatif_model::text::Sources;

/// The effective facts of an edge.
pub(super) fn facts(sources: &Sources, effective: &Effective) -> Value {
    let (timeout, retry) = (&effective.timeout, &effective.retry);
    let attribute =
        |item: &EffectiveTrait| json!({ "state": item.state.as_str(), "evidence": evidences(sources, &item.evidence) });
    json!({
        "timeout": {
            "state": timeout.state.as_str(),
            "value_ms": timeout.millis,
            "limits": timeout.kind.map(limits),
            "evidence": evidences(sources, &timeout.evidence),
        },
        "retry": {
            "state": retry.state.as_str(),
            "attempts": retry.attempts.map(attempts),
            "backoff": retry.backoff.map(backoff),
            "jitter": retry.jitter,
            "evidence": evidences(sources, &retry.evidence),
        },
        "circuit_breaker": attribute(&effective.breaker),
        "idempotency": attribute(&effective.idempotency),
    })
}

/// Every layer, innermost first: the distinct policies of the call sites, then what surrounds the process.
pub(super) fn stack(sources: &Sources, system: &System, edge: &Edge) -> Vec<Value> {
    let mut layers: Vec<Value> = Vec::new();
    for site in &edge.sites {
        let effect = system.operations.get(site.operation.0 as usize).and_then(|o| o.flow.effect(site.effect));
        let Some(effect) = effect else { continue };
        let value = layer(sources, LayerKind::Code, &effect.policy, false);
        if !layers.contains(&value) {
            layers.push(value);
        }
    }
    layers.extend(edge.layers.iter().map(|outer| layer(sources, outer.kind, &outer.policy, outer.optional)));
    layers
}

fn layer(sources: &Sources, kind: LayerKind, policy: &Policy, optional: bool) -> Value {
    let retry = policy.retry.value();
    let found = policy.timeout.evidence().chain(policy.retry.evidence()).chain(policy.breaker.evidence());
    json!({
        "layer": kind.as_str(),
        "optional": optional,
        "timeout_ms": policy.timeout.value().and_then(|timeout| timeout.bound.millis()),
        "timeout_limits": policy.timeout.value().map(|timeout| limits(timeout.kind)),
        "attempts": tries(&policy.retry),
        "backoff": retry.and_then(|retry| retry.backoff.value()).map(|pause| backoff(*pause)),
        "jitter": retry.and_then(|retry| truth(&retry.jitter)),
        "breaker": policy.breaker.value(),
        "deadline_forwarded": truth(&policy.deadline_forwarded),
        "trace_forwarded": truth(&policy.trace_forwarded),
        "evidence": evidences(sources, found),
    })
}

fn tries(retry: &Fact<Retry>) -> Option<Value> {
    match retry {
        Fact::Unknown => None,
        Fact::Absent(_) => Some(json!(1)),
        Fact::Known(_) => retry.value().and_then(|retry| retry.attempts.value()).map(|number| attempts(*number)),
    }
}

/// `true`, `false` (also when proven absent), or nothing when unknown.
pub(super) fn truth(fact: &Fact<bool>) -> Option<bool> {
    if fact.is_absent() { Some(false) } else { fact.value().copied() }
}

fn attempts(number: Attempts) -> Value {
    match number {
        Attempts::Limited(n) => json!(n),
        Attempts::Unlimited => json!("unlimited"),
    }
}

fn backoff(pause: Backoff) -> &'static str {
    match pause {
        Backoff::None => "none",
        Backoff::Fixed(_) => "fixed",
        Backoff::Exponential(_) => "exponential",
    }
}

fn limits(kind: TimeoutKind) -> &'static str {
    match kind {
        TimeoutKind::Total => "total",
        TimeoutKind::PerAttempt => "attempt",
        TimeoutKind::PerRead => "read",
        TimeoutKind::Connect => "connect",
    }
}
