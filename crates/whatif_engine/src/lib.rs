//! The straight line as one call: files to review.
//!
//! The only crate besides the binary that touches the file system. The command line, and later the
//! editor and agent servers, call [`review`]; tests call [`review_sources`] with files from memory.

use std::path::PathBuf;
use whatif_config::Config;
use whatif_model::finding::Finding;
use whatif_model::system::{Question, System};
use whatif_model::text::Sources;
use whatif_model::verdict::{MatrixRow, Mindset};

/// What to review, and how.
pub struct Options<'a> {
    /// Folder or file to review.
    pub root: PathBuf,
    /// The configuration.
    pub config: Config,
    /// Threads for reading; `None`: one per core.
    pub jobs: Option<usize>,
    /// Folder for cached facts; `None`: no cache. Never inside the reviewed tree.
    pub cache: Option<PathBuf>,
    /// Which questions the explorer answers; empty: none.
    pub questions: Vec<Mindset>,
    /// Told about progress, from several threads.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

/// How far a review is.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// Files were found.
    Discovered(usize),
    /// So many of them were read.
    Read(usize),
    /// The model is being built.
    Resolving,
    /// So many of so many operations were explored.
    Exploring(usize, usize),
    /// The rules run.
    Reviewing,
}

/// Everything a review found out.
pub struct Review {
    /// The files.
    pub sources: Sources,
    /// The model.
    pub system: System,
    /// Findings in output order, allowed ones included.
    pub findings: Vec<Finding>,
    /// The headline matrix, in operation order.
    pub matrix: Vec<MatrixRow>,
    /// What only the user can answer, most deciding first.
    pub questions: Vec<Question>,
    /// What was read.
    pub stats: Stats,
}

/// Counts for the summary line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Files a reader claimed and read.
    pub files_read: usize,
    /// Files no reader claims.
    pub files_ignored: usize,
    /// Bytes read.
    pub bytes: u64,
}

/// Why there is no review.
#[derive(Debug)]
pub enum Error {
    /// No file that any reader understands.
    NothingToRead,
    /// The root cannot be read, and why.
    Unreadable(PathBuf, std::io::Error),
}
