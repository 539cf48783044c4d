//! Services that show what they do in log lines and nowhere else.

use super::shown::{is_meshed, serving};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/logs-only",
        severity: Severity::Warning,
        summary: "Services that export neither metrics nor traces, so log lines are all that tells how they are.",
        page: include_str!("logs_only.md"),
        assumptions: &[Assumption::FastEnough, Assumption::WontFail],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let services: Vec<&Service> = serving(cx.system).into_iter().map(|(_, service)| service).collect();
    let all = !is_meshed(cx.system) && services.iter().all(|service| shows_logs_only(service));
    if all { finding(cx, &services).into_iter().collect() } else { Vec::new() }
}

/// Its whole program was read, and it exports neither metrics nor spans.
pub(super) fn shows_logs_only(service: &Service) -> bool {
    service.telemetry.metrics.is_absent() && service.telemetry.latency.is_absent() && service.tracing.is_absent()
}

fn finding(cx: &Context<'_>, services: &[&Service]) -> Option<Finding> {
    let names = listed(services.iter().map(|service| service.address.clone()), 3);
    let (address, verb) = match services {
        [one] => (one.address.as_str(), "exports"),
        _ => ("system", "export"),
    };
    // A single service may still be watched from the proxy in front of it.
    let severity = if services.len() > 1 { Severity::Warning } else { Severity::Info };
    let draft = cx
        .finding(&RULE.meta, address)
        .severity(severity)
        .message(format!("{names} {verb} neither metrics nor traces: errors and slow requests show in log lines only"))
        .help("export request rate, errors and a duration histogram by operation, and traces, with OpenTelemetry");
    let draft = services.iter().fold(draft, |draft, service| {
        draft.because(&service.telemetry.metrics, format!("`{}` exports nothing", service.name))
    });
    let each = if services.len() > 1 { 1 } else { usize::MAX };
    let logs = services.iter().flat_map(|service| service.telemetry.logs.iter().take(each));
    logs.fold(draft, |draft, log| draft.at(&Evidence::stated(Stage::Code, *log, "a log line"))).build()
}
