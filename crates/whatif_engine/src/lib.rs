//! The straight line as one call: files to review.
//!
//! The only crate besides the binary that touches the file system. The command line, and later the
//! editor and agent servers, call [`review`]; tests call [`review_sources`] with files from memory.

mod assemble;
mod cache;
mod code;
mod discover;
mod line;
mod read;

use cache::Cache;
use std::borrow::Cow;
use std::path::PathBuf;
use whatif_code::knowledge::{Knowledge, own};
use whatif_config::{Config, ConfigError};
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

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingToRead => f.write_str("nothing to read: no file here is one whatif understands"),
            Self::Unreadable(root, error) => write!(f, "cannot read {}: {error}", root.display()),
        }
    }
}

impl std::error::Error for Error {}

/// Reviews the files below a root.
pub fn review(options: &Options<'_>) -> Result<Review, Error> {
    with_threads(options.jobs, || review_here(options))
}

fn review_here(options: &Options<'_>) -> Result<Review, Error> {
    let discovery = discover::discover(&options.root, options.config.excludes(), read::wanted)
        .map_err(|error| Error::Unreadable(options.root.clone(), error))?;
    if let Some(tell) = options.progress {
        tell(Progress::Discovered(discovery.files.len()));
    }
    let cache = Cache::open(options.cache.as_deref(), &options.root);
    let mut stats = Stats { files_ignored: discovery.unread, ..Stats::default() };
    let (mut files, unreadable) = read::read_all(&discovery.files, &cache, options.progress, &mut stats);
    let mut problems = discovery.problems;
    problems.extend(unreadable);
    if files.is_empty() && problems.is_empty() {
        return Err(Error::NothingToRead);
    }
    if cache.damaged {
        problems.push(cache_problem("was damaged and is written anew"));
    }
    if let Some(tell) = options.progress {
        tell(Progress::Resolving);
    }
    problems.extend(assemble::assemble(&mut files));
    let manifests = read::manifests(&files);
    let code = code::units(&mut files, &manifests, &knowledge(&options.config), &cache);
    if let Err(error) = cache.close() {
        problems.push(cache_problem(&format!("cannot be written: {}", error.to_string().to_lowercase())));
    }
    Ok(line::run(files, code, problems, &options.config, &options.questions, stats, options.progress))
}

/// Checks what only the readers of code understand in a configuration: its `[[library]]` entries.
///
/// # Errors
/// The first entry that cannot be used, with its place.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    let help = "the schema is that of the built-in tables; `whatif init` writes an example";
    own(&config.text).map(drop).map_err(|(range, message)| config.error(range, message, help))
}

/// The built-in tables and what the configuration adds; entries that [`check`] refuses add nothing.
fn knowledge(config: &Config) -> Cow<'static, Knowledge> {
    match own(&config.text) {
        Ok(own) if !own.is_empty() => Cow::Owned(Knowledge::with(own)),
        _ => Cow::Borrowed(Knowledge::built_in()),
    }
}

fn cache_problem(what: &str) -> whatif_model::facts::Problem {
    whatif_model::facts::Problem { path: String::new(), span: None, message: format!("the cache {what}") }
}

/// Reviews files from memory, as tests and editors hold them.
pub fn review_sources(files: Vec<(String, String)>, config: &Config, questions: &[Mindset]) -> Review {
    let mut stats = Stats::default();
    let mut files: Vec<read::ReadFile> = files
        .into_iter()
        .filter(|(path, _)| read::wanted(path))
        .map(|(path, text)| {
            let facts = read::read_text(&path, &text);
            stats.files_read += 1;
            stats.bytes += text.len() as u64;
            read::ReadFile::of(whatif_model::SourceFile::new(path, text), facts)
        })
        .collect();
    let problems: Vec<_> = assemble::assemble(&mut files).into_iter().collect();
    let manifests = read::manifests(&files);
    let code = code::units(&mut files, &manifests, &knowledge(config), &Cache::default());
    line::run(files, code, problems, config, questions, stats, None)
}

/// Runs `work` with so many threads; one per core when not said.
fn with_threads<T: Send>(jobs: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    match jobs.map(|jobs| rayon::ThreadPoolBuilder::new().num_threads(jobs.max(1)).build()) {
        Some(Ok(pool)) => pool.install(work),
        _ => work(),
    }
}
