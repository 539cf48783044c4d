//! A document that tells of retries and not of their limit or backoff.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::{Aspect, Bounds};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/retry-policy",
        severity: Severity::Info,
        summary: "A document says that failed work is retried, but not how often, how soon, or until when.",
        page: include_str!("retry_policy.md"),
        assumptions: &[Assumption::Network, Assumption::Once],
        questions: &[Mindset::Slow, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let silent = documents(cx).into_iter().filter(|owing| retries(owing) && !bounds_retries(owing));
    silent.filter_map(|owing| finding(cx, &owing)).collect()
}

fn retries(owing: &Owing<'_>) -> bool {
    owing.sentences(Aspect::RetryPolicy).next().is_some()
}

fn bounds_retries(owing: &Owing<'_>) -> bool {
    owing.addresses(Aspect::RetryPolicy) || owing.bounds(&[Bounds::Attempts, Bounds::Backoff])
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "states no number of attempts and no backoff")
        .all(&owing.places(Aspect::RetryPolicy, "retried how often, how soon, until when?"))
        .message(format!("{} has work retried without limit or backoff, so an outage gets more load", owing.name()))
        .help("state the attempts, the backoff with jitter, which errors are retried, and what happens after the last")
        .build()
}
