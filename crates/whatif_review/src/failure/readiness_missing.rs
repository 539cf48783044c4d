//! Instances that get requests before they can answer them.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{EdgeKind, Node, Service, ServiceId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/readiness-missing",
        severity: Severity::Warning,
        summary: "Services that others call run without a readiness probe, so a starting instance gets requests it fails.",
        page: include_str!("readiness_missing.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let unready: Vec<_> = cx.system.service_ids().filter_map(|(id, service)| unready(cx, id, service)).collect();
    finding(cx, &unready).into_iter().collect()
}

/// What a cluster runs and others call, with none of its declarations naming a probe.
fn unready<'a>(cx: &Context<'_>, id: ServiceId, service: &'a Service) -> Option<(&'a Service, Vec<&'a DeployUnit>)> {
    let in_cluster = |unit: &&DeployUnit| matches!(unit.kind, UnitKind::Deployment | UnitKind::StatefulSet);
    let units = || service.units.iter().filter(in_cluster);
    let is_called = cx.system.edges.iter().any(|edge| edge.to == Node::Service(id) && edge.kind == EdgeKind::Sync);
    let none = units().all(|unit| unit.readiness.is_absent() || unit.readiness.is_unknown());
    let missing: Vec<&DeployUnit> = units().filter(|unit| unit.readiness.is_absent()).collect();
    (!service.infrastructure && (is_called || service.published) && none && !missing.is_empty())
        .then_some((service, missing))
}

fn finding(cx: &Context<'_>, unready: &[(&Service, Vec<&DeployUnit>)]) -> Option<Finding> {
    let names = listed(unready.iter().map(|(service, _)| service.address.clone()), 4);
    let (address, verb) = match unready {
        [(one, _)] => (one.address.as_str(), "has"),
        _ => ("system", "have"),
    };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!(
            "{names} {verb} no readiness probe: instances that are still starting get requests and fail them"
        ))
        .help("add a `readinessProbe` that succeeds once the instance can answer, and fails while it drains");
    let places = unready.iter().flat_map(|(service, units)| units.iter().map(move |unit| (service, unit)));
    let draft = places.fold(draft, |draft, (service, unit)| {
        draft.because(&unit.readiness, format!("`{}` is taken for ready as soon as it runs", service.name))
    });
    draft.build()
}
