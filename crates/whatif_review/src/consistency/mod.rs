//! The rules of the practice `consistency`.

mod check_then_act;
mod lock_without_transaction;
mod lost_update;
mod unnamed;
mod whole_rows;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] =
    &[&lost_update::RULE, &check_then_act::RULE, &lock_without_transaction::RULE, &unnamed::RULE];
