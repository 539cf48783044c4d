//! The rules of the practice `retries`.

mod amplification;
mod breaker_missing;
mod breaker_never_trips;
mod breaker_shared;
mod dirty_retry;
mod ineffective;
pub(crate) mod layers;
mod no_backoff;
mod no_jitter;
mod not_idempotent;
mod poison_message;
mod unbounded;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &unbounded::RULE,
    &no_backoff::RULE,
    &no_jitter::RULE,
    &not_idempotent::RULE,
    &amplification::RULE,
    &breaker_missing::RULE,
    &poison_message::RULE,
    &ineffective::RULE,
    &dirty_retry::RULE,
    &breaker_never_trips::RULE,
    &breaker_shared::RULE,
];
