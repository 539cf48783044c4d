//! A retry that tries again at once.

use super::layers::{Layer, layers};
use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/no-backoff",
        severity: Severity::Warning,
        summary: "A retry without a pause: all attempts hit a dependency while it is still down.",
        page: include_str!("no_backoff.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, Vec<(&CallSite<'_>, Layer<'_>)>> = BTreeMap::new();
    for site in &cx.sites {
        for layer in layers(site).into_iter().filter(is_at_once) {
            by_place.entry(layer.place.span).or_default().push((site, layer));
        }
    }
    by_place.values().filter_map(|repeats| finding(cx, repeats)).collect()
}

fn is_at_once(layer: &Layer<'_>) -> bool {
    layer.is_chosen() && layer.repeats_often() && layer.has_no_pause()
}

fn finding(cx: &Context<'_>, repeats: &[(&CallSite<'_>, Layer<'_>)]) -> Option<Finding> {
    let (first, layer) = repeats.first()?;
    let address = &first.operation.address;
    let callees = listed(repeats.iter().map(|(site, _)| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` retries {callees} at once, which adds load to what is already down"))
        .help("wait between attempts, longer each time and randomised: exponential backoff with jitter")
        .detail(&callees)
        .at_as(&layer.place, format!("{} without a pause", layer.count()));
    let called = repeats.iter().map(|(site, _)| site.place(format!("calls {}", site.callee_name(cx.system))));
    called.fold(draft, |draft, place| draft.at(&place)).build()
}
