//! Deployment, StatefulSet, DaemonSet, Pod, Job, CronJob.

use super::manifest::Manifest;
use super::{container, probe, volume};
use crate::design::Reading;
use crate::tree::{Dialect, Node, interpolate};
use std::collections::BTreeMap;
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};

const DEPLOYMENT: &str = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/";
const POD: &str = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec";
const CRON_JOB: &str = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/";

/// `terminationGracePeriodSeconds` when nothing is said.
const GRACE_SECONDS: u64 = 30;

/// Keys of a pod's specification that carry facts.
const POD_KEYS: &[&str] = &["containers", "volumes", "terminationGracePeriodSeconds"];

/// Keys of a workload's specification that carry facts.
const SPEC_KEYS: &[&str] =
    &["replicas", "selector", "template", "volumeClaimTemplates", "schedule", "concurrencyPolicy", "jobTemplate"];

pub(super) fn read(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else {
        cx.ignore(manifest.name_range, format!("a {} without a specification", manifest.kind));
        return;
    };
    let template = match manifest.kind {
        "Pod" => Some(manifest.root),
        "CronJob" => spec.at(&["jobTemplate", "spec", "template"]),
        _ => spec.get("template"),
    };
    let Some((template, pod)) = template.and_then(|template| Some((template, template.get("spec")?))) else {
        cx.ignore(manifest.name_range, format!("a {} without a pod template", manifest.kind));
        return;
    };
    if manifest.kind != "Pod" {
        cx.ignore_other_keys(spec, SPEC_KEYS, manifest.kind);
    }
    cx.ignore_other_keys(pod, POD_KEYS, "pod");
    let containers = pod.get("containers").map(Node::items).unwrap_or_default();
    let main = main_container(containers, manifest.name);
    for (at, node) in containers.iter().enumerate() {
        let mut unit = unit(cx, manifest, spec, template, node);
        if at != main {
            unit.name = node.text_at(&["name"]).unwrap_or(manifest.name).to_owned();
            unit.span = cx.span(node.get("name").map_or(node.range, |name| name.range));
        }
        cx.facts.units.push(unit);
    }
}

