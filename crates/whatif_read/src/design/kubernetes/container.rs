//! One container: environment, command, ports.

use crate::design::Reading;
use crate::tree::{Dialect, Node, interpolate};
use whatif_model::Value;
use whatif_model::facts::deploy::{EnvValue, EnvVar};

/// Keys of a container that carry facts.
pub(super) const KNOWN: &[&str] =
    &["name", "image", "env", "envFrom", "command", "args", "ports", "readinessProbe", "livenessProbe", "volumeMounts"];

/// Variables, and the configuration maps and secrets imported whole.
pub(super) fn read_environment(cx: &mut Reading<'_>, node: &Node<'_>) -> (Vec<EnvVar>, Vec<String>) {
    let mut variables = Vec::new();
    for item in node.get("env").map(Node::items).unwrap_or_default() {
        match read_variable(cx, item) {
            Some(variable) => variables.push(variable),
            None => cx.ignore(item.range, "an environment variable without a name"),
        }
    }
    let mut maps = Vec::new();
    for item in node.get("envFrom").map(Node::items).unwrap_or_default() {
        // Of a secret only the names of its keys are known; that it sets them is known all the same.
        match item.text_at(&["configMapRef", "name"]).or_else(|| item.text_at(&["secretRef", "name"])) {
            Some(name) => {
                if item.get("prefix").is_some() {
                    cx.ignore(item.range, format!("the prefix put before the keys of `{name}` is not read"));
                } else {
                    maps.push(name.to_owned());
                }
            }
            None => cx.ignore(item.range, "environment from neither a configuration map nor a secret"),
        }
    }
    (variables, maps)
}

fn read_variable(cx: &mut Reading<'_>, item: &Node<'_>) -> Option<EnvVar> {
    let name = item.text_at(&["name"])?.to_owned();
    let value = match item.get("valueFrom") {
        Some(from) => read_source(cx, from),
        None => {
            let text = item.text_at(&["value"]).unwrap_or("");
            EnvValue::Literal(interpolate(text, Dialect::Kubernetes))
        }
    };
    Some(EnvVar { name, value, span: cx.span(item.range) })
}

fn read_source(cx: &mut Reading<'_>, from: &Node<'_>) -> EnvValue {
    if let Some(reference) = from.get("configMapKeyRef") {
        let text = |key: &str| reference.text_at(&[key]).unwrap_or("").to_owned();
        return EnvValue::Config { map: text("name"), key: text("key") };
    }
    if from.get("secretKeyRef").is_some() {
        return EnvValue::Secret;
    }
    // `fieldRef` and `resourceFieldRef`: decided when the pod starts.
    cx.ignore(from.range, "a value that is only known when the pod runs");
    EnvValue::Literal(Value::unknown())
}

pub(super) fn read_command(node: &Node<'_>) -> Vec<Value> {
    let words = |key: &str| node.get(key).map(Node::items).unwrap_or_default().iter();
    words("command")
        .chain(words("args"))
        .filter_map(Node::text)
        .map(|text| interpolate(text, Dialect::Kubernetes))
        .collect()
}

pub(super) fn read_ports(node: &Node<'_>) -> Vec<u16> {
    let ports = node.get("ports").map(Node::items).unwrap_or_default();
    ports.iter().filter_map(|port| port.get("containerPort")?.as_u64()).filter_map(|n| u16::try_from(n).ok()).collect()
}

pub(super) fn has_host_port(node: &Node<'_>) -> bool {
    node.get("ports").map(Node::items).unwrap_or_default().iter().any(|port| port.get("hostPort").is_some())
}
