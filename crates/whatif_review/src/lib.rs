//! The rules: one folder per practice, one page per rule.
//!
//! A rule reads the merged model and the verdicts of the explorer; it never parses, never sees a tree,
//! and never chooses its own confidence.

pub mod rule;

mod availability;
mod boundaries;
mod consistency;
mod drift;
mod events;
mod failure;
mod grouping;
mod idempotency;
mod observability;
mod origins;
mod query;
mod questions;
mod racing;
mod registry;
mod repeats;
mod retries;
mod sequence;
mod spec;
mod timeouts;
mod vocabulary;

pub use questions::questions;
pub use registry::{review, rule, rules};
pub use rule::{Assumption, Context, RuleMeta};
