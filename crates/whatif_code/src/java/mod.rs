//! Java source files as [`crate::ir::Module`]s.

mod class;
mod dependencies;
mod dialect;
mod expression;
mod file;
mod kind;
mod lambda;
mod member;
mod statement;
mod switch;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use dialect::Java;
pub use file::read;
