//! Reads prose: Markdown documents into facts about what they promise.

mod aspects;
mod blocks;
mod document;
mod endpoints;
mod lexer;
mod lexicon;
mod models;
mod outline;
mod prose;
mod quantity;
mod reader;
mod requirements;
mod vague;

pub use reader::read;

#[cfg(test)]
mod tests;
