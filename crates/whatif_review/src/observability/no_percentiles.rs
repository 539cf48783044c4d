//! Services whose latency nobody can tell from what they export.

use super::logs_only::shows_logs_only;
use super::shown::{is_meshed, serving};
use crate::query::listed;
use crate::rule::{Assumption, Context, Draft, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/no-percentiles",
        severity: Severity::Warning,
        summary: "Services that export no latency of their requests, so no percentile of it can be known.",
        page: include_str!("no_percentiles.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let all = serving(cx.system);
    // The proxies of a mesh time every request.
    if is_meshed(cx.system) || all.iter().all(|(_, service)| shows_logs_only(service)) {
        return Vec::new();
    }
    let untimed: Vec<&Service> =
        all.iter().map(|(_, service)| *service).filter(|service| service.telemetry.latency.is_absent()).collect();
    finding(cx, &untimed, all.len()).into_iter().collect()
}

fn finding(cx: &Context<'_>, untimed: &[&Service], of: usize) -> Option<Finding> {
    let (address, subject) = match untimed {
        [one] => (one.address.as_str(), format!("`{}` exports", one.address)),
        _ => {
            let names = listed(untimed.iter().map(|service| service.address.clone()), 3);
            ("system", format!("{names} ({} of {of} services) export", untimed.len()))
        }
    };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{subject} no distribution of request times: p95 and p99 of an operation are unknown"))
        .help("record a histogram of request durations by operation and outcome (OpenTelemetry `http.server.request.duration`)");
    untimed.iter().fold(draft, |draft, service| places(draft, service)).build()
}

/// What it exports instead, and the functions that were meant to export more.
fn places(draft: Draft, service: &Service) -> Draft {
    let telemetry = &service.telemetry;
    let draft = draft.because(&telemetry.latency, format!("`{}` shows no request's time", service.name));
    let stubs = telemetry.stubs.iter().filter(|(name, _)| !name.to_lowercase().contains("trac"));
    stubs.fold(draft, |draft, (name, at)| draft.at(&Evidence::stated(Stage::Code, *at, format!("`{name}` is empty"))))
}
