//! A saga that waits for its participants without a limit stays half done when one of them stays silent.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::{Saga, Trigger};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::ServiceId;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/saga-timeout-missing",
        severity: Severity::Warning,
        summary: "A saga waits for the answers of its participants for ever, and nothing looks for sagas that are overdue.",
        page: include_str!("saga_timeout_missing.md"),
        assumptions: &[Assumption::WontFail, Assumption::FastEnough],
        questions: &[Mindset::Slow, Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_service: BTreeMap<ServiceId, Vec<&Saga>> = BTreeMap::new();
    for (service, saga) in cx.system.sagas.iter().filter(|(_, saga)| waits(saga)) {
        by_service.entry(*service).or_default().push(saga);
    }
    let swept = |service: &ServiceId| sweeps(cx, *service);
    by_service.iter().filter(|(service, _)| !swept(service)).filter_map(|(id, sagas)| finding(cx, *id, sagas)).collect()
}

/// Whether a participant elsewhere is asked to do something.
fn waits(saga: &Saga) -> bool {
    saga.steps.iter().filter_map(|step| step.action.as_ref()).any(|action| !action.local)
}

/// Whether the orchestrator does something on a schedule, which may be to look for what is overdue.
fn sweeps(cx: &Context<'_>, service: ServiceId) -> bool {
    let mut own = cx.system.operations.iter().filter(|operation| operation.service == service);
    own.any(|operation| matches!(operation.trigger, Trigger::Schedule(_)))
}

fn finding(cx: &Context<'_>, service: ServiceId, sagas: &[&Saga]) -> Option<Finding> {
    let address = &cx.system[service].address;
    let names = listed(sagas.iter().map(|saga| saga.name.clone()), 3);
    let wait = if sagas.len() == 1 { "waits" } else { "wait" };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "{names} of `{address}` {wait} for each participant for ever: who stays silent leaves it half done"
        ))
        .help("store a deadline with each saga, and let a scheduled job resume, undo or report those that are overdue");
    let asked = sagas.iter().flat_map(|saga| &saga.steps).filter_map(|step| step.action.as_ref());
    let place = |span, label: &str| Evidence::stated(Stage::Code, span, label);
    let draft =
        sagas.iter().fold(draft, |draft, saga| draft.at(&place(saga.span, "defined here, without a time limit")));
    let asked = asked.filter(|action| !action.local);
    let draft = asked.fold(draft, |draft, action| draft.at(&place(action.span, "waits for this answer")));
    // Another program may look for them in the database.
    draft.at_most(Confidence::Likely).build()
}
