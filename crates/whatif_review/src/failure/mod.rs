//! The rules of the practice `failure`.

mod compensation_missing;
mod compensation_not_implemented;
mod crash_on_bad_input;
mod deployed;
mod durability_missing;
mod error_misclassified;
mod error_swallowed;
mod lease_without_fencing;
mod liveness_depends_on_others;
mod lock_across_call;
mod no_graceful_shutdown;
mod no_restart_policy;
mod partial_effects;
mod readiness_missing;
mod saga_timeout_missing;
mod single_point_of_failure;
mod startup_order_assumed;
mod stuck_state;
mod success_reported_as_failure;
mod transaction_missing;
mod unhandled_background_exception;
mod volume_not_used;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &partial_effects::RULE,
    &transaction_missing::RULE,
    &success_reported_as_failure::RULE,
    &compensation_missing::RULE,
    &compensation_not_implemented::RULE,
    &saga_timeout_missing::RULE,
    &lock_across_call::RULE,
    &lease_without_fencing::RULE,
    &error_swallowed::RULE,
    &error_misclassified::RULE,
    &single_point_of_failure::RULE,
    &durability_missing::RULE,
    &volume_not_used::RULE,
    &no_graceful_shutdown::RULE,
    &liveness_depends_on_others::RULE,
    &readiness_missing::RULE,
    &unhandled_background_exception::RULE,
    &startup_order_assumed::RULE,
    &no_restart_policy::RULE,
    &crash_on_bad_input::RULE,
    &stuck_state::RULE,
];
