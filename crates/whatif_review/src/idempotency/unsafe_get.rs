//! A GET that changes something each time it is sent.

use crate::query::{grouped_operations, listed, proven_twice};
use crate::repeats::{adds_up, done_again};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, Target};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/unsafe-get",
        severity: Severity::Warning,
        summary: "A GET or HEAD changes state, though browsers, proxies and crawlers repeat it as they like.",
        page: include_str!("unsafe_get.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let unsafe_gets: Vec<_> =
        cx.system.operation_ids().filter(|(_, operation)| change(cx, operation).is_some()).collect();
    grouped_operations(&unsafe_gets).values().filter_map(|operations| finding(cx, operations)).collect()
}

/// What a safe request adds to. A value that is only drawn or counted (an id, a visit) and a cache that is filled are
/// no changes anybody asked for.
fn change<'a>(cx: &Context<'_>, operation: &'a Operation) -> Option<&'a Effect> {
    let Trigger::Http { method, .. } = &operation.trigger else { return None };
    // RFC 9110, 9.2.1.
    let is_safe = ["GET", "HEAD"].contains(&method.as_str()) && !operation.background;
    adds_up(cx.system, operation).filter(|effect| is_safe && is_state(cx, effect))
}

fn is_state(cx: &Context<'_>, effect: &Effect) -> bool {
    use whatif_model::flow::WriteKind::{Increment, Insert, SetFromRead};
    match (&effect.kind, &effect.target) {
        (EffectKind::Write { how, .. }, Target::Store(store)) => {
            matches!(how, Insert | SetFromRead | Increment) && !cx.system[*store].cache && *how != Increment
        }
        _ => false,
    }
}

fn finding(cx: &Context<'_>, operations: &[(OperationId, &Operation)]) -> Option<Finding> {
    let (id, first) = *operations.first()?;
    let one = operations.len() == 1;
    let address = if one { &first.address } else { &cx.system[first.service].address };
    let names = listed(operations.iter().map(|(_, operation)| operation.address.clone()), 3);
    let (change_word, is) = if one { ("changes", "is a GET") } else { ("change", "are GETs") };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("{names} {change_word} state but {is}, which browsers and proxies repeat as they like"))
        .help("offer the change as POST, PUT or DELETE, and leave GET to reading")
        .trace(if one { proven_twice(cx, id) } else { None });
    let draft = operations.iter().fold(draft, |draft, (_, operation)| {
        let draft = operation
            .evidence
            .iter()
            .take(1)
            .fold(draft, |draft, place| draft.at_as(place, operation.trigger.display()));
        change(cx, operation).into_iter().fold(draft, |draft, effect| {
            let does = done_again(cx.system, effect);
            draft.at(&Evidence::stated(Stage::Code, effect.span, format!("a repeated GET {does}")))
        })
    });
    draft.build()
}
