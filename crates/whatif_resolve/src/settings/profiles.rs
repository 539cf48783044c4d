//! Which profiles a deployment activates.

use std::collections::BTreeSet;
use whatif_model::facts::deploy::{DeployUnit, EnvValue};
use whatif_model::value::Value;

/// What one deployment says about profiles, lower case. `None`: nothing.
pub(crate) fn stated<'u>(
    units: impl Iterator<Item = &'u DeployUnit>,
    evaluate: impl Fn(&Value) -> Option<String>,
) -> Option<BTreeSet<String>> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for unit in units {
        for variable in &unit.env {
            let EnvValue::Literal(value) = &variable.value else { continue };
            let Some(text) = evaluate(value) else { continue };
            if NAMES.contains(&variable.name.to_uppercase().replace(['.', '-'], "_").as_str()) {
                found.extend(split(&text));
            }
            found.extend(in_arguments(&text));
        }
        let arguments = unit.command.iter().filter_map(&evaluate);
        found.extend(arguments.flat_map(|text| in_arguments(&text).collect::<Vec<_>>()));
    }
    (!found.is_empty()).then_some(found)
}

/// Variables that name profiles or environments.
const NAMES: [&str; 4] =
    ["SPRING_PROFILES_ACTIVE", "SPRING_PROFILES_INCLUDE", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"];

/// `-Dspring.profiles.active=a,b`, `--spring.profiles.active=a`.
fn in_arguments(text: &str) -> impl Iterator<Item = String> + '_ {
    let values = text.split("spring.profiles.active=").skip(1);
    values.flat_map(|rest| split(rest.split([' ', '"', '\'']).next().unwrap_or("")))
}

/// The names in a list.
pub(crate) fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty())
}

/// Whether a document counts: one of its profiles is active, or one it excludes is not.
pub(crate) fn counts(profiles: &[String], active: &BTreeSet<String>) -> bool {
    profiles.is_empty()
        || profiles.iter().any(|profile| match profile.strip_prefix('!') {
            Some(excluded) => !active.contains(&excluded.to_lowercase()),
            None => active.contains(&profile.to_lowercase()) || (active.is_empty() && profile == "default"),
        })
}
