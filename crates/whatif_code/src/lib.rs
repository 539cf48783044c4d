//! Source readers: one language-neutral program, lowered into flows.
//!
//! [`read`] turns one file into a [`ir::Module`] (pure, per file, cacheable);
//! [`lower`] turns the modules of one repository into [`whatif_model::facts::code::CodeUnit`]s:
//! entry points with their flows. Library knowledge lives in `knowledge/*.toml`.

pub mod csharp;
pub mod go;
pub mod ir;
pub mod java;
pub mod javascript;
pub mod knowledge;
pub mod language;
pub mod lower;
pub mod python;
pub mod rust;
mod syntax;
