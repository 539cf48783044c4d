//! Reads prose: documents in Markdown and AsciiDoc into facts about what they promise.

mod asciidoc;
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
