//! Facts about alerts: what somebody is woken for.

use crate::text::Span;
use serde::{Deserialize, Serialize};

/// One alert rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// What it watches.
    pub watches: Watched,
    /// Whether it compares the mean of a duration.
    pub on_mean: bool,
    /// Where its name stands.
    pub span: Span,
}

/// What an alert looks at, as far as its expression says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watched {
    /// Failed requests, failed jobs, instances that are down.
    Errors,
    /// How long something takes.
    Latency,
    /// Anything else: saturation, business figures, the platform.
    Other,
}
