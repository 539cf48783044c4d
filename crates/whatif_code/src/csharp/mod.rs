//! C# source files as [`crate::ir::Module`]s.

mod app_host;
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
mod resources;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod units;

pub(crate) use app_host::deployment;
pub(crate) use dialect::CSharp;
pub use file::read;
