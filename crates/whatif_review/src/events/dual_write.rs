//! A local change and a message about it that do not commit together.

use crate::query::{CallSite, grouped, listed, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/dual-write",
        severity: Severity::Warning,
        summary: "A local write and a published message that do not commit together: a crash keeps only one.",
        page: include_str!("dual_write.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let by_operation = grouped(&cx.sites, |site| site.id);
    let pairs = by_operation.values().filter_map(|sites| pair(cx, sites));
    let mut by_service: std::collections::BTreeMap<_, Vec<Pair<'_, '_>>> = std::collections::BTreeMap::new();
    for pair in pairs {
        by_service.entry(pair.publish.operation.service).or_default().push(pair);
    }
    by_service.values().filter_map(|pairs| finding(cx, pairs)).collect()
}

/// What is written and what is published about it in one operation.
struct Pair<'s, 'a> {
    write: &'s CallSite<'a>,
    publish: &'s CallSite<'a>,
    publish_first: bool,
}

fn pair<'s, 'a>(cx: &Context<'a>, sites: &[&'s CallSite<'a>]) -> Option<Pair<'s, 'a>> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let writes = || sites.iter().copied().filter(|site| site.is_lasting_write(cx.system) && !cx.is_temporary(site));
    let publishes = sites.iter().copied().filter(|site| site.is_direct_publish() && !site.edge.platform);
    publishes.filter(|publish| !comes_again(sites, publish, &order)).find_map(|publish| {
        // The change just before the message is the one it tells of.
        let earlier = || writes().filter(|write| order.precedes(write.visit.id, publish.visit.id));
        // What nobody minds losing is not what it tells of.
        let before = earlier().rfind(|write| is_minded(write)).or_else(|| earlier().next_back());
        let after = || writes().find(|write| order.precedes(publish.visit.id, write.visit.id));
        let write = before.or_else(after)?;
        Some(Pair { write, publish, publish_first: before.is_none() })
    })
}

fn is_minded(write: &CallSite<'_>) -> bool {
    !matches!(write.visit.effect.on_error, OnError::Discard | OnError::LogAndContinue)
}

/// What the operation found in a store before it published, it finds again after a crash; a message that
/// is acknowledged last comes again.
fn comes_again(sites: &[&CallSite<'_>], publish: &CallSite<'_>, order: &Sequence) -> bool {
    let operation = publish.operation;
    if let Trigger::Message { auto_ack, .. } = &operation.trigger {
        let early = operation.flow.walk().iter().any(|visit| {
            matches!(visit.effect.kind, EffectKind::Acknowledge { positive: true })
                && order.precedes(visit.id, publish.visit.id)
        });
        return !early && !auto_ack.holds(|auto| *auto);
    }
    let by_itself = operation.background || matches!(operation.trigger, Trigger::Schedule(_) | Trigger::Start);
    by_itself
        && sites
            .iter()
            .any(|site| !site.is_call() && !site.is_direct_publish() && order.precedes(site.visit.id, publish.visit.id))
}

fn finding(cx: &Context<'_>, pairs: &[Pair<'_, '_>]) -> Option<Finding> {
    let first = pairs.first()?;
    let service = first.publish.caller(cx.system);
    let address = if pairs.len() == 1 { &first.publish.operation.address } else { &service.address };
    let items = listed(pairs.iter().map(|pair| what(cx, pair)), 2);
    let topics = listed(pairs.iter().map(|pair| cx.system.address(pair.publish.edge.to).to_owned()), 2);
    let broken = pairs.iter().find_map(|pair| {
        proven(cx, pair.publish.id, Mindset::Halfway).filter(|trace| passes(trace, &[pair.write, pair.publish]))
    });
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if broken.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` changes {items} and publishes to {topics} separately: a crash in between keeps only one"
        ))
        .trace(broken)
        .help("write the message to an outbox table in the same local transaction and let a relay publish it");
    let draft = pairs.iter().fold(draft, |draft, pair| {
        let said = format!("`{}` changes here", what(cx, pair));
        let (together, write) = (pair.write.beside(pair.publish, said.clone()), pair.write.place(said));
        let label =
            if pair.publish_first { "published here, before the change" } else { "published here, after the change" };
        let (next, publish) = (pair.publish.beside(pair.write, label), pair.publish.place(label));
        let asked = pair.publish.asked_for("asked for here");
        draft.at(&together).at(&next).at(&write).at(&publish).all(&asked.into_iter().collect::<Vec<_>>())
    });
    draft.build()
}

fn what(cx: &Context<'_>, pair: &Pair<'_, '_>) -> String {
    pair.write.item().unwrap_or(cx.system.address(pair.write.edge.to)).to_owned()
}
