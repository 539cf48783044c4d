//! The rules of the practice `idempotency`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
