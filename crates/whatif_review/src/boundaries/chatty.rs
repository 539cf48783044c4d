//! One remote call per element where one call for all would do.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{LoopKind, Step};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/chatty",
        severity: Severity::Warning,
        summary: "A remote call for each element of a collection: latency and failures grow with the collection.",
        page: include_str!("chatty.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let repeated = cx.sites.iter().filter(|site| {
        site.is_call()
            && site.is_business()
            && site.is_on_request_path()
            && each(site).is_some()
            && is_one_callee(cx, site)
    });
    let by_service = grouped(repeated, |site| site.operation.service);
    by_service.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The loop over a collection that repeats it while somebody waits.
fn each(site: &CallSite<'_>) -> Option<Span> {
    let mut around = site.visit.inside.iter().rev().take_while(|step| !matches!(step, Step::Spawn { .. }));
    around.find_map(|step| match step {
        Step::Loop { kind: LoopKind::Each, span, .. } => Some(*span),
        _ => None,
    })
}

/// A loop over different callees asks each of them once.
fn is_one_callee(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let same_place =
        cx.sites.iter().filter(|other| other.id == site.id && other.visit.effect.span == site.visit.effect.span);
    same_place.map(|other| other.edge.to).all(|to| to == site.edge.to)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &first.caller(cx.system).address };
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` calls {callees} once per element, so latency and failures grow with the collection"
        ))
        .help(
            "add a batch operation to the callee and ask once, or fetch the elements concurrently under one deadline",
        );
    let draft = sites
        .iter()
        .fold(draft, |draft, site| draft.at(&site.place(format!("{} for each element", site.callee_name(cx.system)))));
    let loops: Vec<Evidence> =
        sites.iter().filter_map(|site| Some(Evidence::stated(Stage::Code, each(site)?, "the loop"))).collect();
    draft.all(&loops).build()
}
