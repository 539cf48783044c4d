//! HorizontalPodAutoscaler and PodDisruptionBudget.

use super::manifest::Manifest;
use super::network::labels;
use crate::design::Reading;
use crate::tree::Node;
use whatif_model::facts::deploy::{Scaling, Selector};

pub(super) fn read_autoscaler(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else { return };
    cx.ignore_other_keys(spec, &["scaleTargetRef", "minReplicas"], manifest.kind);
    let target = spec.text_at(&["scaleTargetRef", "name"]).unwrap_or("").to_owned();
    // One is the documented lower bound when nothing is said
    // (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/).
    let min = spec.get("minReplicas").map_or(Some(1), |node| number(node));
    push(cx, manifest, Selector::Unit(target), min);
}

pub(super) fn read_disruption_budget(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else { return };
    cx.ignore_other_keys(spec, &["selector", "minAvailable"], manifest.kind);
    let min = spec.get("minAvailable").and_then(number);
    push(cx, manifest, Selector::Labels(labels(spec.at(&["selector", "matchLabels"]))), min);
}

/// A count; a percentage is none.
fn number(node: &Node<'_>) -> Option<u32> {
    node.as_u64().and_then(|n| u32::try_from(n).ok())
}

fn push(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>, selects: Selector, min: Option<u32>) {
    let span = cx.span(manifest.name_range);
    cx.facts.scaling.push(Scaling { kind: manifest.kind.to_owned(), selects, min, span });
}
