//! The rules of the practice `timeouts`.

mod missing;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&missing::RULE];
