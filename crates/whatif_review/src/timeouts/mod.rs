//! The rules of the practice `timeouts`.

mod deadline_not_propagated;
mod ineffective;
mod infinite;
mod inversion;
mod missing;
mod unspecified;
mod worst_case;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &missing::RULE,
    &infinite::RULE,
    &ineffective::RULE,
    &inversion::RULE,
    &deadline_not_propagated::RULE,
    &unspecified::RULE,
];
