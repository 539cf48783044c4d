//! The rules of the practice `vocabulary`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
