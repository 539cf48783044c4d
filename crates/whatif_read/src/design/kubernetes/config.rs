//! ConfigMap and Secret.

use super::manifest::Manifest;
use crate::design::Reading;
use crate::tree::Node;
use whatif_model::Value;
use whatif_model::facts::deploy::ConfigMap;

pub(super) fn read_config_map(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let data = manifest.root.get("data").map(Node::entries).unwrap_or_default();
    let entries = data
        .iter()
        .filter(|entry| !entry.value.is_map() && !entry.value.is_seq())
        .map(|entry| {
            let text = entry.value.text().unwrap_or("");
            (entry.key.to_string(), Value::text(text), cx.span(entry.range()))
        })
        .collect();
    if let Some(entry) = manifest.root.entry("binaryData") {
        cx.ignore(entry.key_range, "binary data of a configuration map is not read");
    }
    cx.facts.configs.push(ConfigMap { name: manifest.name.to_owned(), scope: manifest.namespace.to_owned(), entries });
}

/// Only the names of the keys: a secret is never read.
pub(super) fn read_secret(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let entries = ["data", "stringData"]
        .iter()
        .flat_map(|key| manifest.root.get(key).map(Node::entries).unwrap_or_default())
        .map(|entry| (entry.key.to_string(), Value::unknown(), cx.span(entry.key_range)))
        .collect();
    cx.facts.configs.push(ConfigMap { name: manifest.name.to_owned(), scope: manifest.namespace.to_owned(), entries });
}
