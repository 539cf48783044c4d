//! The rules of the practice `timeouts`.

use crate::rule::Rule;

pub(crate) const RULES: &[Rule] = &[];
