//! C# source files as [`crate::ir::Module`]s.

mod class;
mod compound;
mod declaration;
mod dialect;
mod expression;
mod file;
mod kind;
mod literal;
mod pattern;
mod query;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use dialect::CSharp;
pub use file::read;
