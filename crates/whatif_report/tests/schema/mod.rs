//! The part of JSON Schema, draft 7, that the SARIF schema uses. A keyword it does not know fails the test, so
//! that nothing is passed unchecked by accident.

use serde_json::{Map, Value};

/// Keywords that constrain nothing here: annotations, and patterns of strings we never write (guids, digests).
const IGNORED: [&str; 9] =
    ["description", "default", "title", "$schema", "$id", "definitions", "format", "pattern", "additionalProperties"];

pub(crate) fn complaints(root: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root }.node(root, value, "$", &mut found);
    found
}

struct Check<'s> {
    root: &'s Value,
}

impl Check<'_> {
    fn node(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let Some(keywords) = schema.as_object() else { return };
        for (keyword, wanted) in keywords {
            let fits = match keyword.as_str() {
                "$ref" => {
                    let target = wanted.as_str().and_then(|name| self.root.pointer(name.trim_start_matches('#')));
                    self.node(target.expect("the reference exists"), value, at, found);
                    true
                }
                "type" => list(wanted).iter().any(|name| is_type(value, name)),
                "enum" => list(wanted).contains(value),
                "required" => list(wanted).iter().all(|key| key.as_str().is_some_and(|key| value.get(key).is_some())),
                "minimum" => value.as_f64().zip(wanted.as_f64()).is_none_or(|(value, least)| value >= least),
                "maximum" => value.as_f64().zip(wanted.as_f64()).is_none_or(|(value, most)| value <= most),
                "minItems" => value.as_array().zip(wanted.as_u64()).is_none_or(|(v, least)| v.len() as u64 >= least),
                "uniqueItems" => value.as_array().is_none_or(|items| is_unique(items)),
                "anyOf" | "oneOf" => list(wanted).iter().any(|schema| self.fits(schema, value, at)),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.node(wanted, item, &format!("{at}[{index}]"), found);
                    }
                    true
                }
                "properties" => {
                    self.properties(keywords, wanted, value, at, found);
                    true
                }
                other => {
                    assert!(IGNORED.contains(&other), "the schema uses `{other}`, which this check does not know");
                    true
                }
            };
            if !fits {
                found.push(format!("{at}: {keyword} {wanted} does not fit {value}"));
            }
        }
    }

    fn properties(&self, all: &Map<String, Value>, known: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        for (key, own) in value.as_object().into_iter().flatten() {
            let at = format!("{at}.{key}");
            match (known.get(key), all.get("additionalProperties")) {
                (Some(schema), _) => self.node(schema, own, &at, found),
                (None, Some(Value::Bool(false))) => found.push(format!("{at}: unknown property")),
                (None, Some(schema)) => self.node(schema, own, &at, found),
                (None, None) => {}
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) -> bool {
        let mut found = Vec::new();
        self.node(schema, value, at, &mut found);
        found.is_empty()
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

fn is_unique(items: &[Value]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
}
