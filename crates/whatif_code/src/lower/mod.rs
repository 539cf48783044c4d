//! From modules to flows: which modules make one program, where it is entered, and what it then does.

mod entries;
mod interpret;
mod leaks;
mod options;
mod platform;
mod print;
mod program;
mod programs;
mod sagas;
mod sql;
mod stale;
mod syntax;
mod telemetry;
#[cfg(test)]
mod tests;
mod unguarded;
mod units;
mod unreached;
mod values;

pub use print::print;
pub(crate) use program::{Imported, Program, canonical, folder_of, join_path};
pub use programs::{Programs, lower, sort};
pub(crate) use syntax::is_plain;
pub use units::Manifest;
pub(crate) use units::{Unit, is_around};
