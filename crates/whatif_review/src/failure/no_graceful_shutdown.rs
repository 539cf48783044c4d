//! Services that stop in the middle of what they are doing.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Operation, Service, ServiceId};
use whatif_model::verdict::Mindset;

/// Places of one service beside its `main`.
const PLACES_MAX: usize = 2;

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
        draft
            .because(&service.graceful_shutdown, format!("`{}` exits at once", service.name))
            .all(&works_at(cx, service))
    });
    draft.build()
}

/// Where it begins to take work: its servers, else its consumers.
fn works_at(cx: &Context<'_>, service: &Service) -> Vec<Evidence> {
    let servers = service.telemetry.listens.iter();
    let servers = servers.map(|at| Evidence::stated(Stage::Code, *at, "accepts requests until it is killed"));
    let own = |operation: &&Operation| cx.system[operation.service].address == service.address;
    let consumers = cx
        .system
        .operations
        .iter()
        .filter(own)
        .filter(|operation| matches!(operation.trigger, Trigger::Message { .. }));
    let consumers = consumers.filter_map(|operation| operation.evidence.first());
    servers.chain(consumers.map(|at| at.labelled("takes messages until it is killed"))).take(PLACES_MAX).collect()
}
