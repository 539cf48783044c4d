//! Services that can only be released together.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::deploy::DeployUnit;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;
use whatif_model::value::{Part, Value};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/lockstep-deployment",
        severity: Severity::Info,
        summary: "One variable is the version of several services, so none of them can be released or rolled back alone.",
        page: include_str!("lockstep_deployment.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[],
    },
    check,
};

/// Two services of one version may be halves of one thing; more than that are a release train.
const SERVICES_MIN: usize = 3;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut trains: BTreeMap<String, Vec<(&Service, &DeployUnit)>> = BTreeMap::new();
    for service in cx.system.services.iter().filter(|service| !service.infrastructure) {
        if let Some((unit, variable)) = service.units.iter().find_map(|unit| Some((unit, version(unit)?))) {
            trains.entry(variable).or_default().push((service, unit));
        }
    }
    trains.retain(|_, services| programs(services) >= SERVICES_MIN);
    trains.iter().filter_map(|(variable, services)| finding(cx, variable, services)).collect()
}

/// Processes of one program have one image and so one version.
fn programs(services: &[(&Service, &DeployUnit)]) -> usize {
    let images = services.iter().filter_map(|(_, unit)| unit.image.as_ref());
    images.collect::<BTreeSet<_>>().len()
}

/// The variable that is the whole tag of the unit's image.
fn version(unit: &DeployUnit) -> Option<String> {
    let image: &Value = unit.image.as_ref()?;
    let [.., Part::Text(before), Part::Env { name, .. }] = image.parts.as_slice() else { return None };
    before.ends_with(':').then(|| name.clone())
}

fn finding(cx: &Context<'_>, variable: &str, services: &[(&Service, &DeployUnit)]) -> Option<Finding> {
    let names = listed(services.iter().map(|(service, _)| service.address.clone()), 3);
    let draft = cx
        .finding(&RULE.meta, "system")
        .message(format!("`{variable}` is the version of {names}: none of them can be released or rolled back alone"))
        .help("give every service a version of its own (`ORDERS_TAG`), pinned by digest or number")
        .detail(variable);
    let draft = services.iter().fold(draft, |draft, (service, unit)| {
        draft.at(&Evidence::stated(Stage::Design, unit.span, format!("`{}` has the tag `{variable}`", service.name)))
    });
    draft.build()
}
