//! Text, facts, the model of a distributed system, and findings.
//!
//! Everything else in whatif either produces these types or consumes them:
//! readers produce [`facts`], resolve turns facts into one [`system::System`], rules and the
//! explorer turn the system into [`finding::Finding`]s and verdicts, renderers print those.
//! This crate does no I/O, cannot fail, and depends on nothing of ours.

pub mod basis;
pub mod decision;
pub mod delivery;
pub mod effective;
pub mod evidence;
pub mod facts;
pub mod finding;
pub mod flow;
pub mod limits;
pub mod promise;
pub mod routes;
pub mod system;
pub mod text;
mod timeout;
pub mod value;
pub mod verdict;

pub use evidence::{Claim, Confidence, Evidence, Fact, How, Stage};
pub use text::{FileId, Range, SourceFile, Sources, Span};
pub use value::{Part, Value};
