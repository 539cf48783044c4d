//! Python source files as [`crate::ir::Module`]s.

mod annotation;
mod compound;
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
mod units;

pub(crate) use dialect::Python;
pub use file::read;
