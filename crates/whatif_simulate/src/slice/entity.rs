//! Things an operation reads, acts upon and uses up: a cart that is charged and then emptied.
//!
//! Two requests that read the same cart both charge it, and what is put into it in between is removed
//! unpaid. Only what the text shows is taken for this: the same item of a store, or operations of one
//! service whose names name one thing (`GetCart`, `EmptyCart`; `GET /cart/{id}`, `DELETE /cart/{id}`).

use super::compile::node;
use whatif_model::flow::{Effect, EffectId, EffectKind, Identity, OnError, Step, Target, Visit, WriteKind};
use whatif_model::system::{Node, Operation, System};

/// First words of operations that take away what they name.
const CLEARING: [&str; 7] = ["empty", "clear", "delete", "remove", "reset", "purge", "drop"];

/// First words of operations that look something up.
const READING: [&str; 6] = ["get", "find", "fetch", "read", "load", "lookup"];

/// Something that is used up.
pub(super) struct Entity {
    /// Where it is kept: a store, or the service that keeps it.
    pub(super) node: Node,
    /// Its item, or what the operations call it.
    pub(super) item: String,
    /// What it is called.
    pub(super) name: String,
    /// Reads it.
    pub(super) read: EffectId,
    /// What it is used up for.
    pub(super) spend: EffectId,
    /// Takes it away.
    pub(super) clear: EffectId,
}

/// The first thing the operation uses up.
pub(super) fn of(system: &System, operation: &Operation) -> Option<Entity> {
    let visits = operation.flow.walk();
    let clears: Vec<usize> = (0..visits.len()).filter(|at| may_clear(visits[*at].effect)).collect();
    clears.into_iter().find_map(|clear| {
        (0..clear).find_map(|read| {
            let (node, item, name) = same(system, visits[read].effect, visits[clear].effect)?;
            let between = &visits[read + 1..clear];
            // A claim before the effect may be what tells the two requests apart.
            if between.iter().any(|visit| claims(visit.effect)) {
                return None;
            }
            let spend = between.iter().find(|visit| spends(system, visit, visits[clear].effect))?;
            Some(Entity { node, item, name, read: visits[read].id, spend: spend.id, clear: visits[clear].id })
        })
    })
}

fn may_clear(effect: &Effect) -> bool {
    match &effect.kind {
        EffectKind::Write { how, .. } => *how == WriteKind::Delete,
        EffectKind::Call { operation, .. } => {
            words(operation).is_some_and(|(verb, _)| CLEARING.contains(&verb.as_str()))
        }
        _ => false,
    }
}

/// What both effects are about, if it is one thing.
fn same(system: &System, read: &Effect, clear: &Effect) -> Option<(Node, String, String)> {
    let place = node(&clear.target).filter(|place| node(&read.target) == Some(*place))?;
    match (&read.kind, &clear.kind) {
        (EffectKind::Read { item, .. }, EffectKind::Write { item: cleared, .. }) => {
            (item == cleared && !item.is_empty()).then(|| (place, item.clone(), item.clone()))
        }
        (EffectKind::Call { operation: read_by, .. }, EffectKind::Call { operation: cleared_by, .. }) => {
            let (verb, name) = words(read_by)?;
            let named = words(cleared_by).is_some_and(|(_, cleared)| cleared == name);
            if !named || !READING.contains(&verb.as_str()) {
                return None;
            }
            let stored = stored_item(system, read, clear);
            let (place, item) = stored.unwrap_or((place, name.clone()));
            Some((place, item, name))
        }
        _ => None,
    }
}

/// The item of a store that one callee reads and the other writes.
fn stored_item(system: &System, read: &Effect, clear: &Effect) -> Option<(Node, String)> {
    let callee = |effect: &Effect| match effect.target {
        Target::Service(_, Some(id)) => Some(&system[id]),
        _ => None,
    };
    let written = &callee(clear)?.flow.effects;
    callee(read)?.flow.effects.iter().find_map(|effect| {
        let EffectKind::Read { item, .. } = &effect.kind else { return None };
        let at = node(&effect.target)?;
        let is_written = written.iter().any(|write| {
            matches!(&write.kind, EffectKind::Write { item: written, .. } if written == item)
                && node(&write.target) == Some(at)
        });
        is_written.then(|| (at, item.clone()))
    })
}

fn claims(effect: &Effect) -> bool {
    let how = |how: WriteKind| matches!(how, WriteKind::Conditional | WriteKind::Upsert);
    match &effect.kind {
        EffectKind::DedupMark { .. } => true,
        EffectKind::Write { how: kind, .. } => how(*kind),
        _ => false,
    }
}

/// Whether two of the effect are one too many: it changes something elsewhere, always, and nothing about
/// the thing itself tells repeats apart.
fn spends(system: &System, visit: &Visit<'_>, clear: &Effect) -> bool {
    let effect = visit.effect;
    let optional = visit.inside.iter().any(|step| matches!(step, Step::Spawn { .. } | Step::Loop { .. }));
    let tolerated = matches!(effect.on_error, OnError::LogAndContinue | OnError::Discard);
    let keyed = effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
    if optional || tolerated || keyed || node(&effect.target) == node(&clear.target) {
        return false;
    }
    match (&effect.kind, &effect.target) {
        (EffectKind::Call { .. }, Target::Service(_, Some(id))) => {
            let callee = &system[*id];
            callee.mutates.holds(|mutates| *mutates) && callee.idempotency.natural.value().is_none()
        }
        (EffectKind::Publish { .. }, _) => true,
        (EffectKind::Write { how, .. }, _) => *how == WriteKind::Insert,
        _ => false,
    }
}

/// The first word of an operation's name in lower case, and the rest.
fn words(operation: &str) -> Option<(String, String)> {
    if let Some((method, path)) = operation.split_once(' ') {
        let parts = path.split('/').filter(|part| !part.is_empty() && !part.starts_with(['{', ':', '<']));
        let name = parts.collect::<Vec<_>>().join("/").to_lowercase();
        return (!name.is_empty()).then(|| (method.to_lowercase(), name));
    }
    let name = operation.rsplit(['/', '.']).next()?;
    let verb: String = name.chars().take(1).chain(name.chars().skip(1).take_while(|c| c.is_lowercase())).collect();
    let rest: String = name.chars().skip(verb.chars().count()).collect();
    (!rest.is_empty()).then(|| (verb.to_lowercase(), rest.trim_matches('_').to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_verb_and_a_thing() {
        let said = |operation: &str| words(operation).map(|(verb, name)| format!("{verb} {name}"));
        assert_eq!(said("CartService/GetCart").as_deref(), Some("get cart"));
        assert_eq!(said("EmptyCart").as_deref(), Some("empty cart"));
        assert_eq!(said("get_cart").as_deref(), Some("get cart"));
        assert_eq!(said("DELETE /cart/{}").as_deref(), Some("delete cart"));
        assert_eq!(said("GET /").as_deref(), None);
        assert_eq!(said("Charge").as_deref(), None);
    }
}
