//! The explorer: every interleaving and every small combination of faults of
//! one operation slice.
//!
//! A [`Slice`] is a self-contained description of an operation; [`check`]
//! specialises it for each value of its unknowns, reduces it, explores it
//! breadth first and returns an [`Answer`]. [`repair`] looks for the smallest
//! set of practices that turns a broken answer clean.
//!
//! # How steps are counted
//! One step of a trace is one transition: a client action, one visible step
//! of a thread together with the local steps around it, one whole database
//! transaction when it is collapsed, the receipt of a reply, one relay action
//! or one fault. Delivery of a request or message is not a step of its own:
//! it is part of the first visible step of the thread it starts.

mod answer;
mod canonical;
mod code;
mod dominance;
mod environment;
mod fault;
mod layout;
pub mod limits;
mod machine;
mod partition;
mod program;
mod promise;
mod property;
mod question;
mod reduce;
mod repair;
mod search;
mod state;
mod step;
mod trace;
mod unknown;
mod visited;

pub use answer::{Answer, Incompleteness, Options, Reductions, Verdict, check};
pub use code::{Cut, Rejected};
pub use fault::{Budget, Fault};
pub use program::*;
pub use property::{Breach, Property};
pub use question::{Bounds, Question};
pub use repair::{Practice, Repair, Shortcut, repair};
pub use trace::{Actor, Change, Event, Place, Subject, Trace, TraceStep};
pub use unknown::{Condition, Literal};
