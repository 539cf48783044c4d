//! Services that stop in the middle of what they are doing.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Service, ServiceId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/no-graceful-shutdown",
        severity: Severity::Warning,
        summary: "Services that do not drain on a stop signal: every rollout cuts requests in the middle.",
        page: include_str!("no_graceful_shutdown.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let services: Vec<&Service> = cx
        .system
        .service_ids()
        .filter(|(id, service)| is_cut_off(cx, *id, service))
        .map(|(_, service)| service)
        .collect();
    finding(cx, &services).into_iter().collect()
}

/// Its whole program was read, it serves somebody, and nothing in it waits for what is in flight.
fn is_cut_off(cx: &Context<'_>, id: ServiceId, service: &Service) -> bool {
    let serves = || cx.system.operations.iter().any(|operation| operation.service == id && operation.implemented);
    !service.infrastructure && service.graceful_shutdown.is_absent() && serves()
}

fn finding(cx: &Context<'_>, services: &[&Service]) -> Option<Finding> {
    let names = listed(services.iter().map(|service| service.address.clone()), 4);
    let (address, verb) = match services {
        [one] => (one.address.as_str(), "does"),
        _ => ("system", "do"),
    };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {verb} not drain on SIGTERM: every rollout cuts requests in the middle of their effects"))
        .help("on SIGTERM stop accepting, wait for what is in flight (`Shutdown`, `GracefulStop`, `server.stop(grace)`), then exit");
    let draft = services.iter().fold(draft, |draft, service| {
        draft.because(&service.graceful_shutdown, format!("`{}` exits at once", service.name))
    });
    draft.build()
}
