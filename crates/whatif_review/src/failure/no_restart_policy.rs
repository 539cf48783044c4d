//! Services whose only deployment leaves them down after a crash.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;

/// A single service without one may be a job; several are how the system is run.
const SERVICES_MIN: usize = 2;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/no-restart-policy",
        severity: Severity::Info,
        summary: "Services whose only deployment does not start them again after a crash.",
        page: include_str!("no_restart_policy.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    // What is not built from here is somebody else's, or stands in for it on a developer's machine.
    let own = |service: &&Service| {
        service.language.is_some() || service.units.iter().any(|unit| unit.build_context.is_some())
    };
    let services = cx.system.services.iter().filter(|it| !it.infrastructure && !it.optional).filter(own);
    let left: Vec<(&Service, &DeployUnit)> = services.filter_map(|it| Some((it, left_down(it)?))).collect();
    if left.len() < SERVICES_MIN { Vec::new() } else { finding(cx, &left).into_iter().collect() }
}

/// The compose service it runs as, when nothing else runs it and nothing restarts it.
fn left_down(service: &Service) -> Option<&DeployUnit> {
    let runs = |unit: &&DeployUnit| !unit.optional && !matches!(unit.kind, UnitKind::Image | UnitKind::Program);
    let mut running = service.units.iter().filter(runs);
    let all = running.clone().all(|unit| unit.kind == UnitKind::Compose && unit.restarts.is_absent());
    running.next().filter(|_| all)
}

fn finding(cx: &Context<'_>, left: &[(&Service, &DeployUnit)]) -> Option<Finding> {
    let names = listed(left.iter().map(|(service, _)| service.address.clone()), 3);
    let draft = cx
        .finding(&RULE.meta, "system")
        .message(format!("nothing restarts {names}: one that crashes stays down until somebody looks"))
        .help("set `restart: unless-stopped`, or run the system where a controller keeps it up");
    let places = left.iter().fold(draft, |draft, (service, unit)| {
        draft.because(&unit.restarts, format!("`{}` is not restarted", service.name))
    });
    places.build()
}
