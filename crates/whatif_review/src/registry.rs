//! The list of rules, by practice, and the one function that runs them.

use crate::rule::{Context, Rule, RuleMeta};
use crate::{
    boundaries, consistency, drift, events, failure, grouping, idempotency, observability, origins, retries, spec,
    timeouts, vocabulary,
};
use whatif_model::finding::Finding;

const PRACTICES: &[&[&Rule]] = &[
    idempotency::RULES,
    timeouts::RULES,
    retries::RULES,
    consistency::RULES,
    failure::RULES,
    events::RULES,
    boundaries::RULES,
    observability::RULES,
    vocabulary::RULES,
    spec::RULES,
    drift::RULES,
];

/// Every rule, in the order of the practices.
pub fn rules() -> impl Iterator<Item = &'static RuleMeta> {
    PRACTICES.iter().flat_map(|rules| rules.iter()).map(|rule| &rule.meta)
}

/// The rule with this id, or with this slug when only one practice has it.
pub fn rule(name: &str) -> Option<&'static RuleMeta> {
    let slug = |meta: &RuleMeta| meta.id.split_once('/').map(|(_, slug)| slug) == Some(name);
    let mut by_slug = rules().filter(|meta| slug(meta));
    rules().find(|meta| meta.id == name).or_else(|| match (by_slug.next(), by_slug.next()) {
        (Some(meta), None) => Some(meta),
        _ => None,
    })
}

/// Runs every rule. Findings come ordered: worst first, then by rule, address and place.
pub fn review(cx: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        PRACTICES.iter().flat_map(|rules| rules.iter()).flat_map(|rule| (rule.check)(cx)).collect();
    findings.sort_by(|a, b| {
        (b.severity, b.confidence, a.rule, &a.address).cmp(&(a.severity, a.confidence, b.rule, &b.address)).then_with(
            || {
                let order = |f: &Finding| f.evidence.first().map(|e| cx.sources.order(e.span)).unwrap_or_default();
                order(a).cmp(&order(b))
            },
        )
    });
    findings.dedup_by(|later, first| later.fingerprint == first.fingerprint);
    findings.iter_mut().for_each(|finding| origins::show(cx.system, finding));
    grouping::grouped(findings)
}
