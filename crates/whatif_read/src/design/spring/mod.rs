//! Configuration of Spring applications, in YAML and properties, and of config repositories that serve it.
//!
//! A reader only flattens; which program a file belongs to, which profile is active and what the keys mean is decided
//! where all files are known.

mod properties;
mod settings;

pub(crate) use settings::{claims_properties, is_own_name, read_properties, read_tree, recognises};

/// The reader's name in output.
pub(crate) const ID: &str = "spring";