/// The container that is the workload: the one called like it, else the first; the others are sidecars.
fn main_container(containers: &[Node<'_>], name: &str) -> usize {
    containers.iter().position(|node| node.text_at(&["name"]) == Some(name)).unwrap_or(0)
}

fn unit(
    cx: &mut Reading<'_>,
    manifest: &Manifest<'_, '_>,
    spec: &Node<'_>,
    template: &Node<'_>,
    node: &Node<'_>,
) -> DeployUnit {
    cx.ignore_other_keys(node, container::KNOWN, "container");
    // A container without an image is a patch of one that has it.
    let is_patch = node.get("image").is_none();
    // What is not there may stand elsewhere, or where something was left open.
    let is_partial = is_patch || cx.is_open(manifest.root.range);
    let pod = template.get("spec").unwrap_or(template);
    let (env, env_from) = container::read_environment(cx, node);
    DeployUnit {
        name: manifest.name.to_owned(),
        kind: unit_kind(manifest.kind),
        span: cx.span(manifest.name_range),
        scope: manifest.namespace.to_owned(),
        optional: manifest.optional || is_patch,
        image: node.text_at(&["image"]).map(|text| interpolate(text, Dialect::Compose)),
        build_context: None,
        replicas: if is_partial && spec.get("replicas").is_none() {
            Fact::Unknown
        } else {
            read_replicas(cx, manifest, spec)
        },
        env,
        env_from,
        env_files: Vec::new(),
        command: container::read_command(node),
        ports: container::read_ports(node),
        published: container::has_host_port(node),
        depends_on: Vec::new(),
        links: Vec::new(),
        awaited: Vec::new(),
        restarts: Fact::Unknown,
        labels: read_labels(template),
        durable_storage: if is_patch {
            Fact::Unknown
        } else {
            volume::durable(cx, spec, pod, node, node.get("name").map_or(node.range, |name| name.range))
        },
        mounts: volume::mounts(cx, spec, pod, node),
        readiness: read_probe(cx, node, "readinessProbe", is_partial),
        liveness: read_probe(cx, node, "livenessProbe", is_partial),
        schedule: spec
            .get("schedule")
            .and_then(|schedule| Some((schedule.text()?.to_owned(), cx.span(schedule.range)))),
        concurrency: read_concurrency(cx, manifest, spec),
        grace_seconds: if is_partial && pod.get("terminationGracePeriodSeconds").is_none() {
            Fact::Unknown
        } else {
            read_grace(cx, manifest, pod)
        },
    }
}

fn unit_kind(kind: &str) -> UnitKind {
    match kind {
        "StatefulSet" => UnitKind::StatefulSet,
        "DaemonSet" => UnitKind::DaemonSet,
        "Job" => UnitKind::Job,
        "CronJob" => UnitKind::CronJob,
        _ => UnitKind::Deployment,
    }
}

fn read_replicas(cx: &Reading<'_>, manifest: &Manifest<'_, '_>, spec: &Node<'_>) -> Fact<u32> {
    match (manifest.kind, spec.get("replicas")) {
        ("Pod", _) => Fact::known(1, cx.stated(manifest.name_range, "a bare pod is one")),
        // One per node, one per run: neither is a number of replicas.
        ("DaemonSet" | "Job" | "CronJob", _) => Fact::Unknown,
        (_, Some(replicas)) => match replicas.as_u64().and_then(|count| u32::try_from(count).ok()) {
            Some(count) => Fact::known(count, cx.stated(replicas.range, "replicas")),
            None => Fact::Unknown,
        },
        (_, None) => {
            Fact::known(1, cx.default(manifest.name_range, "Kubernetes", DEPLOYMENT, "one replica unless stated"))
        }
    }
}

fn read_labels(template: &Node<'_>) -> BTreeMap<String, String> {
    let labels = template.at(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
    labels.iter().filter_map(|entry| Some((entry.key.to_string(), entry.value.text()?.to_owned()))).collect()
}

fn read_probe(
    cx: &Reading<'_>,
    node: &Node<'_>,
    key: &str,
    is_partial: bool,
) -> Fact<whatif_model::facts::deploy::Probe> {
    match node.get(key) {
        Some(found) => probe::read(cx, found),
        None if is_partial => Fact::Unknown,
        None => {
            let place = node.get("name").map_or(node.range, |name| name.range);
            Fact::absent(cx.stated(place, format!("no `{key}`")))
        }
    }
}

fn read_concurrency(cx: &Reading<'_>, manifest: &Manifest<'_, '_>, spec: &Node<'_>) -> Fact<String> {
    match (manifest.kind, spec.get("concurrencyPolicy")) {
        ("CronJob", Some(policy)) => policy
            .text()
            .map_or(Fact::Unknown, |text| Fact::known(text.to_owned(), cx.stated(policy.range, "concurrency policy"))),
        ("CronJob", None) => Fact::known(
            "Allow".to_owned(),
            cx.default(manifest.name_range, "Kubernetes", CRON_JOB, "concurrent runs are allowed unless stated"),
        ),
        _ => Fact::Unknown,
    }
}

fn read_grace(cx: &Reading<'_>, manifest: &Manifest<'_, '_>, pod: &Node<'_>) -> Fact<u64> {
    match pod.get("terminationGracePeriodSeconds") {
        Some(seconds) => {
            seconds.as_u64().map_or(Fact::Unknown, |n| Fact::known(n, cx.stated(seconds.range, "grace period")))
        }
        None => Fact::known(
            GRACE_SECONDS,
            cx.default(manifest.name_range, "Kubernetes", POD, "thirty seconds of grace unless stated"),
        ),
    }
}
