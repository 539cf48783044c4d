//! Runs the Markdown rule pages as tests.
//!
//! A page holds, under `## Finds this` and `## Accepts this`, small systems: below each `###` heading
//! some fenced files (```` ```go path=orders/main.go ````) and, where something is to be found, a
//! ```` ```finding ```` block with exactly what the rule reports. The page is documentation and test at once.

pub mod page;
pub mod run;

pub use page::{Case, Page};
pub use run::{check, updated};
