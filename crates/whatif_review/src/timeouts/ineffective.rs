//! A time limit that looks like one and bounds nothing.

use crate::query::{CallSite, grouped, listed, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::evidence::{Claim, How};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Timeout, TimeoutKind};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/ineffective",
        severity: Severity::Error,
        summary: "A time limit is set, but only for connecting: the wait for the answer stays unbounded.",
        page: include_str!("ineffective.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let misled = cx.sites.iter().filter(|site| !site.edge.platform && is_misled(site));
    let by_setting =
        grouped(misled, |site| (site.operation.service, only_connect(site).map(|claim| claim.evidence.span)));
    by_setting.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn is_misled(site: &CallSite<'_>) -> bool {
    site.effective.timeout.state == State::Absent && only_connect(site).is_some()
}

/// The limit somebody set for connecting and may take for a limit of the call.
pub(super) fn only_connect<'a>(site: &CallSite<'a>) -> Option<&'a Claim<Timeout>> {
    let is_set = |claim: &&Claim<Timeout>| !matches!(claim.evidence.how, How::Default { .. });
    let is_connect =
        |claim: &&Claim<Timeout>| claim.value.kind == TimeoutKind::Connect && claim.value.bound.millis().is_some();
    site.visit.effect.policy.timeout.claims().iter().filter(is_set).find(is_connect)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let claim = only_connect(first)?;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let one = sites.iter().all(|site| site.id == first.id);
    let address = if one { &first.operation.address } else { &first.caller(cx.system).address };
    let limit = time(claim.value.bound.millis().unwrap_or_default());
    let waits = if sites.iter().any(|site| site.is_on_request_path()) { Severity::Error } else { Severity::Warning };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(waits)
        .message(format!(
            "`{address}` limits only connecting to {callees} ({limit}), so a slow answer holds it for ever"
        ))
        .help("limit the whole call as well: the answer can be slow although the connection was quick")
        .detail(&callees)
        .claim(claim, format!("bounds the connection set-up only: {limit}"));
    let places =
        sites.iter().map(|site| site.place(format!("waits for {} without a bound", site.callee_name(cx.system))));
    places.fold(draft, |draft, place| draft.at(&place)).build()
}
