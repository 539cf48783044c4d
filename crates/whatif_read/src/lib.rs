//! Pure readers: one document in, facts out.

pub mod spec;
pub mod tree;
