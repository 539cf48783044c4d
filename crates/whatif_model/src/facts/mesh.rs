//! Facts about meshes, gateways and proxies: which host goes where, under which policy.

use crate::flow::Policy;
use crate::text::Span;
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// A routing rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The technology: `istio`, `nginx`.
    pub technology: String,
    /// Hosts it applies to, as written (`payments`, `payments.shop.svc.cluster.local`, `*`).
    pub hosts: Vec<String>,
    /// Gateways it is bound to; empty or `mesh`: calls inside the mesh.
    pub gateways: Vec<String>,
    /// The path prefix or exact path it matches; empty matches all.
    pub path: String,
    /// Where traffic goes, as written, several when it is split.
    pub destinations: Vec<(Value, Span)>,
    /// Timeout and retries of the rule; the technology's own defaults are filled in as such.
    pub policy: Policy,
    /// Conditions under which it retries, as written.
    pub retry_on: Vec<String>,
    /// The unit (build context or deployment) that holds the proxy, root-relative folder; may be empty.
    pub held_by: String,
    /// Where.
    pub span: Span,
}

/// What a mesh applies to every call to a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationPolicy {
    /// The technology.
    pub technology: String,
    /// The host, as written.
    pub host: String,
    /// Breaker (outlier detection, connection limits) and timeouts.
    pub policy: Policy,
    /// Where.
    pub span: Span,
}
