//! "Degrades gracefully", or failures listed, without what still works then.

use super::documents::{Owing, Role, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::vocabulary::claims::{Claim, claims};
use whatif_model::facts::prose::{Aspect, VagueTerm};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/degraded-states",
        severity: Severity::Info,
        summary: "A document tells of failures or graceful degradation, but not what still works then.",
        page: include_str!("degraded_states.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Slow, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let claims = claims(cx, VagueTerm::Graceful);
    let claimed = claims.iter().filter_map(|claim| unnamed_state(cx, claim));
    let silent = documents(cx).into_iter().filter(lists_failures_only);
    let silent = silent.filter(|owing| !claims.iter().any(|claim| claim.is_in(owing.document)));
    claimed.chain(silent.filter_map(|owing| no_state(cx, &owing))).collect()
}

/// It knows what may fail; one that does not is `spec/failure-scenarios`.
fn lists_failures_only(owing: &Owing<'_>) -> bool {
    owing.role == Role::Specification
        && owing.decides_itself(Aspect::FailureScenario)
        && !owing.decides(Aspect::DegradedState)
}

fn unnamed_state(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let draft = claim
        .draft(cx, &RULE.meta)
        .message(format!("{} does not say what still works, so nobody can build or test it", claim.quoted()));
    let subject = claim.subject();
    draft.help(format!("write \"{subject}: when D is down, U still gets A and no longer gets B, until C\"")).build()
}

fn no_state(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "defines no degraded state")
        .all(&owing.places(Aspect::FailureScenario, "what does the user still get then?"))
        .message(format!(
            "{} tells of failures, not of what still works then, so one may stop everything",
            owing.name()
        ))
        .help("define for each dependency the degraded state: what is still answered, from what, and how old it may be")
        .build()
}
