//! The rules of the practice `failure`.

mod compensation_missing;
mod error_swallowed;
mod lock_across_call;
mod no_graceful_shutdown;
mod partial_effects;
mod single_point_of_failure;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &partial_effects::RULE,
    &compensation_missing::RULE,
    &lock_across_call::RULE,
    &error_swallowed::RULE,
    &single_point_of_failure::RULE,
    &no_graceful_shutdown::RULE,
];
