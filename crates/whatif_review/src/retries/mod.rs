//! The rules of the practice `retries`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
