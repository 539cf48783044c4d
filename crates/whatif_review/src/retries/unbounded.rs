//! A retry that nothing ends, while somebody waits for it.

use super::layers::{Layer, layers};
use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Attempts, TimeoutKind};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/unbounded",
        severity: Severity::Error,
        summary: "A retry without a limit while a caller, a message or a schedule waits: it tries for ever.",
        page: include_str!("unbounded.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, Vec<(&CallSite<'_>, Layer<'_>)>> = BTreeMap::new();
    for site in cx.sites.iter().filter(|site| somebody_waits(site)) {
        for layer in layers(site).into_iter().filter(|layer| is_endless(layer, site)) {
            by_place.entry(layer.place.span).or_default().push((site, layer));
        }
    }
    by_place.values().filter_map(|repeats| finding(cx, repeats)).collect()
}

/// A process that connects for ever at its start, or in the background, keeps nobody waiting.
fn somebody_waits(site: &CallSite<'_>) -> bool {
    !site.operation.background && !matches!(site.operation.trigger, Trigger::Start)
}

/// A time limit over all attempts of a client ends them too; one on a call inside a loop does not end the loop.
fn is_endless(layer: &Layer<'_>, site: &CallSite<'_>) -> bool {
    let ended_in_time = layer.by != super::layers::By::Loop && site.effective.timeout.kind == Some(TimeoutKind::Total);
    layer.attempts == Attempts::Unlimited && !ended_in_time
}

fn finding(cx: &Context<'_>, repeats: &[(&CallSite<'_>, Layer<'_>)]) -> Option<Finding> {
    let waiting = repeats.iter().find(|(site, _)| site.is_on_request_path());
    let (on_request, (first, layer)) = (waiting.is_some(), waiting.or(repeats.first())?);
    let address = &first.operation.address;
    let callees = listed(repeats.iter().map(|(site, _)| site.callee_name(cx.system)), 3);
    let consequence = match first.operation.trigger {
        Trigger::Message { .. } => "one bad message stops all behind it",
        Trigger::Schedule(_) => "one run blocks all later ones",
        _ => "its caller waits as long as the failure lasts",
    };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if on_request { Severity::Error } else { Severity::Warning })
        .message(format!("`{address}` retries {callees} without a limit, so {consequence}"))
        .help(help(&first.operation.trigger))
        .detail(&callees)
        .at_as(&layer.place, "repeats without a limit");
    let called = repeats.iter().map(|(site, _)| site.place(format!("calls {}", site.callee_name(cx.system))));
    called.fold(draft, |draft, place| draft.at(&place)).build()
}

fn help(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::Message { .. } => "limit the attempts and send the message to a dead-letter queue afterwards",
        _ => "limit the attempts and the total time, and fail with an error the caller can act on",
    }
}
