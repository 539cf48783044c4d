//! Two topics whose messages have to come in an order that nothing keeps.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeSet;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, Target, WriteKind};
use whatif_model::system::{Node, Operation, StoreId, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/order-assumed",
        severity: Severity::Warning,
        summary: "A handler changes what only the handler of another topic creates, and nothing keeps both in order.",
        page: include_str!("order_assumed.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let handlers: Vec<&Operation> = cx.system.operations.iter().filter(|it| is_handler(it)).collect();
    let mut found = Vec::new();
    for (at, later) in handlers.iter().enumerate() {
        let before = handlers.iter().enumerate();
        let before =
            before.filter(|(other, it)| *other != at && are_apart(it, later) && !leads_to(&handlers, it, later));
        let pair = before.filter_map(|(_, earlier)| Some((*earlier, needs(cx.system, earlier, later)?)));
        found.extend(pair.take(1).filter_map(|(earlier, needed)| finding(cx, earlier, later, &needed)));
    }
    found
}

fn is_handler(operation: &Operation) -> bool {
    matches!(operation.trigger, Trigger::Message { .. }) && operation.implemented && operation.source.is_some()
}

/// Handlers of one service whose messages come by different ways.
fn are_apart(one: &Operation, other: &Operation) -> bool {
    one.service == other.service && one.source != other.source
}

/// Whether the messages of the later handler are sent because of the earlier one's, by it or by handlers of what it
/// sends: then they cannot come first.
fn leads_to(handlers: &[&Operation], earlier: &Operation, later: &Operation) -> bool {
    let sends = |operation: &Operation| -> BTreeSet<Node> {
        let effects = operation.flow.effects.iter().filter(|it| matches!(it.kind, EffectKind::Publish { .. }));
        effects
            .filter_map(|effect| if let Target::Topic(id) = effect.target { Some(Node::Topic(id)) } else { None })
            .collect()
    };
    let mut reached = sends(earlier);
    loop {
        let known = reached.len();
        let woken = handlers.iter().filter(|it| it.source.is_some_and(|source| reached.contains(&source)));
        let further: BTreeSet<Node> = woken.flat_map(|it| sends(it)).collect();
        reached.extend(further);
        if reached.len() == known {
            return later.source.is_some_and(|source| reached.contains(&source));
        }
    }
}

/// An item, where one handler creates it, and where the other expects it.
struct Needed<'a> {
    item: &'a str,
    created: &'a Effect,
    expected: &'a Effect,
}

/// What the later handler changes and does not create, and the earlier one creates and nobody else does.
fn needs<'a>(system: &System, earlier: &'a Operation, later: &'a Operation) -> Option<Needed<'a>> {
    later.flow.effects.iter().find_map(|expected| {
        let (store, item) = changed(expected)?;
        let creates =
            |operation: &&Operation| operation.flow.effects.iter().any(|it| created(it) == Some((store, item)));
        if creates(&later) {
            return None;
        }
        let created = earlier.flow.effects.iter().find(|it| created(it) == Some((store, item)))?;
        let only = system.operations.iter().filter(creates).all(|it| is_handler(it) && it.source == earlier.source);
        only.then_some(Needed { item, created, expected })
    })
}

/// A change of something that has to be there.
fn changed(effect: &Effect) -> Option<(StoreId, &str)> {
    let EffectKind::Write { item, how } = &effect.kind else { return None };
    let there = matches!(how, WriteKind::Set | WriteKind::SetFromRead | WriteKind::Conditional | WriteKind::Increment);
    stored(effect, item).filter(|_| there)
}

fn created(effect: &Effect) -> Option<(StoreId, &str)> {
    let EffectKind::Write { item, how } = &effect.kind else { return None };
    stored(effect, item).filter(|_| matches!(how, WriteKind::Insert | WriteKind::Upsert))
}

fn stored<'a>(effect: &Effect, item: &'a str) -> Option<(StoreId, &'a str)> {
    let Target::Store(store) = effect.target else { return None };
    (!item.is_empty()).then_some((store, item))
}

fn finding(cx: &Context<'_>, earlier: &Operation, later: &Operation, needed: &Needed<'_>) -> Option<Finding> {
    let from = |operation: &Operation| operation.source.map_or("", |node| cx.system.address(node)).to_owned();
    cx.finding(&RULE.meta, later.address.clone())
        .at_most(Confidence::Likely)
        .message(format!(
            "`{}` changes `{}` that `{}` creates: nothing keeps `{}` after `{}`, so a change can come too early",
            later.address,
            needed.item,
            earlier.name,
            from(later),
            from(earlier)
        ))
        .at(&Evidence::stated(Stage::Code, needed.expected.span, "expects it to be there"))
        .at(&Evidence::stated(Stage::Code, needed.created.span, "created here, by messages of another topic"))
        .all(later.evidence.first())
        .help("create the row from whichever message comes first, or refuse and retry later what comes too early")
        .build()
}
