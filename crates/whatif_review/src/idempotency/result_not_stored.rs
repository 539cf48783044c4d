//! A repeat that is recognised, and answered otherwise than the first time.

use crate::query::CallSite;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::basis::{Answer, Asks, Status};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Flow, Outcome};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/result-not-stored",
        severity: Severity::Warning,
        summary: "A repeat is recognised by its key, but answered otherwise than the first time.",
        page: include_str!("result_not_stored.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let lookups = cx.sites.iter().filter(|site| site.is_on_request_path() && is_lookup(site));
    let replies = lookups.filter_map(|site| Some((site, reply(&site.operation.flow, site)?)));
    let mut findings: Vec<Finding> = Vec::new();
    let mut seen = Vec::new();
    for (site, answer) in replies {
        if !seen.contains(&site.id) {
            seen.push(site.id);
            findings.extend(finding(cx, site, answer));
        }
    }
    findings
}

fn is_lookup(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::DedupCheck { .. } | EffectKind::DedupMark { .. })
}

/// The answer to a repeat that holds nothing of the first one.
fn reply<'a>(flow: &'a Flow, site: &CallSite<'_>) -> Option<&'a Answer> {
    let id = site.visit.id;
    let is_mark = matches!(site.visit.effect.kind, EffectKind::DedupMark { .. });
    let to_repeat = |answer: &&Answer| {
        let was_there = answer.basis.asked(id).any(|given| given.asks == Asks::Exists && given.holds == Some(true));
        // A mark that fails alone in its `try` was refused.
        let was_refused = is_mark && answer.basis.failed == [id] && answer.status == Status::Conflict;
        // Work in progress is told as such.
        let in_progress = answer.basis.asked(id).any(|given| given.asks == Asks::Equals);
        (was_there && !is_mark || was_refused) && !in_progress
    };
    let tells_something = |answer: &Answer| answer.outcome != Outcome::Failure && !answer.basis.from.is_empty();
    let first = flow.answers.iter().any(|answer| !to_repeat(&answer) && tells_something(answer));
    let differs = |answer: &&Answer| match answer.outcome {
        Outcome::Failure => answer.status.blames_the_request(),
        _ => first && answer.basis.from.is_empty(),
    };
    let reads_again = |answer: &&Answer| answer.basis.from.iter().any(|from| *from == id || is_read(flow, *from));
    flow.answers.iter().find(|answer| to_repeat(answer) && differs(answer) && !reads_again(answer))
}

fn is_read(flow: &Flow, id: whatif_model::flow::EffectId) -> bool {
    flow.effect(id).is_some_and(|effect| matches!(effect.kind, EffectKind::Read { .. } | EffectKind::DedupCheck { .. }))
}

fn finding(cx: &Context<'_>, site: &CallSite<'_>, answer: &Answer) -> Option<Finding> {
    let (EffectKind::DedupCheck { item } | EffectKind::DedupMark { item, .. }) = &site.visit.effect.kind else {
        return None;
    };
    let address = &site.operation.address;
    let how = match answer.outcome {
        Outcome::Failure => "a failure",
        _ => "a constant",
    };
    cx.finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` recognises a repeat in `{item}` and answers {how}: whoever lost the first answer never gets it"
        ))
        .at(&Evidence::stated(Stage::Code, answer.span, "a repeat is answered here"))
        .at(&site.place("recognised here"))
        .help("keep the response with the key, in one commit with the effect, and send it again to a repeat")
        .detail(item)
        .at_most(Confidence::Likely)
        .build()
}
