//! Pure readers: one document in, facts out.

pub(crate) mod design;
pub mod reader;
pub mod spec;
pub mod tree;
