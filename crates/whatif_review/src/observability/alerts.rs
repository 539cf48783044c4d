//! What both rules about missing alerts look at.

use whatif_model::evidence::{Claim, Confidence, Evidence, Stage};
use whatif_model::facts::alert::Watched;
use whatif_model::facts::deploy::UnitKind;
use whatif_model::system::{Service, System};

/// Fewer services than this are no system somebody is on call for, but a sample or a library.
const SERVICES_MIN: usize = 2;

/// Places shown of each kind.
const PLACES_MAX: usize = 3;

/// Where the reviewed system is deployed, when it is and nothing in the tree watches for this.
pub(super) fn unwatched(system: &System, what: Watched) -> Option<Vec<Evidence>> {
    let deployed: Vec<Evidence> = system.services.iter().filter_map(deployment).collect();
    let is_watched = system.alerts.iter().any(|alert| alert.watches == what);
    let is_operated = deployed.len() >= SERVICES_MIN && system.services.iter().any(|service| service.published);
    if !is_operated || is_watched || may_be_watched(system) {
        return None;
    }
    let collected = system.monitors.iter().take(PLACES_MAX);
    let collected =
        collected.map(|at| Evidence::derived(Stage::Design, *at, "collects metrics, and no alert looks at them"));
    // A dependency alone may be there for something else.
    let seen = |claim: &&Claim<String>| Confidence::of(&claim.evidence) == Confidence::Certain;
    let exported = system.services.iter().filter_map(|it| it.telemetry.metrics.claim()).filter(seen).take(PLACES_MAX);
    let exported = exported.map(|metrics| metrics.evidence.labelled("exports metrics that no alert looks at"));
    Some(deployed.into_iter().take(1).chain(collected).chain(exported).collect())
}

/// An alert file nobody could read may hold any alert.
fn may_be_watched(system: &System) -> bool {
    let is_about_alerts = |path: &str| ["alert", "rule", "monitor", "slo"].iter().any(|word| path.contains(word));
    system.problems.iter().any(|problem| is_about_alerts(&problem.path.to_lowercase()))
}

/// Where the service is declared for running.
fn deployment(service: &Service) -> Option<Evidence> {
    let runs = |kind| !matches!(kind, UnitKind::Image | UnitKind::Program);
    let unit = service.units.iter().find(|unit| !unit.optional && runs(unit.kind))?;
    let label = format!("`{}` is deployed from here, and no alert is", service.name);
    (!service.infrastructure && !service.optional).then(|| Evidence::derived(Stage::Design, unit.span, label))
}
