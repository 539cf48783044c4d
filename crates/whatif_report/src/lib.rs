//! One pure renderer per output format.
//!
//! Every renderer is a function from a [`Report`] and a [`Selection`] to text. The selection is made once,
//! so a format can change neither the findings, nor their order, nor the exit code.

pub mod agent;
pub mod ask;
pub mod explain;
pub mod github;
pub mod json;
pub mod lists;
pub mod model;
pub mod questions;
pub mod replay;
pub mod sarif;
pub mod terminal;
pub mod traces;

mod place;
mod selection;
mod text;
mod view;

pub use selection::{Filter, Selection};
pub use terminal::style::Style;
pub use view::{Counts, ReaderText, Report, RuleText};
