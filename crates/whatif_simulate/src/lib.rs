//! Bounded exhaustive exploration of operations under faults.
//!
//! [`explore`] takes a [`explore::Slice`] (one operation and everything it can
//! reach), asks one mindset question and answers with a verdict and a trace.

pub mod arithmetic;
pub mod explore;
mod slice;

pub use slice::{Answers, Asked, answer};
