//! The rules of the practice `drift`.

mod timeout;
mod unrealised;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&timeout::RULE, &unrealised::RULE];
