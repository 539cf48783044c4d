//! Makes facts of rendered text into facts like all others: what is open is unknown, not text.

use super::datum::UNKNOWN;
use crate::reader::FileFacts;
use whatif_model::facts::Ignored;
use whatif_model::facts::deploy::{EnvValue, Selector};
use whatif_model::{Part, Value};

/// Where a chart is installed unless somebody says otherwise; manifests that name no namespace are there, too.
pub(super) const NAMESPACE: &str = "default";

/// Adds the facts of one more installation of a template.
pub(crate) fn merge(own: &mut FileFacts, more: FileFacts) {
    let (mine, theirs) = (&mut own.design, more.design);
    mine.units.extend(theirs.units);
    mine.names.extend(theirs.names);
    mine.configs.extend(theirs.configs);
    mine.routes.extend(theirs.routes);
    mine.destinations.extend(theirs.destinations);
    mine.scaling.extend(theirs.scaling);
    mine.alerts.extend(theirs.alerts);
    mine.origins.extend(theirs.origins);
    own.ignored.extend(more.ignored);
    own.problems.extend(more.problems);
    own.ignored.sort();
    own.ignored.dedup();
    own.problems.sort();
}

/// Takes the mark of what is open out of every fact, and out of the facts whose name it is in the facts themselves.
pub(super) fn open_values(facts: &mut FileFacts) {
    let design = &mut facts.design;
    let nameless = design.units.iter().filter(|it| is_open(&it.name)).map(|it| it.span);
    let nameless = nameless.chain(design.names.iter().filter(|it| is_open(&it.name)).map(|it| it.span));
    let reason = "a name that is only known when the chart is installed";
    facts.ignored.extend(nameless.map(|span| Ignored { span, reason: reason.to_owned() }));
    design.units.retain(|it| !is_open(&it.name));
    design.names.retain(|it| !is_open(&it.name));
    design.configs.retain(|it| !is_open(&it.name));
    for unit in &mut design.units {
        settle_scope(&mut unit.scope);
        unit.image.iter_mut().chain(&mut unit.command).for_each(open);
        unit.labels.retain(|_, label| !is_open(label));
        unit.env_from.retain(|map| !is_open(map));
        for variable in &mut unit.env {
            match &mut variable.value {
                EnvValue::Literal(value) => open(value),
                EnvValue::Config { map, key } if is_open(map) || is_open(key) => {
                    variable.value = EnvValue::Literal(Value::unknown());
                }
                EnvValue::Config { .. } | EnvValue::Secret => {}
            }
        }
    }
    for name in &mut design.names {
        settle_scope(&mut name.scope);
        if let Selector::Labels(labels) = &mut name.selects {
            labels.retain(|_, label| !is_open(label));
        }
    }
    for map in &mut design.configs {
        settle_scope(&mut map.scope);
        map.entries.iter_mut().for_each(|(_, value, _)| open(value));
    }
    design.routes.iter_mut().flat_map(|route| &mut route.destinations).for_each(|(value, _)| open(value));
}

fn is_open(text: &str) -> bool {
    text.contains(UNKNOWN)
}

fn settle_scope(scope: &mut String) {
    if scope == NAMESPACE || is_open(scope) {
        scope.clear();
    }
}

/// Splits literal text at the marks.
fn open(value: &mut Value) {
    if !value.parts.iter().any(|part| matches!(part, Part::Text(text) if is_open(text))) {
        return;
    }
    let mut out = Value::default();
    for part in std::mem::take(&mut value.parts) {
        let Part::Text(text) = part else {
            out.push(Value { parts: vec![part] });
            continue;
        };
        for (at, piece) in text.split(UNKNOWN).enumerate() {
            if at > 0 {
                out.push(Value::unknown());
            }
            if !piece.is_empty() {
                out.push(Value::text(piece));
            }
        }
    }
    *value = out;
}
