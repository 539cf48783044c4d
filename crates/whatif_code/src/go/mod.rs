//! Go source files as [`crate::ir::Module`]s.

mod declaration;
mod expression;
mod file;
mod import;
mod kind;
mod literal;
mod statement;
#[cfg(test)]
mod tests;
mod types;

pub use file::read;
