//! The rules of the practice `drift`.

mod contract;
mod timeout;
mod topology;
mod unrealised;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&contract::RULE, &timeout::RULE, &topology::RULE, &unrealised::RULE];
