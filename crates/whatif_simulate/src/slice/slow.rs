//! The question "slow", answered by arithmetic over time limits instead of states.

use crate::arithmetic;
use whatif_model::effective::{Effective, State};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::flow::{Attempts, Backoff, EffectKind, Step, TimeoutKind};
use whatif_model::system::{OperationId, Site, System};
use whatif_model::verdict::{Bounds, Dependence, Trace, TraceStep, Verdict};

/// Whether everything the operation waits for is bounded.
pub(super) fn verdict(system: &System, id: OperationId) -> Verdict {
    let operation = &system[id];
    if !operation.implemented {
        return Verdict::NotAsked("its code was not read".to_owned());
    }
    let (mut waits, mut total, mut most, mut unknown) = (0u32, 0u64, 1u64, Vec::new());
    for visit in operation.flow.walk() {
        let waiting =
            waits_for(&visit.effect.kind) && !visit.inside.iter().any(|step| matches!(step, Step::Spawn { .. }));
        let Some(edge) = waiting.then(|| edge_of(system, Site { operation: id, effect: visit.id })).flatten() else {
            continue;
        };
        let Some(effective) = system.effective_at(edge, Site { operation: id, effect: visit.id }) else { continue };
        waits += 1;
        let callee = system.address(edge.to);
        match effective.timeout.state {
            State::Absent => {
                let place = Evidence::stated(Stage::Code, visit.effect.span, "waits here");
                return Verdict::Violated(unbounded(
                    &operation.address,
                    callee,
                    place,
                    effective.timeout.evidence.first(),
                ));
            }
            State::Unknown => unknown.push(format!("{} -> {callee}", system[operation.service].address)),
            State::Known | State::Default => {
                let attempts = attempts(&effective);
                most = most.max(attempts);
                let each = effective.timeout.millis.unwrap_or(0);
                // A limit of the whole call holds for all its attempts together.
                let repeated = if effective.timeout.kind == Some(TimeoutKind::Total) { 1 } else { attempts };
                total = total.saturating_add(arithmetic::longest_wait(each, repeated, pause(&effective)));
            }
        }
    }
    unknown.dedup();
    if unknown.is_empty() {
        let mut assumptions = if operation.flow.cut.is_empty() {
            Vec::new()
        } else {
            vec!["parts of it that were not read wait for nothing".to_owned()]
        };
        if most > 1 {
            let percent = arithmetic::safe_utilisation_percent(most);
            assumptions.push(format!(
                "what it calls {most} times over stays below {percent} % of its capacity, or drops what is late"
            ));
        }
        let explored = if waits == 0 {
            "it waits for nobody".to_owned()
        } else {
            format!("{waits} waits, together at most {total} ms")
        };
        return Verdict::Holds(Bounds { states: 0, explored, assumptions });
    }
    let safe_if =
        vec![format!("{} is bounded", unknown.iter().map(|u| format!("`{u}`")).collect::<Vec<_>>().join(" and "))];
    let unknowns = unknown.into_iter().map(|edge| (edge, "timeout".to_owned())).collect();
    Verdict::Depends(Dependence { safe_if, unknowns, trace: None })
}

/// How often the call is tried at most, as far as that is known.
fn attempts(effective: &Effective) -> u64 {
    match effective.retry.attempts {
        Some(Attempts::Limited(attempts)) => u64::from(attempts.max(1)),
        Some(Attempts::Unlimited) | None => 1,
    }
}

/// The pause between two tries, as far as that is known.
fn pause(effective: &Effective) -> u64 {
    match effective.retry.backoff {
        Some(Backoff::Fixed(ms) | Backoff::Exponential(ms)) => ms,
        Some(Backoff::None) | None => 0,
    }
}

/// A statement that hangs holds its operation like a call does. A message is handed to a client that sends it later.
fn waits_for(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Call { .. }
            | EffectKind::Read { .. }
            | EffectKind::Write { .. }
            | EffectKind::DedupCheck { .. }
            | EffectKind::DedupMark { .. }
    )
}

fn edge_of(system: &System, site: Site) -> Option<&whatif_model::system::Edge> {
    system.edges.iter().find(|edge| edge.sites.contains(&site))
}

fn unbounded(operation: &str, callee: &str, place: Evidence, why: Option<&Evidence>) -> Trace {
    let step = |actor: &str, to: &str, action: &str, fault: &str, evidence| TraceStep {
        actor: actor.to_owned(),
        to: to.to_owned(),
        action: action.to_owned(),
        fault: fault.to_owned(),
        evidence,
        ..TraceStep::default()
    };
    debug_assert!(Confidence::of(&place) == Confidence::Certain, "a place in the code is stated");
    Trace {
        scenario: format!("`{callee}` accepts the request and does not answer"),
        steps: vec![
            step("client", operation, "sends a request", "", None),
            step(operation, callee, "calls and waits", "", Some(place)),
            step(callee, "", "does not answer", "slow", None),
            step(operation, "", "waits without a limit", "", why.cloned()),
        ],
        broken: format!("`{operation}` waits for ever, and holds what it has"),
        repair: vec!["a time limit on the call, shorter than what its caller waits".to_owned()],
        not_enough: None,
    }
}
