//! A key and its effect that do not commit together.

use crate::query::{CallSite, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/key-outside-transaction",
        severity: Severity::Warning,
        summary: "A key and the effect it stands for commit separately: a crash in between keeps only one of them.",
        page: include_str!("key_outside_transaction.md"),
        assumptions: &[Assumption::WontFail, Assumption::Once],
        questions: &[Mindset::Halfway, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let keyed = cx.system.operation_ids().filter(|(_, operation)| tells_repeats_apart(operation));
    keyed.filter_map(|(id, _)| finding(cx, id, &split(cx, id)?)).collect()
}

/// It reads the key of its request, or handles messages, and remembers it.
fn tells_repeats_apart(operation: &Operation) -> bool {
    let own = &operation.idempotency;
    let is_named = own.read.value().is_some() || matches!(operation.trigger, Trigger::Message { .. });
    is_named && own.dedup.holds(|dedup| !dedup.item.to_lowercase().contains("lock"))
}

/// The record of a key and a write that commits without it.
struct Split<'s, 'a> {
    mark: &'s CallSite<'a>,
    write: &'s CallSite<'a>,
    key_first: bool,
}

fn split<'s, 'a>(cx: &'s Context<'a>, id: OperationId) -> Option<Split<'s, 'a>> {
    let sites: Vec<&CallSite<'a>> = cx.sites.iter().filter(|site| site.id == id).collect();
    let mark = sites.iter().copied().find(|site| matches!(&site.visit.effect.kind, EffectKind::DedupMark { item, .. } if !item.to_lowercase().contains("lock")))?;
    let order = Sequence::of(&mark.operation.flow);
    let mut writes = sites.iter().copied().filter(|site| adds_to_a_store(cx, site) && commit_apart(mark, site));
    let write = writes.find(|site| order.meets(mark.visit.id, site.visit.id))?;
    Some(Split { mark, write, key_first: order.precedes(mark.visit.id, write.visit.id) })
}

/// A repeat that goes on where the first attempt stopped can set a value again, but not add again.
fn adds_to_a_store(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let adds = matches!(&site.visit.effect.kind, EffectKind::Write { how, .. } if !how.is_naturally_idempotent());
    let matters = !matches!(site.visit.effect.on_error, OnError::LogAndContinue | OnError::Discard);
    adds && matters && site.is_lasting_write(cx.system)
}

/// Two stores never commit together; one does unless a transaction is seen around one of them and not around the
/// other. A transaction that a framework opens around both is not seen at all.
fn commit_apart(a: &CallSite<'_>, b: &CallSite<'_>) -> bool {
    let transaction = |site: &CallSite<'_>| site.transaction().map(std::ptr::from_ref);
    a.edge.to != b.edge.to || transaction(a) != transaction(b)
}

fn finding(cx: &Context<'_>, id: OperationId, split: &Split<'_, '_>) -> Option<Finding> {
    let address = &split.mark.operation.address;
    let result = if split.key_first {
        "a crash in between leaves a used key without its effect"
    } else {
        "a crash in between lets a repeat have the effect again"
    };
    let (mark, write) = (&split.mark, &split.write);
    let (first, second) = if split.key_first { (mark, write) } else { (write, mark) };
    let label = |site: &CallSite<'_>| {
        if std::ptr::eq(site, *mark) { "the key is recorded here" } else { "the effect commits here, by itself" }
    };
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` records the key and its effect in two commits: {result}"))
        .at(&first.place(label(first)))
        .at(&second.place(label(second)))
        .trace(proven(cx, id, Mindset::Halfway).or_else(|| proven(cx, id, Mindset::Twice)))
        .help("write the key into the database of the effect, in the same local transaction, unique, and first")
        .build()
}
