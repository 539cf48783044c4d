//! The rules of the practice `observability`.

mod alert_missing_errors;
mod alert_missing_latency;
mod alerts;
mod averages_only;
mod context_not_propagated;
mod no_tracing;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &averages_only::RULE,
    &context_not_propagated::RULE,
    &no_tracing::RULE,
    &alert_missing_errors::RULE,
    &alert_missing_latency::RULE,
];
