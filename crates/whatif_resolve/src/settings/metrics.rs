//! What a framework's own timers publish, as configuration says.

use super::keys::relaxed;
use crate::components::Draft;
use crate::environment::Environment;
use whatif_model::evidence::{Evidence, Fact, How};
use whatif_model::system::ServiceId;

/// The documentation of what a timer publishes when nothing is asked for.
const LINK: &str = "https://docs.micrometer.io/micrometer/reference/concepts/histogram-quantiles.html";

/// Says of services that publish Micrometer's timers whether these hold a distribution. Where nothing is set about
/// publishing them, the settings may lie elsewhere, and nothing is said.
pub(crate) fn apply(draft: &mut Draft, environment: &Environment) {
    let ids: Vec<ServiceId> = draft.system.service_ids().map(|(id, _)| id).collect();
    for id in ids {
        let Some(service) = draft.system.services.get_mut(id.0 as usize) else { continue };
        if !service.telemetry.latency.is_unknown() || !service.telemetry.metrics.holds(|by| by == "io.micrometer") {
            continue;
        }
        let (mut published, mut distribution) = (None, None);
        for found in environment.settings(id) {
            let key = relaxed(&found.key);
            let text = found.value.as_text().unwrap_or_default();
            if key.contains("endpoints") && key.contains("exposure") && (text.contains("prometheus") || text == "*") {
                published = Some(&found.evidence);
            }
            if key.starts_with("managementmetricsdistribution") {
                distribution = Some(&found.evidence);
            }
        }
        service.telemetry.latency = match (distribution, published) {
            (Some(set), _) => Fact::known("io.micrometer".to_owned(), set.labelled("sets what timers publish")),
            (None, Some(published)) => Fact::absent(Evidence {
                how: How::Default { of: "Micrometer".to_owned(), link: LINK.to_owned() },
                ..published.labelled("publishes timers, which hold count, sum and maximum only")
            }),
            (None, None) => Fact::Unknown,
        };
    }
}
