//! Go source files as [`crate::ir::Module`]s.

mod declaration;
mod dialect;
mod expression;
mod file;
mod import;
mod kind;
mod literal;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use dialect::Go;
pub use file::read;
