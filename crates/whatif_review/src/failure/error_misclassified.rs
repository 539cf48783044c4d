//! A failure of something needed that is told as the fault of whoever asked.

use crate::query::{CallSite, address_of, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::basis::{Answer, Asks, Given, Status};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectId, EffectKind};
use whatif_model::system::OperationId;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/error-misclassified",
        severity: Severity::Warning,
        summary: "A failure of something the operation needs is answered as the fault of its caller, or as somebody else's status.",
        page: include_str!("error_misclassified.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Halfway, Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let answers = cx.system.operation_ids().flat_map(|(id, operation)| {
        operation
            .flow
            .answers
            .iter()
            .filter_map(move |answer| blamed(cx, id, answer).or_else(|| passed_on(cx, id, answer)))
    });
    let mut by_callee: BTreeMap<_, Vec<Told<'_, '_>>> = BTreeMap::new();
    for told in answers {
        // What one service makes of the failures of another one is one flaw.
        let Some(first) = told.about.first() else { continue };
        let forwards = matches!(told.answer.status, Status::Forwarded(_));
        by_callee.entry((first.operation.service, first.edge.to, forwards)).or_default().push(told);
    }
    by_callee.values().filter_map(|same| finding(cx, same)).collect()
}

/// An answer, and what of others it says something wrong about.
struct Told<'s, 'a> {
    answer: &'a Answer,
    about: Vec<&'s CallSite<'a>>,
}

/// The caller is blamed for whatever failed, and nobody looked at what it was.
fn blamed<'s, 'a>(cx: &'s Context<'a>, id: OperationId, answer: &'a Answer) -> Option<Told<'s, 'a>> {
    let basis = &answer.basis;
    let refused = basis.given.iter().filter(|given| is_any_failure(given)).map(|given| given.effect);
    let refused: Vec<EffectId> = refused.filter(|effect| !basis.asked(*effect).any(is_about_the_request)).collect();
    let is_looked_at = |effect: &EffectId| basis.asked(*effect).any(|given| given.asks != Asks::Below);
    if !answer.status.blames_the_request() || (refused.is_empty() && basis.failed.iter().any(is_looked_at)) {
        return None;
    }
    let about: Vec<&CallSite<'_>> =
        sites(
            cx,
            id,
            |effect| if refused.is_empty() { basis.failed.contains(&effect) } else { refused.contains(&effect) },
        );
    let about: Vec<&CallSite<'_>> = about.into_iter().filter(|site| is_needed(site)).collect();
    (!about.is_empty()).then_some(Told { answer, about })
}

/// Whether it is known only that the callee's answer was not a success: `status != 200`, `!answer.ok`.
fn is_any_failure(given: &Given) -> bool {
    let field: String = given.field.chars().filter(char::is_ascii_alphanumeric).collect();
    let is_status = ["status", "statuscode"].contains(&field.to_ascii_lowercase().as_str());
    given.holds == Some(false) && given.asks == Asks::Equals && (is_status && given.value == "200" || field == "ok")
}

/// Whether it is known that the callee said something about the request.
fn is_about_the_request(given: &Given) -> bool {
    given.asks == Asks::Equals && given.value.len() == 3 && given.value.starts_with('4')
}

/// What is read or asked for; a write may fail because the store refuses it.
fn is_needed(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::Call { .. } | EffectKind::Read { .. }) && site.is_on_request_path()
}

/// The status of a callee is the answer, although the operation does more than hand on its request.
fn passed_on<'s, 'a>(cx: &'s Context<'a>, id: OperationId, answer: &'a Answer) -> Option<Told<'s, 'a>> {
    let Status::Forwarded(effect) = answer.status else { return None };
    let about = sites(cx, id, |other| other == effect);
    let does_more = cx.sites.iter().any(|site| site.id == id && site.visit.id != effect && site.changes(cx.system));
    (does_more && !about.is_empty()).then_some(Told { answer, about })
}

fn sites<'s, 'a>(cx: &'s Context<'a>, id: OperationId, pick: impl Fn(EffectId) -> bool) -> Vec<&'s CallSite<'a>> {
    cx.sites.iter().filter(|site| site.id == id && pick(site.visit.id)).collect()
}

fn finding(cx: &Context<'_>, same: &[Told<'_, '_>]) -> Option<Finding> {
    let first = same.first()?;
    let about: Vec<&CallSite<'_>> = same.iter().flat_map(|told| told.about.iter().copied()).collect();
    let address = address_of(cx.system, &about);
    let whom = listed(about.iter().map(|site| site.callee_name(cx.system)), 2);
    let forwards = matches!(first.answer.status, Status::Forwarded(_));
    let (message, help) = if forwards {
        (
            format!("`{address}` answers with the status of {whom}: its callers cannot tell whose fault it is"),
            "answer with a status of your own: 502 or 503 for what the callee could not do, 4xx only for this request",
        )
    } else {
        (
            format!(
                "`{address}` answers {} on a failure of {whom}: callers take an outage for an answer",
                said(first.answer.status)
            ),
            "answer 4xx only for what the callee said about the request; everything else is 502, 503 or UNAVAILABLE",
        )
    };
    let mut draft = cx
        .finding(&RULE.meta, address.to_owned())
        .severity(if forwards { Severity::Info } else { Severity::Warning })
        .message(message)
        .at(&Evidence::stated(Stage::Code, first.answer.span, "answered like this, whatever failed"))
        .help(help)
        .detail(whom)
        .at_most(Confidence::Likely);
    let mut places = vec![first.answer.span];
    for told in same {
        // The answer and the statement that returns it are one place.
        if places.len() < 3 && !places.iter().any(|place| is_one_place(*place, told.answer.span)) {
            places.push(told.answer.span);
            draft = draft.at(&Evidence::stated(Stage::Code, told.answer.span, "and here"));
        }
    }
    for site in about {
        if places.len() < 5 && !places.contains(&site.visit.effect.span) {
            places.push(site.visit.effect.span);
            draft = draft.at(&site.place("when this fails"));
        }
    }
    draft.build()
}

fn is_one_place(a: Span, b: Span) -> bool {
    a.file == b.file && (a.range.contains(b.range) || b.range.contains(a.range))
}

fn said(status: Status) -> &'static str {
    match status {
        Status::NotFound => "`not found`",
        Status::Conflict => "`conflict`",
        _ => "`bad request`",
    }
}
