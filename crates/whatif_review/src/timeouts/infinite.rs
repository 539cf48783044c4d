//! A time limit that somebody switched off.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::evidence::{Claim, How};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Bound, Timeout};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/infinite",
        severity: Severity::Error,
        summary: "A network call whose time limit is explicitly switched off, and no other layer bounds it.",
        page: include_str!("infinite.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let endless = cx.sites.iter().filter(|site| !site.edge.platform && is_switched_off(site));
    let by_setting = grouped(endless, |site| (site.operation.service, setting(site)));
    by_setting.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn is_switched_off(site: &CallSite<'_>) -> bool {
    site.effective.timeout.state == State::Absent && switch(site).is_some()
}

/// The setting that says "for ever" in so many words.
pub(super) fn switch<'a>(site: &CallSite<'a>) -> Option<&'a Claim<Timeout>> {
    let is_stated = |claim: &&Claim<Timeout>| !matches!(claim.evidence.how, How::Default { .. });
    site.visit
        .effect
        .policy
        .timeout
        .claims()
        .iter()
        .filter(is_stated)
        .find(|claim| claim.value.bound == Bound::Unbounded)
}

fn setting(site: &CallSite<'_>) -> Option<Span> {
    switch(site).map(|claim| claim.evidence.span)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let claim = switch(first)?;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let one = sites.iter().all(|site| site.id == first.id);
    let address = if one { &first.operation.address } else { &first.caller(cx.system).address };
    let waits = if sites.iter().any(|site| site.is_on_request_path()) { Severity::Error } else { Severity::Warning };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(waits)
        .message(format!("`{address}` switches the time limit of {callees} off, so a slow answer holds it for ever"))
        .help("set a limit that covers the slowest answer you are willing to wait for")
        .detail(&callees)
        .claim(claim, "the time limit is switched off");
    let places = sites.iter().map(|site| site.place(format!("waits for {} for ever", site.callee_name(cx.system))));
    places.fold(draft, |draft, place| draft.at(&place)).build()
}
