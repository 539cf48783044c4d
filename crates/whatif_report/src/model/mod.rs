//! What we believe about the system, as text and as pictures.

mod dot;
mod focus;
mod gaps;
mod mermaid;
mod overview;
pub(crate) mod words;

pub(crate) use focus::places;

pub use dot::render as dot;
pub use focus::render as focus;
pub use gaps::{ignored, unknown};
pub use mermaid::render as mermaid;
pub use overview::render as text;
