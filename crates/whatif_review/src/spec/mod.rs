//! The rules of the practice `spec`.

use crate::rule::Rule;

mod documents;

mod degraded_states;
mod failure_scenarios;
mod idempotency_strategy;
mod nfr_availability;
mod nfr_consistency;
mod nfr_durability;
mod nfr_latency_percentile;
mod nfr_throughput;
mod ownership;
mod retry_policy;
mod untestable;

pub(crate) const RULES: &[&Rule] = &[
    &nfr_consistency::RULE,
    &nfr_latency_percentile::RULE,
    &nfr_availability::RULE,
    &nfr_throughput::RULE,
    &nfr_durability::RULE,
    &failure_scenarios::RULE,
    &degraded_states::RULE,
    &idempotency_strategy::RULE,
    &retry_policy::RULE,
    &ownership::RULE,
    &untestable::RULE,
];
