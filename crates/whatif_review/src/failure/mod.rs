//! The rules of the practice `failure`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
