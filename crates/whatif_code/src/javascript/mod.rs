//! JavaScript and TypeScript source files as [`crate::ir::Module`]s.

mod class;
mod compound;
mod convention;
mod declaration;
mod dialect;
mod expression;
mod file;
mod kind;
mod literal;
mod modules;
mod pattern;
mod promise;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use dialect::JavaScript;
pub use file::read;
