//! JSON that other programs rely on. Fields are only ever added; `schema` counts incompatible changes.

mod ask;
mod lists;
mod model;
mod policy;
mod review;

pub use ask::answers;
pub use lists::{readers, rules};
pub use model::model;
pub use review::{questions, review};

use crate::place::Place;
use serde_json::{Value, json};
use whatif_model::evidence::Evidence;
use whatif_model::text::Sources;

/// Version of both documents.
const SCHEMA: u32 = 1;

fn print(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// One piece of evidence; places outside the review have no line.
fn evidence(sources: &Sources, evidence: &Evidence) -> Value {
    let place = Place::of(sources, evidence.span);
    json!({
        "path": place.map(|at| at.path),
        "line": place.map(|at| at.line),
        "column": place.map(|at| at.column),
        "end_line": place.map(|at| at.end_line),
        "end_column": place.map(|at| at.end_column),
        "label": evidence.label,
        "stage": evidence.stage.as_str(),
        "how": evidence.how.as_str(),
    })
}

fn evidences<'e>(sources: &Sources, list: impl IntoIterator<Item = &'e Evidence>) -> Vec<Value> {
    list.into_iter().map(|item| evidence(sources, item)).collect()
}
