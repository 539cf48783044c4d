//! Text, facts, the model of a distributed system, and findings.
//!
//! Everything else in whatif either produces these types or consumes them:
//! readers produce [`facts`], resolve turns facts into one [`system::System`], rules and the
//! explorer turn the system into [`finding::Finding`]s and verdicts, renderers print those.
//! This crate does no I/O, cannot fail, and depends on nothing of ours.

pub mod basis;
pub mod decision;
<<<<<<< HEAD
pub mod delivery;
=======
mod delivery;
>>>>>>> 7fece3d (JavaScript: routers by name, tRPC, GraphQL resolvers, Lambda, server actions and pages; AWS, Azure and Google clients; what ends by itself is no lasting state; breakers blind to answers; large programs are loaded whole)
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
