//! A retry of something that must not be done twice.

use super::layers::{Layer, layers};
use crate::query::{CallSite, grouped, proven_twice};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::effective::State;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Attempts, Effect, EffectKind, Retry, Target};
use whatif_model::system::{Operation, OperationId, ServiceId};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/not-idempotent",
        severity: Severity::Warning,
        summary: "A retried call changes state and its callee cannot tell a repeat from a new request.",
        page: include_str!("not_idempotent.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let harmful = cx.sites.iter().filter(|site| site.is_retried() && repeats_harm(cx, site));
    let by_call = grouped(harmful, |site| (site.operation.service, site.callee(cx.system).map(|(id, _)| id)));
    let known = by_call.values().filter_map(|sites| finding(cx, sites));
    known.chain(to_strangers(cx)).collect()
}

/// Requests to whoever a row or a request names, repeated by their client: nobody can say that the receiver tells a
/// repeat apart, and nothing in the request would let it (RFC 9110, 9.2.2: POST and PATCH are not idempotent).
fn to_strangers(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<(ServiceId, Span), (&Operation, &Effect)> = BTreeMap::new();
    for operation in &cx.system.operations {
        let strangers = operation.flow.effects.iter().filter(|effect| is_repeated_blindly(effect));
        for effect in strangers {
            by_place.entry((operation.service, effect.span)).or_insert((operation, effect));
        }
    }
    by_place.into_values().filter_map(|(operation, effect)| stranger(cx, operation, effect)).collect()
}

fn is_repeated_blindly(effect: &Effect) -> bool {
    let EffectKind::Call { operation, .. } = &effect.kind else { return false };
    let adds = ["POST ", "PATCH "].iter().any(|method| operation.starts_with(method));
    let repeats = |retry: &Retry| retry.attempts.holds(|attempts| *attempts > Attempts::Limited(1)) && !retry.is_idle();
    let is_keyed = effect.identity.value().is_some();
    adds && effect.target == Target::Unknown && effect.policy.retry.holds(repeats) && !is_keyed
}

fn stranger(cx: &Context<'_>, operation: &Operation, effect: &Effect) -> Option<Finding> {
    let address = &operation.address;
    let EffectKind::Call { operation: request, .. } = &effect.kind else { return None };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` repeats `{request}` to receivers it does not know, and nothing in it tells a repeat apart"
        ))
        .help("send an id that stays the same for all attempts, or switch retries off for this client")
        .detail(request)
        .at_most(Confidence::Likely)
        .at(&Evidence::stated(Stage::Code, effect.span, "sent here"))
        .because(&effect.policy.retry, "the client repeats what fails");
    let called = effect.via.last().map(|span| Evidence::stated(Stage::Code, *span, "asked for here"));
    draft.all(&called.into_iter().collect::<Vec<_>>()).build()
}

/// The callee is known to change state, and it was read whole: nothing in it recognises a repeat.
fn repeats_harm(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let changes = |(_, callee): (OperationId, &Operation)| callee.mutates.holds(|mutates| *mutates);
    site.is_call() && site.callee(cx.system).is_some_and(changes) && site.effective.idempotency.state == State::Absent
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let (id, callee) = first.callee(cx.system)?;
    let repeated = layers(first);
    let by = repeated.first().map_or("its client", |layer: &Layer<'_>| layer.by.name());
    let trace = proven_twice(cx, id);
    let (caller, target) = (&first.operation.address, &callee.address);
    let draft = cx
        .finding(&RULE.meta, caller.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!("`{caller}` retries `{target}` through {by}, and a lost answer makes it happen twice"))
        .help("send a key that stays the same for all attempts and let the callee remember it, or do not retry")
        .detail(target)
        .trace(trace);
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place(format!("calls `{target}`"))));
    let draft = repeated
        .iter()
        .fold(draft, |draft, layer| draft.at_as(&layer.place, format!("{}: {}", layer.by.name(), layer.count())));
    let draft = draft.because(&callee.mutates, "state is changed here");
    draft.all(&first.effective.idempotency.evidence).build()
}
