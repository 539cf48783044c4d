//! The rules of the practice `observability`.

mod alert_missing_errors;
mod alert_missing_latency;
mod alerts;
mod averages_only;
mod context_not_propagated;
mod logs_only;
mod no_correlation_id;
mod no_percentiles;
mod no_tracing;
mod sensitive_data_logged;
mod shown;
mod stale_health;
mod unbounded_cardinality;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &averages_only::RULE,
    &context_not_propagated::RULE,
    &no_tracing::RULE,
    &no_percentiles::RULE,
    &no_correlation_id::RULE,
    &logs_only::RULE,
    &sensitive_data_logged::RULE,
    &unbounded_cardinality::RULE,
    &stale_health::RULE,
    &alert_missing_errors::RULE,
    &alert_missing_latency::RULE,
];
