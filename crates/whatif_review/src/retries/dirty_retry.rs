//! A retry that goes on with what the failed attempt changed in memory.

use crate::query::{CallSite, address_of, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Claim, Confidence, Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{LoopKind, RetryFlaw, Step};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/dirty-retry",
        severity: Severity::Warning,
        summary: "A retried block saves a unit of work made outside it: a second attempt finds the first one's changes.",
        page: include_str!("dirty_retry.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let dirty = cx.sites.iter().filter(|site| kept(site).is_some());
    let by_block = grouped(dirty, |site| kept(site).map(|(block, _)| block));
    by_block.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The retried block around a site, and what it keeps.
fn kept<'a>(site: &CallSite<'a>) -> Option<(Span, &'a Claim<RetryFlaw>)> {
    site.visit.enclosing(|step| match step {
        Step::Loop { kind: LoopKind::Retry(retry), span, .. } => {
            let claim = retry.flaw.claim().filter(|claim| claim.value == RetryFlaw::KeepsChanges)?;
            Some((*span, claim))
        }
        _ => None,
    })
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let (block, flaw) = kept(first)?;
    let address = address_of(cx.system, sites);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!(
            "`{address}` retries a block on one unit of work: a second attempt finds the changes of the first as done"
        ))
        .help("make the context inside the block, or call `ChangeTracker.Clear()` first and check whether the commit arrived")
        .at(&Evidence::stated(Stage::Code, block, "this block runs again when it fails"))
        .claim(flaw, "saves what was loaded and changed before");
    let begun = first.transaction().and_then(|step| match step {
        Step::Transaction { span, .. } => Some(Evidence::stated(Stage::Code, *span, "the transaction of one attempt")),
        _ => None,
    });
    draft.all(&begun.into_iter().collect::<Vec<_>>()).at_most(Confidence::Likely).build()
}
