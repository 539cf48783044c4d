//! What every reader of a design document works with: the document, and the facts found so far.

use super::kustomize;
use super::origin::Origins;
use crate::tree::{Documents, Node};
use whatif_model::evidence::{Evidence, How, Stage};
use whatif_model::facts::{DesignFacts, Ignored, Problem};
use whatif_model::{FileId, Range, Span};

/// One document being read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// Root-relative path, with `/`.
    pub(crate) path: &'a str,
    /// Its text.
    pub(crate) text: &'a str,
    /// Facts found so far.
    pub(crate) facts: DesignFacts,
    /// What was not understood so far.
    pub(crate) ignored: Vec<Ignored>,
    /// What could not be read so far.
    pub(crate) problems: Vec<Problem>,
    file: FileId,
    /// Where the text comes from, when it is put together from files.
    origins: Option<&'a Origins>,
    /// Offsets at which something may stand that was left open, in order.
    holes: &'a [usize],
    /// What the document says is deployed, whatever its path looks like.
    is_deployed: bool,
}

impl<'a> Reading<'a> {
    /// Starts to read.
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        let file = FileId::of(path);
        let (facts, ignored, problems) = (DesignFacts::default(), Vec::new(), Vec::new());
        Self { path, text, file, facts, ignored, problems, origins: None, holes: &[], is_deployed: false }
    }

    /// The text was put together: its places are those of the files it comes from.
    pub(crate) fn rendered(self, origins: &'a Origins, holes: &'a [usize]) -> Self {
        Self { origins: Some(origins), holes, ..self }
    }

    /// What the document says is part of a deployment that was put together.
    pub(crate) fn deployed(self) -> Self {
        Self { is_deployed: true, ..self }
    }

    /// Whether what the document says only holds in a variant, by its path.
    pub(crate) fn is_variant(&self) -> bool {
        !self.is_deployed && kustomize::is_variant(self.path)
    }

    /// Whether something may stand in a range that was left open, so that nothing there is proven absent.
    pub(crate) fn is_open(&self, range: Range) -> bool {
        let first = self.holes.partition_point(|hole| *hole < range.start as usize);
        self.holes.get(first).is_some_and(|hole| *hole <= range.end as usize)
    }

    /// The folder of the document, empty for the root.
    pub(crate) fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file's name.
    pub(crate) fn file_name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// A path relative to the document's folder as a root-relative one; none when it leaves the root.
    pub(crate) fn resolve(&self, relative: &str) -> Option<String> {
        join(self.folder(), relative)
    }

    /// A place in this document.
    pub(crate) fn span(&self, range: Range) -> Span {
        self.origins.and_then(|origins| origins.locate(range)).unwrap_or_else(|| range.in_file(self.file))
    }

    /// Evidence that stands at `range`.
    pub(crate) fn stated(&self, range: Range, label: impl Into<String>) -> Evidence {
        Evidence::stated(Stage::Design, self.span(range), label)
    }

    /// Evidence that follows from what stands at `range`.
    pub(crate) fn derived(&self, range: Range, label: impl Into<String>) -> Evidence {
        Evidence::derived(Stage::Design, self.span(range), label)
    }

    /// Evidence that nothing stands at `range`, where it would, and `of` then does something by default.
    pub(crate) fn default(&self, range: Range, of: &str, link: &str, label: impl Into<String>) -> Evidence {
        let how = How::Default { of: of.to_owned(), link: link.to_owned() };
        Evidence { span: self.span(range), stage: Stage::Design, how, label: label.into() }
    }

    /// Lists something that is not understood.
    pub(crate) fn ignore(&mut self, range: Range, reason: impl Into<String>) {
        let span = self.span(range);
        self.ignored.push(Ignored { span, reason: reason.into() });
    }

    /// Lists every key of a mapping that is not one of `known`; `what` names the mapping.
    pub(crate) fn ignore_other_keys(&mut self, node: &Node<'_>, known: &[&str], what: &str) {
        for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_ref())) {
            self.ignore(entry.key_range, format!("`{}` of a {what} is not read", entry.key));
        }
    }

    /// Reports something that could not be read.
    pub(crate) fn problem(&mut self, range: Range, message: impl Into<String>) {
        let span = Some(self.span(range));
        self.problems.push(Problem { path: self.path.to_owned(), span, message: message.into() });
    }

    /// Reports the syntax errors of a tree.
    pub(crate) fn problems_of(&mut self, documents: &Documents<'_>) {
        for problem in &documents.problems {
            self.problem(problem.range, problem.message.clone());
        }
    }
}

/// Joins a root-relative folder and a path relative to it; none when the result is outside the root or not local.
pub(crate) fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') || relative.starts_with('~') || relative.contains("://") || relative.contains('$') {
        return None;
    }
    whatif_model::text::join(folder, relative)
}

/// Milliseconds of a duration as Go writes it (`1m30s`, `500ms`, `1.5s`), which compose, Kubernetes and Istio share.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms = match rest.get(..letters)? {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            "us" | "ns" => 0.0,
            _ => return None,
        };
        rest = rest.get(letters..)?;
        total += number * unit_ms;
    }
    // A duration beyond u64 milliseconds saturates, which is as good as for ever.
    Some(total.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_root() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("", ".").as_deref(), Some(""));
        assert_eq!(join("a", "../../x"), None);
        assert_eq!(join("a", "/etc"), None);
        assert_eq!(join("a", "https://x/y.git"), None);
    }

    #[test]
    fn durations_are_milliseconds() {
        assert_eq!(duration_ms("1m30s"), Some(90_000));
        assert_eq!(duration_ms("1.5s"), Some(1_500));
        assert_eq!(duration_ms("250ms"), Some(250));
        assert_eq!(duration_ms("10"), None);
        assert_eq!(duration_ms(""), None);
    }
}
