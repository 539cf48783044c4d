//! Time limits.

use crate::flow::Bound;
use serde::{Deserialize, Serialize};

/// A time limit and what it limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// How long.
    pub bound: Bound,
    /// What is limited.
    pub kind: TimeoutKind,
}

/// What a timeout limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TimeoutKind {
    /// The whole call.
    Total,
    /// One attempt.
    PerAttempt,
    /// Each read of the socket: a slow drip exceeds it.
    PerRead,
    /// Only the connection set-up.
    Connect,
}
