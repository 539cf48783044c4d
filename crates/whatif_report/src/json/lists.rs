//! `whatif rules --format json` and `whatif readers --format json`.

use super::{SCHEMA, print};
use crate::{ReaderText, RuleText};
use serde_json::json;

/// Every rule.
pub fn rules(rules: &[RuleText]) -> String {
    let value = |rule: &RuleText| {
        json!({
            "id": rule.id,
            "practice": rule.id.split('/').next(),
            "severity": rule.severity.as_str(),
            "summary": rule.summary,
        })
    };
    print(&json!({ "schema": SCHEMA, "rules": rules.iter().map(value).collect::<Vec<_>>() }))
}

/// Every reader.
pub fn readers(readers: &[ReaderText]) -> String {
    let value = |reader: &ReaderText| json!({ "name": reader.name, "reads": reader.reads, "specification": reader.specification });
    print(&json!({ "schema": SCHEMA, "readers": readers.iter().map(value).collect::<Vec<_>>() }))
}
