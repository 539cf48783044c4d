//! Input that ends the process instead of being refused.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Service, ServiceId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/crash-on-bad-input",
        severity: Severity::Warning,
        summary: "What comes from outside is parsed where nobody catches the failure, so malformed input ends the process.",
        page: include_str!("crash_on_bad_input.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let works = |id: ServiceId| cx.system.operations.iter().any(|it| it.service == id && it.implemented);
    let services = cx.system.service_ids().filter(|(id, service)| !service.infrastructure && works(*id));
    services.filter_map(|(_, service)| finding(cx, service)).collect()
}

fn finding(cx: &Context<'_>, service: &Service) -> Option<Finding> {
    let address = &service.address;
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` parses outside input in a callback that catches nothing: malformed input ends the process"
        ))
        .help("parse inside `try`, and answer 502 or set the message aside when it fails");
    let places = service
        .telemetry
        .unguarded
        .iter()
        .fold(draft, |draft, at| draft.at(&Evidence::stated(Stage::Code, *at, "throws where nobody catches it")));
    places.build()
}
