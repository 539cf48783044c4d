//! The rules of the practice `events`.

mod ack_before_processing;
pub(crate) mod ack_on_failure;
mod broker_durability_mismatch;
mod dual_write;
mod handler_not_idempotent;
mod head_of_line_blocking;
mod lookup_required;
mod lost_update_target;
mod not_durable;
mod order_assumed;
mod publish_unconfirmed;
mod unconsumed;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &dual_write::RULE,
    &ack_before_processing::RULE,
    &ack_on_failure::RULE,
    &handler_not_idempotent::RULE,
    &not_durable::RULE,
    &publish_unconfirmed::RULE,
    &lookup_required::RULE,
    &unconsumed::RULE,
    &broker_durability_mismatch::RULE,
    &head_of_line_blocking::RULE,
    &order_assumed::RULE,
    &lost_update_target::RULE,
];
