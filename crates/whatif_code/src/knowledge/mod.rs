//! What libraries do: call forms with their roles, and the defaults that apply when nothing is set.
//!
//! The tables are data (one folder per language); nothing about a library is decided in Rust if a
//! table can say it. The same schema is meant for users' own wrappers.

mod argument;
mod index;
pub(crate) use index::symbol;
pub mod manifest;
mod own;
mod schema;
mod signal;
mod version;

pub use argument::{ArgSpec, Place};
pub use index::{Found, Knowledge};
pub use own::own;
pub use schema::{
    Default, Does, Element, EntryForm, EntryTrigger, Form, Library, Pattern, ResultMethod, SagaPart, State, TypeForm,
    Words,
};
pub use signal::Signal;
pub use version::Versions;
