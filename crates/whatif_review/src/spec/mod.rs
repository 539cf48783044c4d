//! The rules of the practice `spec`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
