//! Things an operation reads, acts upon and uses up: a cart that is charged and then emptied.
//!
//! Two requests that read the same cart both charge it, and what is put into it in between is removed
//! unpaid. Only what the text shows is taken for this: the same item of a store, or operations of one
//! service whose names name one thing (`GetCart`, `EmptyCart`; `GET /cart/{id}`, `DELETE /cart/{id}`).

use super::compile::node;
use whatif_model::decision::{Decision, DecisionKind};
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
    /// What it is used up for; `None`: for nothing that two would do twice.
    pub(super) spend: Option<EffectId>,
    /// Takes it away.
    pub(super) clear: EffectId,
    /// Whether a repeat that comes after the first run finds it used up, and does nothing.
    pub(super) once: bool,
}

/// Engines whose default isolation lets two transactions pass the same check: PostgreSQL's READ COMMITTED
/// (postgresql.org, 13.2.1), InnoDB's snapshot reads (dev.mysql.com, 17.7.2.3).
const READ_COMMITTED: [&str; 3] = ["postgresql", "mysql", "mariadb"];

/// The first thing the operation uses up.
pub(super) fn of(system: &System, operation: &Operation) -> Option<Entity> {
    used_up(system, operation)
        .or_else(|| operation.flow.decisions().iter().find_map(|decision| decided(system, operation, decision)))
}

/// What was decided by is used up by the write that changes the answer.
fn decided(system: &System, operation: &Operation, decision: &Decision) -> Option<Entity> {
    let visits = operation.flow.walk();
    let visit = |id: EffectId| visits.iter().find(|visit| visit.id == id);
    let (read, write) = (visit(decision.read)?, visit(decision.write)?);
    let place = node(&write.effect.target)?;
    let EffectKind::Write { item, .. } = &write.effect.kind else { return None };
    if in_safe_transaction(system, place, read, write) || is_optional(write) {
        return None;
    }
    let is_act = |act: &EffectId| visit(*act).is_some_and(|visit| !is_optional(visit) && adds(system, visit.effect));
    let spend = match decision.kind {
        DecisionKind::Leaves => decision.acts.iter().copied().find(is_act),
        DecisionKind::Fills | DecisionKind::Numbers if !decision.limits() => {
            decision.free_table(system, &operation.flow)?;
            Some(decision.write)
        }
        _ => Some(decision.write),
    };
    let is_covered = |other: &Visit<'_>| {
        other.id == decision.write || decision.acts.contains(&other.id) || !adds(system, other.effect)
    };
    let once = !decision.passes_again() && visits.iter().all(is_covered);
    let (item, name) = (item.clone(), item.clone());
    Some(Entity { node: place, item, name, read: decision.read, spend, clear: decision.write, once })
}

/// Both in one transaction whose isolation may keep two of them apart.
fn in_safe_transaction(system: &System, place: Node, read: &Visit<'_>, write: &Visit<'_>) -> bool {
    let around = |visit: &Visit<'_>| {
        visit.enclosing(|step| matches!(step, Step::Transaction { .. }).then_some(std::ptr::from_ref(step)))
    };
    let shared = around(read).is_some() && around(read) == around(write);
    let Node::Store(store) = place else { return shared };
    shared && !READ_COMMITTED.contains(&system[store].engine.as_str())
}

fn is_optional(visit: &Visit<'_>) -> bool {
    let around = visit.inside.iter().any(|step| matches!(step, Step::Spawn { .. }));
    around || matches!(visit.effect.on_error, OnError::LogAndContinue | OnError::Discard)
}

/// Whether two of it are one too many.
fn adds(system: &System, effect: &Effect) -> bool {
    let keyed = effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
    match (&effect.kind, &effect.target) {
        _ if keyed => false,
        (EffectKind::Call { .. }, Target::Service(_, Some(id))) => {
            let callee = &system[*id];
            callee.mutates.holds(|mutates| *mutates) && callee.idempotency.natural.value().is_none()
        }
        (EffectKind::Call { operation, .. }, _) => operation.starts_with("POST "),
        (EffectKind::Publish { .. }, _) => true,
        (EffectKind::Write { how, .. }, _) => {
            matches!(how, WriteKind::Insert | WriteKind::Increment | WriteKind::SetFromRead)
        }
        _ => false,
    }
}

fn used_up(system: &System, operation: &Operation) -> Option<Entity> {
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
            let (read, spend, clear) = (visits[read].id, Some(spend.id), visits[clear].id);
            Some(Entity { node, item, name, read, spend, clear, once: false })
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
