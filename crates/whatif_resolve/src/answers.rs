//! Answers of the user: evidence like any other.

use crate::input::Input;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::flow::{Attempts, Bound, Policy, Retry, Timeout, TimeoutKind};
use whatif_model::system::{Dedup, Layer, LayerKind, System};

pub use whatif_model::facts::answer::{Answer, Same};

/// Applies every answer. One that matches nothing becomes a problem, so that it cannot rot unseen.
pub(crate) fn apply(input: &Input, system: &mut System) {
    for answer in &input.answers {
        let applied = match answer.at.split_once("->") {
            Some((from, to)) => to_edge(system, answer, from.trim(), to.trim()),
            None => to_operations(system, answer) || to_external(system, answer) || to_service(system, answer),
        };
        if !applied {
            system.problems.push(whatif_model::facts::Problem {
                path: "whatif.toml".to_owned(),
                span: Some(answer.span),
                message: format!("`{}` of `{}` matches nothing in the model", answer.attribute, answer.at),
            });
        }
    }
}

fn evidence(answer: &Answer) -> Evidence {
    Evidence::stated(Stage::Answer, answer.span, format!("answered: {}", answer.because))
}

fn to_edge(system: &mut System, answer: &Answer, from: &str, to: &str) -> bool {
    let mut policy = Policy::default();
    match answer.attribute.as_str() {
        "timeout" => {
            let Some(bound) = duration(&answer.value) else { return false };
            policy.timeout = Fact::known(Timeout { bound, kind: TimeoutKind::Total }, evidence(answer));
        }
        "attempts" => {
            let Ok(attempts) = answer.value.parse() else { return false };
            let attempts = Fact::known(Attempts::Limited(attempts), evidence(answer));
            policy.retry = Fact::known(Retry { attempts, ..Retry::default() }, evidence(answer));
        }
        "circuit-breaker" => policy.breaker = Fact::known(answer.value.clone(), evidence(answer)),
        _ => return false,
    }
    let ends =
        |edge: &whatif_model::system::Edge| (system.address(edge.from).to_owned(), system.address(edge.to).to_owned());
    let at = system.edges.iter().position(|edge| ends(edge) == (from.to_owned(), to.to_owned()));
    let Some(at) = at else { return false };
    system.edges[at].layers.push(Layer { kind: LayerKind::Code, policy, optional: false });
    true
}

/// An operation by its address, or every operation of a service by the service's.
fn to_operations(system: &mut System, answer: &Answer) -> bool {
    let service = system.service_ids().find(|(_, service)| service.address == answer.at).map(|(id, _)| id);
    let mut applied = false;
    for operation in &mut system.operations {
        if operation.address != answer.at && Some(operation.service) != service {
            continue;
        }
        let yes = answer.value == "true" || answer.value == "yes";
        match answer.attribute.as_str() {
            "deduplicates-by" => {
                let known = Fact::known(true, evidence(answer));
                let dedup = Dedup { item: answer.value.clone(), unique: known.clone(), atomic: known };
                operation.idempotency.dedup = Fact::known(dedup, evidence(answer));
            }
            "idempotent" if yes => {
                operation.idempotency.natural = Fact::known(answer.because.clone(), evidence(answer));
            }
            "mutates" => operation.mutates = Fact::known(yes, evidence(answer)),
            _ => continue,
        }
        applied = true;
    }
    applied
}

/// A system outside, by its address or its bare name.
fn to_external(system: &mut System, answer: &Answer) -> bool {
    let mut named = system.externals.iter_mut().filter(|e| e.address == answer.at || e.name == answer.at);
    match named.next() {
        Some(external) if answer.attribute == "deduplicates-by" => {
            external.deduplicates_by = Fact::known(answer.value.clone(), evidence(answer));
            true
        }
        _ => false,
    }
}

fn to_service(system: &mut System, answer: &Answer) -> bool {
    let (Ok(replicas), "replicas") = (answer.value.parse::<u32>(), answer.attribute.as_str()) else { return false };
    let fact = Fact::known(replicas, evidence(answer));
    let services = system.services.iter_mut().map(|s| (&s.address, &mut s.replicas));
    let stores = system.stores.iter_mut().map(|s| (&s.address, &mut s.replicas));
    let brokers = system.brokers.iter_mut().map(|b| (&b.address, &mut b.replicas));
    let found = services.chain(stores).chain(brokers).find(|(address, _)| **address == answer.at);
    found.is_some_and(|(_, slot)| {
        *slot = fact;
        true
    })
}

/// `800ms`, `2s`, `1m`; `none` is unbounded.
fn duration(text: &str) -> Option<Bound> {
    if text == "none" {
        return Some(Bound::Unbounded);
    }
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let number: u64 = digits.trim().parse().ok()?;
    let factor = match text[digits.len()..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(factor).map(Bound::Millis)
}
