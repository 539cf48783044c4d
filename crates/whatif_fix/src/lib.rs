//! Repairs of findings as edits of the reviewed text, each in the idiom of the library it is about.
//!
//! A repair looks at what a finding cites and at the text there; which argument or field it writes is what the
//! library tables say a call takes. What cannot be written with certainty gets no fix: the finding's help stays.
//! Everything here is pure; whoever calls it writes the files.

mod acknowledge_last;
mod add_timeout;
mod diff;
mod fix;
mod idiom;
mod imports;
mod pass_context;
mod randomise_pause;
mod repair;
mod source;

pub use diff::unified;
pub use fix::{Edit, Fix, Safety, apply, compatible};
pub use repair::fixes;
