//! A document that specifies a service with shared state and names no consistency model.

use super::documents::{Owing, Role, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::{Aspect, Bounds};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/nfr-consistency",
        severity: Severity::Info,
        summary: "A document that specifies services with shared state names no consistency model.",
        page: include_str!("nfr_consistency.md"),
        assumptions: &[Assumption::Order, Assumption::Clocks],
        questions: &[Mindset::Together, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let owing = documents(cx).into_iter().filter(|owing| owing.owes_qualities() && shares_state(cx, owing));
    owing.filter(|owing| !names_model(owing)).filter_map(|owing| finding(cx, &owing)).collect()
}

/// It tells of state that changes, or the system it is about has stores.
fn shares_state(cx: &Context<'_>, owing: &Owing<'_>) -> bool {
    owing.changes_state() || (owing.role == Role::Specification && !cx.system.stores.is_empty())
}

/// A model, or a bound on how old a read may be.
fn names_model(owing: &Owing<'_>) -> bool {
    owing.addresses(Aspect::ConsistencyModel) || owing.bounds(&[Bounds::Staleness])
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "names no consistency model")
        .all(&owing.quality_section())
        .all(&owing.places(Aspect::MutatingOperation, "changes what others read"))
        .severity(owing.severity())
        .message(format!("{} names no consistency model, so nobody knows how old a read may be", owing.name()))
        .help("name for each entity the model its readers get: linearizable, or eventual within N s with read-your-writes")
        .build()
}
