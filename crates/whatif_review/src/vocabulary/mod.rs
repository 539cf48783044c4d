//! The rules of the practice `vocabulary`.

use crate::rule::Rule;

pub(crate) mod claims;
pub(crate) mod named;

mod available;
mod consistent;
mod fast;
mod lock;
mod reliable;
mod scalable;
mod transaction;

pub(crate) const RULES: &[&Rule] = &[
    &consistent::RULE,
    &fast::RULE,
    &reliable::RULE,
    &available::RULE,
    &transaction::RULE,
    &lock::RULE,
    &scalable::RULE,
];
