//! What undoes a step of a saga fails whenever it is asked to.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::{Saga, SagaAction};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Flow, Outcome, Step};
use whatif_model::system::Operation;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/compensation-not-implemented",
        severity: Severity::Error,
        summary: "The compensation of a saga's step fails on every way through it, so what was begun is never undone.",
        page: include_str!("compensation_not_implemented.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let sagas = cx.system.sagas.iter().map(|(_, saga)| saga);
    let undone =
        sagas.flat_map(|saga| saga.steps.iter().filter_map(move |step| Some((saga, step.compensation.as_ref()?))));
    undone.filter_map(|(saga, action)| finding(cx, saga, action)).collect()
}

/// The only operation that handles a command.
fn handler<'a>(cx: &Context<'a>, action: &SagaAction) -> Option<&'a Operation> {
    let command = action.command.as_ref()?;
    let mut found = cx.system.handled.iter().filter(|(message, _)| message == command);
    let (first, other) = (found.next()?, found.next());
    other.is_none().then(|| &cx.system[first.1])
}

/// Where a flow that was read whole fails, if it fails on every way.
fn fails_always(flow: &Flow) -> Option<Span> {
    if flow.cut.is_empty() { fails(&flow.steps) } else { None }
}

/// Depth is bounded by construction, see [`whatif_model::limits::DEPTH_MAX`].
fn fails(steps: &[Step]) -> Option<Span> {
    for step in steps {
        let found = match step {
            Step::Return { outcome: Outcome::Failure, span } => return Some(*span),
            Step::Return { .. } => return None,
            Step::Transaction { body, .. } | Step::Locked { body, .. } => fails(body),
            Step::Branch { arms, .. } if arms.len() > 1 => {
                let places: Vec<Option<Span>> = arms.iter().map(|arm| fails(arm)).collect();
                if places.iter().all(Option::is_some) { places.into_iter().flatten().next() } else { None }
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn finding(cx: &Context<'_>, saga: &Saga, action: &SagaAction) -> Option<Finding> {
    let handler = handler(cx, action)?;
    let failure = fails_always(&handler.flow)?;
    let (address, saga_name) = (&handler.address, &saga.name);
    let place = |span, label: String| Evidence::stated(Stage::Code, span, label);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` undoes a step of `{saga_name}` and always fails: what was begun stays for ever"))
        .at(&place(failure, "fails here, whatever was asked".to_owned()))
        .at(&place(action.span, format!("`{saga_name}` relies on it")))
        .help(
            "implement the compensation so that it can be repeated and cannot be refused, and alert on sagas that fail",
        );
    handler.evidence.first().into_iter().fold(draft, |draft, place| draft.at(place)).build()
}
