//! How each operation tells repeats apart, summed up from its contract and its flow.

use crate::bind::callee;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::flow::{Effect, EffectKind, Identity, Step, Target, Visit};
use whatif_model::system::{Dedup, Operation, System};

/// Longest chain of calls along which natural idempotency is followed.
const ROUNDS_MAX: usize = 16;

/// Fills [`Operation::idempotency`].
pub(crate) fn summarise(system: &mut System) {
    for at in 0..system.operations.len() {
        let operation = &system.operations[at];
        let mut idempotency = operation.idempotency.clone();
        if let Some(contract) = &operation.contract {
            idempotency.declared = contract.key.clone();
            if contract.idempotent.holds(|promised| *promised) {
                idempotency.natural = contract.idempotent.clone().map(|_| "its contract promises it".to_owned());
            }
        }
        idempotency.read = key_read(operation);
        idempotency.dedup = dedup(operation);
        system.operations[at].idempotency = idempotency;
    }
    for _ in 0..ROUNDS_MAX {
        let found: Vec<(usize, Fact<String>)> = (0..system.operations.len())
            .filter(|at| system.operations[*at].idempotency.natural.is_unknown())
            .filter_map(|at| Some((at, natural(system, &system.operations[at])?)))
            .collect();
        if found.is_empty() {
            break;
        }
        for (at, fact) in found {
            system.operations[at].idempotency.natural = fact;
        }
    }
}

fn absent(operation: &Operation, label: &str) -> Option<Evidence> {
    let read_whole = operation.implemented && operation.flow.cut.is_empty();
    operation.evidence.first().filter(|_| read_whole).map(|place| place.labelled(label))
}

fn key_read(operation: &Operation) -> Fact<String> {
    let read = operation.flow.effects.iter().find_map(|effect| match &effect.kind {
        EffectKind::KeyRead { name } => Some((name.clone(), effect.span)),
        _ => None,
    });
    match (read, absent(operation, "reads no idempotency key")) {
        (Some((name, span)), _) => {
            let evidence = Evidence::stated(Stage::Code, span, format!("reads the key `{name}`"));
            Fact::known(name, evidence)
        }
        (None, Some(place)) => Fact::absent(place),
        (None, None) => Fact::Unknown,
    }
}

/// A recorded key decides; a lookup without a record is kept as a repeat check that is not unique.
fn dedup(operation: &Operation) -> Fact<Dedup> {
    let visits = operation.flow.walk();
    let found = visits.iter().find_map(|visit| match &visit.effect.kind {
        EffectKind::DedupMark { item, unique } => Some((item.clone(), unique.clone(), visit)),
        _ => None,
    });
    let checked = || {
        visits.iter().find_map(|visit| match &visit.effect.kind {
            EffectKind::DedupCheck { item } => Some((item.clone(), Fact::Unknown, visit)),
            _ => None,
        })
    };
    match (found.or_else(checked), absent(operation, "nothing recognises a repeat")) {
        (Some((item, unique, visit)), _) => {
            let evidence =
                Evidence::stated(Stage::Code, visit.effect.span, format!("repeats are recognised by `{item}`"));
            let atomic = atomic(visit, &visits);
            Fact::known(Dedup { item, unique, atomic }, evidence)
        }
        (None, Some(place)) => Fact::absent(place),
        (None, None) => Fact::Unknown,
    }
}

/// Whether the key commits with the other writes: all of them inside one local transaction.
fn atomic(mark: &Visit<'_>, visits: &[Visit<'_>]) -> Fact<bool> {
    let transaction = |visit: &Visit<'_>| {
        visit.enclosing(|step| match step {
            Step::Transaction { span, .. } => Some(*span),
            _ => None,
        })
    };
    let own = transaction(mark);
    let together = visits
        .iter()
        .filter(|visit| matches!(visit.effect.kind, EffectKind::Write { .. }))
        .all(|visit| own.is_some() && transaction(visit) == own);
    let label = if together { "the key commits with the effect" } else { "the key and the effect commit separately" };
    Fact::known(together, Evidence::stated(Stage::Code, mark.effect.span, label))
}

/// Why repeating the operation leaves what doing it once leaves, if it does.
fn natural(system: &System, operation: &Operation) -> Option<Fact<String>> {
    let place = absent(operation, "every effect leaves the same state when repeated")?;
    let changing: Vec<&Effect> = operation.flow.effects.iter().filter(|effect| may_change(system, effect)).collect();
    let all = !changing.is_empty() && changing.iter().all(|effect| repeatable(system, effect));
    all.then(|| {
        let evidence = Evidence::derived(place.stage, place.span, place.label);
        Fact::known("every effect sets a value or is keyed".to_owned(), evidence)
    })
}

fn may_change(system: &System, effect: &Effect) -> bool {
    match &effect.kind {
        EffectKind::Write { .. } | EffectKind::Publish { .. } => true,
        EffectKind::Call { operation, .. } => match callee(&effect.target) {
            Some(id) => system[id].mutates.may_hold(|mutates| *mutates),
            None => operation != "connect" && !operation.starts_with("GET ") && !operation.starts_with("HEAD "),
        },
        _ => false,
    }
}

fn repeatable(system: &System, effect: &Effect) -> bool {
    let keyed = effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
    match &effect.kind {
        EffectKind::Write { how, .. } => how.is_naturally_idempotent(),
        EffectKind::Publish { .. } => false,
        EffectKind::Call { operation, .. } => match (callee(&effect.target), &effect.target) {
            (Some(id), _) => {
                let callee = &system[id].idempotency;
                !callee.natural.is_unknown() || (keyed && callee.dedup.value().is_some())
            }
            (None, Target::External(_) | Target::Unknown) => {
                operation.starts_with("PUT ") || operation.starts_with("DELETE ")
            }
            _ => false,
        },
        _ => true,
    }
}
