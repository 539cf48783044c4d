//! Which files there are: walks the root, follows nothing out of it, and says what it left out.

use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use std::path::{Path, PathBuf};
use whatif_model::facts::Problem;
use whatif_model::limits::FILE_BYTES_MAX;

/// Folders that hold other people's code or build results.
const FOREIGN: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".idea",
    ".vscode",
    ".tox",
    ".venv",
    "venv",
    "__pycache__",
    "node_modules",
    "bower_components",
    "vendor",
    "third_party",
    "site-packages",
    ".terraform",
    "target",
    ".gradle",
    ".mvn",
];

/// A file to read.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Root-relative, with `/`.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) place: PathBuf,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// Files in path order.
    pub(crate) files: Vec<Found>,
    /// What could not be looked at, and files too large to read.
    pub(crate) problems: Vec<Problem>,
    /// Files that nothing reads.
    pub(crate) unread: usize,
}

/// Walks `root`. `wanted` decides by path alone whether a file is worth opening.
pub(crate) fn discover(
    root: &Path,
    excludes: &[String],
    wanted: impl Fn(&str) -> bool,
) -> Result<Discovery, std::io::Error> {
    // Fails early with the operating system's own words when the root is not there or not readable.
    if std::fs::metadata(root)?.is_dir() {
        std::fs::read_dir(root)?;
    }
    let mut out = Discovery::default();
    for entry in walker(root, excludes).build() {
        match entry {
            Ok(entry) => take(root, &entry, &wanted, &mut out),
            Err(error) => out.problems.push(problem(root, &error)),
        }
    }
    out.files.sort_by(|a, b| a.path.cmp(&b.path));
    out.problems.sort();
    Ok(out)
}

fn walker(root: &Path, excludes: &[String]) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    // The result must not depend on anything outside the root: no ignore files of parents or of the user.
    walker.hidden(false).parents(false).git_global(false).git_exclude(false).require_git(false).follow_links(false);
    walker.filter_entry(|entry| {
        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        !(folder && entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| FOREIGN.contains(&name)))
    });
    let mut overrides = OverrideBuilder::new(root);
    for exclude in excludes {
        // A pattern that does not parse excludes nothing; whatif.toml is checked where it is read.
        overrides.add(&format!("!{exclude}")).ok();
    }
    if let Ok(overrides) = overrides.build() {
        walker.overrides(overrides);
    }
    walker
}

fn take(root: &Path, entry: &ignore::DirEntry, wanted: &impl Fn(&str) -> bool, out: &mut Discovery) {
    if let Some(error) = entry.error() {
        out.problems.push(problem(root, error));
    }
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return;
    }
    let path = relative(root, entry.path());
    if !wanted(&path) {
        out.unread += 1;
        return;
    }
    match entry.metadata().map(|metadata| metadata.len()) {
        Ok(bytes) if bytes > FILE_BYTES_MAX => out.problems.push(Problem {
            message: format!("larger than {} MB, not read", FILE_BYTES_MAX / (1024 * 1024)),
            path,
            span: None,
        }),
        _ => out.files.push(Found { path, place: entry.path().to_owned() }),
    }
}

/// Root-relative with `/`; a root that is a file is called by its own name.
fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() {
        return path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    }
    parts.join("/")
}

fn problem(root: &Path, error: &ignore::Error) -> Problem {
    let path = match error {
        ignore::Error::WithPath { path, .. } => relative(root, path),
        _ => String::new(),
    };
    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    Problem { path, span: None, message: format!("cannot be read: {}", reason.to_lowercase()) }
}
