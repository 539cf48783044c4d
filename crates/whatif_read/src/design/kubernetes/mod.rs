//! Kubernetes manifests (<https://kubernetes.io/docs/reference/kubernetes-api/>), one file per group of kinds.
//!
//! | what we read | fact |
//! | --- | --- |
//! | Deployment, ReplicaSet, Pod, StatefulSet, DaemonSet, Job, CronJob | units: containers, replicas, environment, probes, volumes, schedule |
//! | Service, Ingress, HTTPRoute | names, ports, routes from outside |
//! | ConfigMap, Secret | configuration; of a secret only the names of its keys |
//! | HorizontalPodAutoscaler, PodDisruptionBudget | what limits or changes the number of replicas |
//!
//! Defaults of the API server (one replica, thirty seconds of grace, one second per probe) are facts with a link.

mod config;
mod container;
mod manifest;
mod network;
mod probe;
mod scaling;
#[cfg(test)]
mod tests;
mod volume;
mod workload;

pub(crate) use manifest::{ID, read, recognises};
