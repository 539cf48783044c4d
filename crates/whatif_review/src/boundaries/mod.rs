//! The rules of the practice `boundaries`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
