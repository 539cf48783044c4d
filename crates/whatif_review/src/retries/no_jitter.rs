//! A retry whose pause is the same for everybody.

use super::layers::{Layer, layers};
use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/no-jitter",
        severity: Severity::Warning,
        summary: "A retry whose pause is not randomised: everybody who failed together tries again together.",
        page: include_str!("no_jitter.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, Vec<(&CallSite<'_>, Layer<'_>)>> = BTreeMap::new();
    for site in cx.sites.iter().filter(|site| is_many_at_once(site)) {
        for layer in layers(site).into_iter().filter(is_in_step) {
            by_place.entry(layer.place.span).or_default().push((site, layer));
        }
    }
    by_place.values().filter_map(|repeats| finding(cx, repeats)).collect()
}

/// Only what runs many times at once can run in step; the start of one process cannot.
fn is_many_at_once(site: &CallSite<'_>) -> bool {
    !site.operation.background && !matches!(site.operation.trigger, Trigger::Start)
}

/// Without any pause the finding is `retries/no-backoff`.
fn is_in_step(layer: &Layer<'_>) -> bool {
    let has_pause = layer.retry.backoff.value().is_some() && !layer.has_no_pause();
    layer.is_chosen() && layer.repeats_often() && has_pause && layer.has_fixed_schedule()
}

fn finding(cx: &Context<'_>, repeats: &[(&CallSite<'_>, Layer<'_>)]) -> Option<Finding> {
    let (first, layer) = repeats.first()?;
    let address = &first.operation.address;
    let callees = listed(repeats.iter().map(|(site, _)| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` retries {callees} on a fixed schedule, so all who failed come back at once"))
        .help("randomise the pause: wait between zero and the backoff, not exactly the backoff")
        .detail(&callees)
        .at_as(&layer.place, format!("{}, the pause is not randomised", layer.count()));
    let called = repeats.iter().map(|(site, _)| site.place(format!("calls {}", site.callee_name(cx.system))));
    called.fold(draft, |draft, place| draft.at(&place)).build()
}
