//! Whether what a container writes survives its pod.

use crate::design::Reading;
use crate::tree::Node;
use whatif_model::Range;
use whatif_model::evidence::Fact;

/// Volumes that outlive the pod wherever it is scheduled
/// (<https://kubernetes.io/docs/concepts/storage/volumes/>).
const DURABLE: &[&str] = &[
    "persistentVolumeClaim",
    "csi",
    "nfs",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "glusterfs",
    "iscsi",
    "rbd",
    "fc",
    "vsphereVolume",
    "portworxVolume",
];

pub(super) fn durable(
    cx: &Reading<'_>,
    spec: &Node<'_>,
    pod: &Node<'_>,
    container: &Node<'_>,
    place: Range,
) -> Fact<bool> {
    let claims = spec.get("volumeClaimTemplates").map(Node::items).unwrap_or_default();
    let volumes = pod.get("volumes").map(Node::items).unwrap_or_default();
    let mut temporary = None;
    for mount in container.get("volumeMounts").map(Node::items).unwrap_or_default() {
        let Some(name) = mount.text_at(&["name"]) else { continue };
        if mount.get("readOnly").and_then(Node::as_bool) == Some(true) {
            continue;
        }
        if let Some(claim) = claims.iter().find(|claim| claim.text_at(&["metadata", "name"]) == Some(name)) {
            return Fact::known(true, cx.stated(claim.range, "volume claim"));
        }
        let Some(volume) = volumes.iter().find(|volume| volume.text_at(&["name"]) == Some(name)) else { continue };
        if DURABLE.iter().any(|kind| volume.get(kind).is_some()) {
            return Fact::known(true, cx.stated(volume.range, "durable volume"));
        }
        if volume.get("hostPath").is_some() {
            return Fact::known(true, cx.derived(volume.range, "folder of the node"));
        }
        if volume.get("emptyDir").is_some() {
            temporary = temporary.or(Some(volume.range));
        }
    }
    if cx.is_open(spec.range) {
        return Fact::Unknown;
    }
    let evidence = match temporary {
        Some(range) => cx.stated(range, "volume ends with the pod"),
        None => cx.stated(place, "no durable volume"),
    };
    Fact::absent(evidence)
}
