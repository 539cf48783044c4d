//! Whether what a container writes survives its pod.

use crate::design::Reading;
use crate::tree::Node;
use whatif_model::Range;
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{Mount, Volume};

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

/// Everything a container mounts.
pub(super) fn mounts(cx: &Reading<'_>, spec: &Node<'_>, pod: &Node<'_>, container: &Node<'_>) -> Vec<Mount> {
    let mount = |node: &Node<'_>| {
        let path = node.get("mountPath")?;
        let volume = node.text_at(&["name"]).map_or(Volume::Other, |name| volume(spec, pod, name).0);
        Some(Mount { path: path.text()?.to_owned(), volume, span: cx.span(path.range) })
    };
    container.get("volumeMounts").map(Node::items).unwrap_or_default().iter().filter_map(mount).collect()
}

/// What a name of a volume stands for, and where that is said.
fn volume(spec: &Node<'_>, pod: &Node<'_>, name: &str) -> (Volume, Range) {
    let claims = spec.get("volumeClaimTemplates").map(Node::items).unwrap_or_default();
    if let Some(claim) = claims.iter().find(|claim| claim.text_at(&["metadata", "name"]) == Some(name)) {
        return (Volume::Durable, claim.range);
    }
    let volumes = pod.get("volumes").map(Node::items).unwrap_or_default();
    let Some(volume) = volumes.iter().find(|volume| volume.text_at(&["name"]) == Some(name)) else {
        return (Volume::Other, Range::default());
    };
    let kind = match volume {
        _ if DURABLE.iter().any(|kind| volume.get(kind).is_some()) => Volume::Durable,
        _ if volume.get("hostPath").is_some() => Volume::Host,
        // `emptyDir: {}` and `emptyDir:` alike.
        _ if volume.entry("emptyDir").is_some() => Volume::Temporary,
        _ => Volume::Other,
    };
    (kind, volume.range)
}

/// Whether what the container writes survives its pod, as far as volumes tell; `place` is the container.
pub(super) fn durable(
    cx: &Reading<'_>,
    spec: &Node<'_>,
    pod: &Node<'_>,
    container: &Node<'_>,
    place: Range,
) -> Fact<bool> {
    let mut temporary = None;
    for mount in container.get("volumeMounts").map(Node::items).unwrap_or_default() {
        let Some(name) = mount.text_at(&["name"]) else { continue };
        if mount.get("readOnly").and_then(Node::as_bool) == Some(true) {
            continue;
        }
        match volume(spec, pod, name) {
            (Volume::Durable, at) => return Fact::known(true, cx.stated(at, "durable volume")),
            (Volume::Host, at) => return Fact::known(true, cx.derived(at, "folder of the node")),
            (Volume::Temporary, at) => temporary = temporary.or(Some(at)),
            (Volume::Other, _) => {}
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
