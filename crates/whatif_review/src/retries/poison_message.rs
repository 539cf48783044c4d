//! A message that fails and is handed back for ever.

use crate::query::CallSite;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Evidence;
use whatif_model::evidence::Stage;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Visit};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/poison-message",
        severity: Severity::Warning,
        summary: "A message that cannot be handled is put back into its queue without limit and comes at once again.",
        page: include_str!("poison_message.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let handlers =
        cx.system.operation_ids().filter(|(_, operation)| matches!(operation.trigger, Trigger::Message { .. }));
    handlers.filter_map(|(id, operation)| finding(cx, id, operation)).collect()
}

/// A refusal that asks for another delivery, where none is for good: something that counts attempts would have both.
fn endless(operation: &Operation) -> Option<Visit<'_>> {
    let refusals: Vec<Visit<'_>> = operation
        .flow
        .walk()
        .into_iter()
        .filter(|visit| matches!(visit.effect.kind, EffectKind::Acknowledge { positive: false }))
        .collect();
    let comes_again = |visit: &Visit<'_>| visit.effect.policy.delivery.requeued.holds(|requeued| *requeued);
    refusals.iter().all(comes_again).then(|| refusals.first().cloned()).flatten()
}

fn finding(cx: &Context<'_>, id: OperationId, operation: &Operation) -> Option<Finding> {
    let refusal = endless(operation)?;
    let address = &operation.address;
    let work: Option<&CallSite<'_>> = cx.sites.iter().find(|site| site.id == id && !site.edge.platform);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` puts every message that fails back at once: one bad message is retried for ever"))
        .because(&refusal.effect.policy.delivery.requeued, "handed back to the queue, however often it failed")
        .at(&Evidence::stated(Stage::Code, refusal.effect.span, "refused here"))
        .help("count the attempts (`x-death`, a delivery limit), wait between them, and refuse for good into a dead-letter queue");
    work.into_iter().fold(draft, |draft, site| draft.at(&site.place("the work that fails"))).build()
}
