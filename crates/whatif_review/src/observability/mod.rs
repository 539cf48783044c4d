//! The rules of the practice `observability`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
