//! A keyed operation whose own effects elsewhere carry no key.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Identity, Target};
use whatif_model::routes::repeats_change;
use whatif_model::system::Operation;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/key-not-forwarded",
        severity: Severity::Warning,
        summary: "An operation reads an idempotency key and changes state elsewhere without passing a key on.",
        page: include_str!("key_not_forwarded.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice, Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let keyless =
        cx.sites.iter().filter(|site| is_keyed(site.operation) && carries_no_key(site) && needs_key(cx, site));
    let by_operation = grouped(keyless, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn is_keyed(operation: &Operation) -> bool {
    operation.idempotency.read.value().is_some()
}

fn carries_no_key(site: &CallSite<'_>) -> bool {
    let identity = &site.visit.effect.identity;
    identity.is_absent() || identity.holds(|identity| matches!(identity, Identity::Fresh { .. }))
}

/// A callee of the system that takes a key, or somebody outside who is asked to change something. Where the
/// callee takes none, `idempotency/missing-key` is said of the callee.
fn needs_key(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let EffectKind::Call { operation, .. } = &site.visit.effect.kind else { return false };
    match site.callee(cx.system) {
        Some((_, callee)) => {
            let own = &callee.idempotency;
            let takes_key = own.declared.value().is_some() || own.read.value().is_some();
            takes_key && callee.mutates.holds(|mutates| *mutates)
        }
        None => {
            let is_outside = matches!(site.visit.effect.target, Target::External(_));
            is_outside && repeats_change(operation)
        }
    }
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let address = &first.operation.address;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` is keyed but calls {callees} without its key, so its own retry repeats the call"))
        .help("derive a key from the one received and send it with every change, the same for every attempt")
        .detail(&callees);
    let draft = sites.iter().fold(draft, |draft, site| {
        let draft = draft.at(&site.place(format!("calls {} without a key", site.callee_name(cx.system))));
        draft.because(&site.visit.effect.identity, "carries nothing derived from the key")
    });
    draft.because(&first.operation.idempotency.read, "the key is read here").build()
}
