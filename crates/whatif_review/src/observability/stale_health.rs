//! A health check that answers from a flag which is never taken back.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/stale-health",
        severity: Severity::Warning,
        summary: "A health check answers from a flag that is set once connected and never taken back.",
        page: include_str!("stale_health.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    cx.system.services.iter().filter_map(|service| finding(cx, service)).collect()
}

fn finding(cx: &Context<'_>, service: &Service) -> Option<Finding> {
    let flags = &service.telemetry.stale_flags;
    let names = listed(flags.iter().map(|flag| flag.name.clone()), 3);
    let draft = cx
        .finding(&RULE.meta, service.address.clone())
        .message(format!(
            "the health check of `{}` answers from {names}, which an outage never resets",
            service.address
        ))
        .help("reset the flag when the connection is lost, or ask the dependency with a short timeout when asked");
    let places = flags.iter().fold(draft, |draft, flag| {
        draft
            .at(&Evidence::stated(Stage::Code, flag.read, format!("answers from `{}`", flag.name)))
            .at(&Evidence::stated(Stage::Code, flag.set, "set here and never reset"))
    });
    places.build()
}
