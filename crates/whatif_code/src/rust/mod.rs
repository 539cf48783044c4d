//! Rust source files as [`crate::ir::Module`]s.

mod attribute;
mod branch;
mod declaration;
mod dialect;
mod expression;
mod file;
mod import;
mod kind;
mod literal;
mod macros;
mod mask;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use dialect::Rust;
pub use file::read;
