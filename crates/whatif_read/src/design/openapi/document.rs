//! The document: title, servers, paths.

use super::operation::{self, Api};
use super::reference::{References, Resolved};
use crate::design::{Reading, retry_key};
use crate::tree::Node;
use whatif_model::facts::contract::{Contract, ContractKind};

pub(crate) const ID: &str = "openapi";

/// Methods of a path item; anything else in it is no operation.
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Keys of a document that carry facts, or hold what references lead to.
const KNOWN: &[&str] = &[
    "openapi",
    "swagger",
    "info",
    "servers",
    "host",
    "basePath",
    "schemes",
    "paths",
    "components",
    "definitions",
    "parameters",
    "responses",
];

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    root.get("openapi").is_some() || (root.get("swagger").is_some() && root.get("paths").is_some())
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    cx.ignore_other_keys(root, KNOWN, "contract");
    let title = root.at(&["info", "title"]);
    let mut references = References::new(root);
    let mut operations = Vec::new();
    // A key that the introduction describes for the whole API is no parameter of any operation.
    let introduction = root.text_at(&["info", "description"]).unwrap_or("");
    let api =
        Api { speaks_of_repeats: retry_key::speaks_of_repeats(introduction), body: root.get("swagger").is_none() };
    for path in root.get("paths").map(Node::entries).unwrap_or_default() {
        if path.key.starts_with("x-") {
            continue;
        }
        let item = match references.resolve(cx, &path.value) {
            Resolved::Here(item) => item,
            Resolved::Unknown => continue,
        };
        let shared = item.get("parameters").map(Node::items).unwrap_or_default();
        for entry in item.entries() {
            let is_known = matches!(entry.key.as_ref(), "parameters" | "summary" | "description" | "servers" | "$ref");
            if METHODS.contains(&entry.key.as_ref()) {
                let place = operation::Place { path: &path.key, method: &entry.key, range: entry.key_range };
                operations.push(operation::read(cx, &mut references, &api, &place, &entry.value, shared));
            } else if !is_known && !entry.key.starts_with("x-") {
                cx.ignore(entry.key_range, format!("`{}` of a path is not read", entry.key));
            }
        }
    }
    let range = title.map_or(root.range, |title| title.range);
    let contract = Contract {
        kind: ContractKind::OpenApi,
        name: title.and_then(Node::text).unwrap_or("").to_owned(),
        servers: servers(root),
        span: cx.span(range),
        operations,
    };
    cx.facts.contracts.push(contract);
}

/// `servers[].url` with the defaults of its variables; `scheme://host/basePath` in 2.0.
fn servers(root: &Node<'_>) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    for server in root.get("servers").map(Node::items).unwrap_or_default() {
        let Some(url) = server.text_at(&["url"]) else { continue };
        let variables = server.get("variables").map(Node::entries).unwrap_or_default();
        urls.push(variables.iter().fold(url.to_owned(), |url, variable| {
            let default = variable.value.text_at(&["default"]);
            default.map_or(url.clone(), |text| url.replace(&format!("{{{}}}", variable.key), text))
        }));
    }
    if let Some(host) = root.text_at(&["host"]) {
        let scheme = root.get("schemes").map(Node::items).unwrap_or_default().first().and_then(Node::text);
        urls.push(format!("{}://{host}{}", scheme.unwrap_or("https"), root.text_at(&["basePath"]).unwrap_or("")));
    }
    urls
}
