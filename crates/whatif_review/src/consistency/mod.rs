//! The rules of the practice `consistency`.

mod check_then_act;
mod lost_update;
mod unnamed;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&lost_update::RULE, &check_then_act::RULE, &unnamed::RULE];
