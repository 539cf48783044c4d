//! The rules of the practice `drift`.

mod timeout;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&timeout::RULE];
