//! Data that ends with the pod that holds it.

use super::deployed::{Single, singles};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/durability-missing",
        severity: Severity::Warning,
        summary: "A store or broker that a cluster runs once keeps its data in the pod, without a volume that outlives it.",
        page: include_str!("durability_missing.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway, Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let single = singles(cx.system);
    let volatile: Vec<&Single<'_>> = single.iter().filter(|one| one.durable.is_some_and(Fact::is_absent)).collect();
    finding(cx, &volatile).into_iter().collect()
}

fn finding(cx: &Context<'_>, volatile: &[&Single<'_>]) -> Option<Finding> {
    let names = listed(volatile.iter().map(|one| one.address.to_owned()), 4);
    let address = if let [one] = volatile { one.address } else { "system" };
    let (run, keep) = if volatile.len() == 1 { ("runs", "keeps") } else { ("run", "keep") };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {run} once and {keep} data in the pod: deleting or moving the pod loses it all"))
        .help("mount a persistent volume, and replicate what must survive the loss of a node")
        .detail("volatile");
    let draft = volatile.iter().fold(draft, |draft, one| {
        let draft = one
            .durable
            .into_iter()
            .fold(draft, |draft, fact| draft.because(fact, format!("what `{}` writes ends with the pod", one.address)));
        draft.because(one.replicas, format!("one replica of `{}`", one.address))
    });
    draft.build()
}
