//! Which operations change state, here or further down.

use crate::bind::callee;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::flow::{Effect, EffectKind, Target};
use whatif_model::routes::asks_for_change;
use whatif_model::system::{Operation, OperationId, System};

/// Longest chain of calls along which a mutation is traced back to its callers.
const ROUNDS_MAX: usize = 16;

/// Fills [`Operation::mutates`]: from effects, then from callees until nothing changes.
pub(crate) fn spread(system: &mut System) {
    for at in 0..system.operations.len() {
        system.operations[at].mutates = own(&system.operations[at]);
    }
    for _ in 0..ROUNDS_MAX {
        let found: Vec<(usize, Fact<bool>)> = (0..system.operations.len())
            .filter(|at| !system.operations[*at].mutates.holds(|mutates| *mutates))
            .filter_map(|at| Some((at, through_callee(system, &system.operations[at])?)))
            .collect();
        if found.is_empty() {
            break;
        }
        for (at, fact) in found {
            system.operations[at].mutates = fact;
        }
    }
    for operation in &mut system.operations {
        if operation.mutates.is_unknown() {
            operation.mutates = by_reading(operation);
        }
    }
}

/// What the operation's own effects and its contract say.
fn own(operation: &Operation) -> Fact<bool> {
    let changing = operation.flow.effects.iter().find(|effect| changes(effect));
    if let Some(effect) = changing {
        // What a request does at a receiver nobody has read, its method only suggests.
        let how = if matches!(effect.kind, EffectKind::Call { .. }) { Evidence::derived } else { Evidence::stated };
        return Fact::known(true, how(Stage::Code, effect.span, "state is changed here"));
    }
    match &operation.contract {
        Some(contract) if contract.mutates.holds(|m| *m) || !operation.implemented => contract.mutates.clone(),
        _ => Fact::Unknown,
    }
}

fn changes(effect: &Effect) -> bool {
    match &effect.kind {
        EffectKind::Write { .. } | EffectKind::Publish { .. } | EffectKind::DedupMark { .. } => true,
        EffectKind::Call { operation, .. } => {
            let unbound = matches!(effect.target, Target::External(_) | Target::Unknown | Target::Service(_, None));
            unbound && asks_for_change(operation)
        }
        _ => false,
    }
}

fn through_callee(system: &System, operation: &Operation) -> Option<Fact<bool>> {
    operation.flow.effects.iter().find_map(|effect| {
        let callee: OperationId = callee(&effect.target)?;
        let callee = &system[callee];
        let claim = callee.mutates.claim().filter(|claim| claim.value)?;
        let label = format!("calls `{}`, which changes state", callee.address);
        let how =
            if matches!(claim.evidence.how, whatif_model::How::Derived) { Evidence::derived } else { Evidence::stated };
        Some(Fact::known(true, how(Stage::Code, effect.span, label)))
    })
}

/// An implementation that was read whole and changes nothing is a query.
fn by_reading(operation: &Operation) -> Fact<bool> {
    match operation.evidence.first() {
        Some(place) if operation.implemented && operation.flow.cut.is_empty() => {
            Fact::known(false, Evidence::derived(place.stage, place.span, "nothing in it changes state"))
        }
        _ => Fact::Unknown,
    }
}
