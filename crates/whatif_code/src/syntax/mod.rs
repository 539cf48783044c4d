//! What the front ends share: parsing within a budget, walking a syntax tree, reading literals.

mod literal;
mod origin;
mod table;
mod walk;

pub(crate) use literal::{number, push_text, template, unescape};
pub(crate) use origin::{has_marker, in_test_folder};
pub(crate) use table::{Kind, Table, grammar};
pub(crate) use walk::{Part, Walk, error_ranges, parse};
