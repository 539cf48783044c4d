//! The rules of the practice `consistency`.

mod lost_update;
mod unnamed;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&lost_update::RULE, &unnamed::RULE];
