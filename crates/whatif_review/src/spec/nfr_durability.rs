//! A document that specifies a service which keeps state, and does not bound what may be lost.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::Aspect;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/nfr-durability",
        severity: Severity::Info,
        summary: "A document that specifies state-changing services does not bound what may be lost (RPO, RTO).",
        page: include_str!("nfr_durability.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let keeps_state = |owing: &Owing<'_>| owing.is_specification() && owing.changes_state();
    let owing = documents(cx).into_iter().filter(|owing| keeps_state(owing) && !owing.addresses(Aspect::Durability));
    owing.filter_map(|owing| finding(cx, &owing)).collect()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "states neither a recovery point nor a recovery time")
        .all(&owing.quality_section())
        .all(&owing.places(Aspect::MutatingOperation, "changes state that a failure may lose"))
        .severity(owing.severity())
        .message(format!(
            "{} does not bound what may be lost: a restored backup may miss hours of writes",
            owing.name()
        ))
        .help("state for each kind of data how much may be lost (RPO) and how soon it is back (RTO)")
        .build()
}
