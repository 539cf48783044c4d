//! The rules of the practice `observability`.

mod averages_only;
mod context_not_propagated;
mod no_tracing;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&averages_only::RULE, &context_not_propagated::RULE, &no_tracing::RULE];
