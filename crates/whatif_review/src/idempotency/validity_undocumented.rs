//! Idempotency keys that are valid for nobody knows how long.

use crate::query::{CallSite, grouped, grouped_operations, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::facts::prose::{Aspect, AspectMention, Firmness};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, WriteKind};
use whatif_model::system::{Document, Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/validity-undocumented",
        severity: Severity::Info,
        summary: "A contract takes an idempotency key and does not say how long a key is remembered.",
        page: include_str!("validity_undocumented.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    if cx.system.documents.iter().any(decides_about_repeats) {
        return Vec::new();
    }
    let open: Vec<_> = cx.system.operation_ids().filter(|(_, operation)| validity(operation).is_some()).collect();
    let contracts = grouped_operations(&open).into_values().filter_map(|operations| finding(cx, &operations));
    contracts.chain(kept_for_ever(cx)).collect()
}

/// Records of keys that nothing ever removes, where no contract says anything about them either.
fn kept_for_ever(cx: &Context<'_>) -> Vec<Finding> {
    let marks = cx.sites.iter().filter(|site| {
        let own = &site.operation.idempotency;
        let lasting = site.store(cx.system).is_some_and(|store| !store.cache && store.engine != "redis");
        lasting && own.read.value().is_some() && validity(site.operation).is_none() && is_kept(cx, site)
    });
    let by_place = grouped(marks, |site| site.visit.effect.span);
    by_place.values().filter_map(|sites| growing(cx, sites)).collect()
}

/// No operation deletes such records, and they hold no time at which they end.
fn is_kept(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let EffectKind::DedupMark { item, .. } = &site.visit.effect.kind else { return false };
    let ends = |column: &String| ["expir", "ttl", "valid"].iter().any(|word| column.to_lowercase().contains(word));
    let removes = |effect: &Effect| matches!(&effect.kind, EffectKind::Write { item: other, how: WriteKind::Delete } if other == item);
    let removed = cx.system.operations.iter().any(|operation| operation.flow.effects.iter().any(removes));
    let columns = &site.visit.effect.fields;
    !item.is_empty() && !columns.is_empty() && !columns.iter().any(ends) && !removed
}

fn growing(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let EffectKind::DedupMark { item, .. } = &first.visit.effect.kind else { return None };
    let address = &first.caller(cx.system).address;
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` remembers keys in `{item}` for an unstated time, and nothing ever removes them"))
        .help("state how long keys are remembered, longer than the longest retry, and delete older ones")
        .detail(item)
        .at(&first.place("a key is kept here"))
        .build()
}

/// A document that says how repeats are recognised is where the validity may stand.
fn decides_about_repeats(document: &Document) -> bool {
    let decided =
        |addressed: &AspectMention| addressed.aspect == Aspect::Idempotency && addressed.firmness >= Firmness::Stated;
    document.facts.aspects.iter().any(decided)
}

/// The proven absence of a validity beside a key of a contract.
fn validity(operation: &Operation) -> Option<&Fact<String>> {
    let contract = operation.contract.as_ref()?;
    (contract.key.value().is_some() && contract.key_validity.is_absent()).then_some(&contract.key_validity)
}

fn finding(cx: &Context<'_>, operations: &[(OperationId, &Operation)]) -> Option<Finding> {
    let (_, first) = *operations.first()?;
    let one = operations.len() == 1;
    let address = if one { &first.address } else { &cx.system[first.service].address };
    let names = listed(operations.iter().map(|(_, operation)| operation.address.clone()), 3);
    let verb = if one { "takes" } else { "take" };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "{names} {verb} an idempotency key for an unstated time: callers cannot know how late to retry"
        ))
        .help(
            "state in the contract how long keys are remembered, longer than the longest retry, and what happens then",
        );
    let draft = operations.iter().fold(draft, |draft, (_, operation)| {
        let contract = operation.contract.as_ref();
        let validity = validity(operation).and_then(|validity| validity.evidence().next());
        let draft = contract.into_iter().fold(draft, |draft, contract| draft.because(&contract.key, "the key"));
        draft.all(validity)
    });
    draft.build()
}
