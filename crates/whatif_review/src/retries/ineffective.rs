//! A retry that is written down and never repeats anything.

use crate::query::{CallSite, address_of, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Claim, Fact};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{LoopKind, Retry, RetryFlaw, Step};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/ineffective",
        severity: Severity::Warning,
        summary: "A retry runs something that returns before its work is done, so it sees no failure and repeats nothing.",
        page: include_str!("ineffective.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let never = cx.sites.iter().filter(|site| idle(site).is_some());
    let by_retry = grouped(never, |site| idle(site).map(|(_, flaw)| flaw.evidence.span));
    by_retry.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The innermost retry around a call that never repeats it.
fn idle<'a>(site: &CallSite<'a>) -> Option<(&'a Retry, &'a Claim<RetryFlaw>)> {
    site.visit.enclosing(|step| match step {
        Step::Loop { kind: LoopKind::Retry(retry), .. } if retry.is_idle() => Some((retry, retry.flaw.claim()?)),
        _ => None,
    })
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let (retry, flaw) = idle(first)?;
    let address = address_of(cx.system, sites);
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("`{address}` never retries {callees}: the retry is over before the call has failed"))
        .help("run the asynchronous function with the asynchronous method and await it: `await pipeline.ExecuteAsync(...)`")
        .claim(flaw, "returns when the function has begun, so no failure comes back");
    let draft = match &retry.attempts {
        Fact::Known(_) => draft.because(&retry.attempts, "the attempts that never happen"),
        _ => draft,
    };
    let calls = sites.iter().map(|site| site.place(format!("{} is tried once", site.callee_name(cx.system))));
    draft.all(&calls.collect::<Vec<_>>()).build()
}
