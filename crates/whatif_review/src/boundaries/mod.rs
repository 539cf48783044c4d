//! The rules of the practice `boundaries`.

mod authority_unclear;
mod chatty;
mod lockstep_deployment;
mod shared_database;
mod sync_chain;
mod sync_cycle;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &shared_database::RULE,
    &sync_cycle::RULE,
    &sync_chain::RULE,
    &chatty::RULE,
    &lockstep_deployment::RULE,
    &authority_unclear::RULE,
];
