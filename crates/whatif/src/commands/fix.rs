//! `whatif review --fix` and `--diff`: the repairs of what a review shows, previewed or written.

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use std::collections::BTreeSet;
use std::path::Path;
use whatif_fix::{Fix, Safety, apply, compatible, fixes, unified};
use whatif_model::text::{FileId, SourceFile};
use whatif_report::Selection;

/// The repairs a run makes, and the changed files.
pub(super) struct Fixes<'a> {
    /// The files each repair changes.
    made: Vec<BTreeSet<FileId>>,
    /// How many more there are that only a person may choose.
    withheld: usize,
    changed: Vec<(&'a SourceFile, String)>,
}

impl<'a> Fixes<'a> {
    /// The repairs of the findings shown; unsafe ones only when asked for.
    pub(super) fn of(session: &'a Session, selection: &Selection<'_>, also_unsafe: bool) -> Self {
        let review = &session.review;
        let all = fixes(selection.shown.iter().copied(), &review.system, &review.sources);
        let is_chosen = |fix: &&Fix| also_unsafe || fix.safety == Safety::Safe;
        let made = compatible(all.iter().map(|(_, fix)| fix).filter(is_chosen));
        let withheld = all.iter().filter(|(_, fix)| !is_chosen(&fix)).count();
        let edits = || made.iter().flat_map(|fix| &fix.edits);
        let touched = |file: &&SourceFile| edits().any(|edit| edit.span.file == file.id);
        let files = review.sources.iter().filter(touched);
        let changed = files.map(|file| (file, apply(file.id, &file.text, edits()))).collect();
        let made = made.iter().map(|fix| fix.edits.iter().map(|edit| edit.span.file).collect()).collect();
        Self { made, withheld, changed }
    }

    /// All changes in the unified format; what else there is goes to stderr.
    pub(super) fn diff(&self) -> String {
        output::note(&format!("{} would be made{}", count(self.made.len(), "repair"), self.rest()));
        self.changed.iter().map(|(file, after)| unified(&file.path, &file.text, after)).collect()
    }

    /// Writes the changed files and says how many there are.
    ///
    /// # Errors
    /// A file that is not what was reviewed (changed meanwhile, not UTF-8, a symbolic link) is left alone; one that
    /// cannot be written ends the run.
    pub(super) fn write(&self, root: &Path) -> Result<usize, Failure> {
        let mut written = BTreeSet::new();
        for (file, after) in &self.changed {
            let path = if root.is_dir() { root.join(&file.path) } else { root.to_owned() };
            let is_own = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
            if !is_own || std::fs::read(&path).ok().as_deref() != Some(file.text.as_bytes()) {
                output::note(&format!("{} is not what was reviewed and stays as it is", file.path));
                continue;
            }
            std::fs::write(&path, after)
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display()), ""))?;
            written.insert(file.id);
        }
        let made = self.made.iter().filter(|files| files.is_subset(&written)).count();
        output::note(&format!("{} in {}{}", count(made, "repair"), count(written.len(), "file"), self.rest()));
        Ok(written.len())
    }

    fn rest(&self) -> String {
        match self.withheld {
            0 => String::new(),
            more => format!("; {more} more with --unsafe"),
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
