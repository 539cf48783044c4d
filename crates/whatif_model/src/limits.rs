//! Every limit of the core, in one place. Whoever hits one says so in the output.

/// Largest file that is read, in bytes; larger ones are listed as ignored.
/// The largest hand-written contract we measured has 3.5 MB; generated bundles beyond 8 MB carry no design.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Deepest nesting of a document or syntax tree that is followed.
pub const DEPTH_MAX: usize = 200;

/// Most nodes one document may expand to through YAML aliases or references (alias bombs).
pub const NODES_MAX: usize = 1_000_000;

/// Deepest chain of calls between functions of one service that is followed when a flow is lowered.
pub const INLINE_DEPTH_MAX: usize = 12;

/// Most steps one flow may hold; a longer flow is cut, and says so.
pub const FLOW_STEPS_MAX: usize = 2_000;
