//! The rules of the practice `idempotency`.

mod check_then_act;
mod key_ignored;
mod key_not_forwarded;
mod key_per_attempt;
mod missing_key;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] =
    &[&missing_key::RULE, &key_ignored::RULE, &key_not_forwarded::RULE, &key_per_attempt::RULE, &check_then_act::RULE];
