//! `whatif.toml` and suppressions in comments: answers, levels, excludes, allowances.
//!
//! Pure like the readers: text in, a [`Config`] or a [`ConfigError`] with its place out. Finding the file is
//! the binary's business.

mod apply;
mod config;
mod date;
mod error;
mod inline;
mod nearest;
mod parse;
mod promise;
mod schema;
mod template;

pub use config::{Allow, Config, Level, LevelEntry};
pub use date::Date;
pub use error::ConfigError;
pub use inline::{InlineAllow, inline_allows};
pub use nearest::nearest;
pub use schema::schema;
pub use template::TEMPLATE;
