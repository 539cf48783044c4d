//! A document about services that call each other, which says nothing about what happens when one fails.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::{Aspect, SectionKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/failure-scenarios",
        severity: Severity::Info,
        summary: "A document about services that depend on each other does not say what happens when one fails.",
        page: include_str!("failure_scenarios.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Halfway, Mindset::Slow, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let silent = documents(cx).into_iter().filter(|owing| !owing.decides(Aspect::FailureScenario));
    silent.filter_map(|owing| finding(cx, &owing)).collect()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    let draft = owing.draft(cx, &RULE.meta, "tells of no failure of a dependency");
    let draft = draft.all(&owing.section(SectionKind::Failure, "tells of wrong input only"));
    let busiest = if owing.is_specification() { None } else { owing.busiest_service(cx) };
    let draft = match &busiest {
        Some((service, calls, line)) => draft
            .at(&owing.place(*line, &format!("calls {calls} others; what if one of them is down?")))
            .message(format!(
                "{} does not say what `{}` does when one of its {calls} dependencies fails or is slow",
                owing.name(),
                service.address
            )),
        None => draft.message(format!(
            "{} tells of no failing or slow dependency, so each caller guesses what to do",
            owing.name()
        )),
    };
    draft.help("list for each dependency: what the user sees when it is down, slow, or its answer is lost").build()
}
