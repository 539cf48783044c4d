//! Which kind a manifest is, and who reads it.

use super::{config, network, scaling, workload};
use crate::design::Reading;
use crate::tree::Node;
use whatif_model::Range;
use whatif_model::limits::DEPTH_MAX;

pub(crate) const ID: &str = "kubernetes";

/// What every manifest has around its own part.
pub(super) struct Manifest<'n, 't> {
    /// `Deployment`, `Service`, ...
    pub(super) kind: &'n str,
    /// The whole document.
    pub(super) root: &'n Node<'t>,
    /// `metadata.name`.
    pub(super) name: &'n str,
    /// Where the name stands.
    pub(super) name_range: Range,
    /// `metadata.namespace`, may be empty.
    pub(super) namespace: &'n str,
    /// Whether it belongs to a variant.
    pub(super) optional: bool,
}

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    root.text_at(&["apiVersion"]).is_some() && root.text_at(&["kind"]).is_some()
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    read_nested(cx, root, 0);
}

fn read_nested(cx: &mut Reading<'_>, root: &Node<'_>, depth: usize) {
    let Some(kind_node) = root.get("kind") else { return };
    let kind = kind_node.text().unwrap_or("");
    if depth < DEPTH_MAX && kind.ends_with("List") && root.get("items").is_some() {
        for item in root.get("items").map(Node::items).unwrap_or_default() {
            read_nested(cx, item, depth + 1);
        }
        return;
    }
    if root.text_at(&["$patch"]) == Some("delete") {
        cx.ignore(kind_node.range, format!("a patch that deletes a {kind} is not applied"));
        return;
    }
    let name_node = root.at(&["metadata", "name"]).or_else(|| root.at(&["metadata", "generateName"]));
    let manifest = Manifest {
        kind,
        root,
        name: name_node.and_then(Node::text).unwrap_or(""),
        name_range: name_node.map_or(kind_node.range, |node| node.range),
        namespace: root.text_at(&["metadata", "namespace"]).unwrap_or(""),
        optional: cx.is_variant(),
    };
    match kind {
        "Deployment"
        | "ReplicaSet"
        | "Pod"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "CronJob"
        | "DeploymentConfig"
        | "ReplicationController"
        | "Rollout" => workload::read(cx, &manifest),
        "Service" => network::read_service(cx, &manifest),
        "Ingress" => network::read_ingress(cx, &manifest),
        "HTTPRoute" | "GRPCRoute" => network::read_http_route(cx, &manifest),
        "ConfigMap" => config::read_config_map(cx, &manifest),
        "Secret" => config::read_secret(cx, &manifest),
        "HorizontalPodAutoscaler" => scaling::read_autoscaler(cx, &manifest),
        "PodDisruptionBudget" => scaling::read_disruption_budget(cx, &manifest),
        other => cx.ignore(kind_node.range, format!("kind `{other}` is not read")),
    }
}
