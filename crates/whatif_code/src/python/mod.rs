//! Python source files as [`crate::ir::Module`]s.

mod annotation;
mod compound;
mod declaration;
mod expression;
mod file;
mod import;
mod kind;
mod literal;
mod statement;
#[cfg(test)]
mod tests;

pub use file::read;
