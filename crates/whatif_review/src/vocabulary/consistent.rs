//! "consistent", "in sync", "up to date" of data, without the model meant.

use super::claims::{Claim, claims};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Node;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/consistent",
        severity: Severity::Info,
        summary: "A document calls data consistent or in sync without naming the model or the bound.",
        page: include_str!("consistent.md"),
        assumptions: &[Assumption::Order, Assumption::Clocks],
        questions: &[Mindset::Together, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Consistent).iter().filter_map(|claim| finding(cx, claim)).collect()
}

/// Whether the claim is about how old a copy may be rather than about what concurrent clients see.
fn is_about_copies(cx: &Context<'_>, claim: &Claim<'_>) -> bool {
    let is_cache = matches!(claim.element(), Some(Node::Store(id)) if cx.system[id].cache);
    is_cache
        || claim.says(cx, &["sync", "date"])
        || claim.speaks_of(&["cache", "replica", "copy", "copies", "follower", "index"])
}

/// Whether it spans parties that no single transaction covers.
fn is_across_parties(claim: &Claim<'_>) -> bool {
    claim.speaks_of(&["services", "microservices", "saga", "sagas", "regions", "systems", "databases"])
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let draft = claim
        .draft(cx, &RULE.meta)
        .message(format!("{} names no consistency model, so writer and reader may assume two", claim.quoted()));
    draft.help(format!("write \"{}\"", wording(cx, claim))).build()
}

fn wording(cx: &Context<'_>, claim: &Claim<'_>) -> String {
    let subject = claim.subject();
    if is_across_parties(claim) {
        format!("{subject}: eventually consistent, every party within N s; until then readers may see S")
    } else if is_about_copies(cx, claim) {
        format!("{subject}: at most N s behind its source; a client reads its own writes")
    } else {
        format!("{subject}: linearizable per key\" or \"{subject}: eventually consistent within N s")
    }
}
