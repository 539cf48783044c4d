//! Reads prose: Markdown documents into facts about what they promise.

mod blocks;
mod document;
mod lexer;
mod lexicon;
mod outline;
mod prose;
mod quantity;
mod reader;
mod vague;

pub use reader::read;
