//! The rules of the practice `events`.

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[];
