//! The rules of the practice `idempotency`.

mod check_then_act;
mod failure_recorded_as_success;
mod key_ignored;
mod key_not_forwarded;
mod key_not_scoped;
mod key_outside_transaction;
mod key_per_attempt;
mod missing_key;
mod payload_not_bound;
mod result_not_stored;
mod schedule_not_exclusive;
mod unique_null;
mod unsafe_get;
mod validity_undocumented;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &missing_key::RULE,
    &key_ignored::RULE,
    &key_not_forwarded::RULE,
    &key_per_attempt::RULE,
    &check_then_act::RULE,
    &key_outside_transaction::RULE,
    &result_not_stored::RULE,
    &key_not_scoped::RULE,
    &unique_null::RULE,
    &unsafe_get::RULE,
    &schedule_not_exclusive::RULE,
    &validity_undocumented::RULE,
    &failure_recorded_as_success::RULE,
    &payload_not_bound::RULE,
];
