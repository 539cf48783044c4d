//! The rules of the practice `drift`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
