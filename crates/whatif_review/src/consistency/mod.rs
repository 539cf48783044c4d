//! The rules of the practice `consistency`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
