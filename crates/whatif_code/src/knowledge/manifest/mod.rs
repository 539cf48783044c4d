//! Manifests and lockfiles: who a package is, and which versions of what it uses. One file per build tool.

mod cargo;
mod dotnet;
mod go;
mod gradle;
mod maven;
mod npm;
mod python;
mod reading;

pub(crate) use reading::join;
pub use reading::{is_manifest, read};
