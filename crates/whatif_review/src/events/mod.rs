//! The rules of the practice `events`.

mod ack_before_processing;
mod dual_write;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&dual_write::RULE, &ack_before_processing::RULE];
