//! Files, byte ranges and the conversion to lines and columns that renderers need.
//!
//! Inside the core a place is a byte range; line numbers exist only at the edge.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A byte range inside one file: `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Range {
    /// The range `start..end`; files longer than `u32::MAX` bytes are never read (see [`crate::limits`]).
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest range that covers both.
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies inside this range.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// This range in `file`.
    pub fn in_file(self, file: FileId) -> Span {
        Span { file, range: self }
    }
}

impl From<std::ops::Range<usize>> for Range {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// Identifies a file by its root-relative path, so that cached facts survive a renumbering of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u64);

impl FileId {
    /// The 64-bit FNV-1a hash of the path (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>):
    /// stable across runs and machines; at 10^5 files a collision has odds of about 10^-10.
    pub fn of(path: &str) -> Self {
        Self(fnv1a(path.as_bytes()))
    }
}

/// The 64-bit FNV-1a hash, used where a hash must be stable across runs.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A byte range in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub range: Range,
}

/// One file under review.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its identity.
    pub id: FileId,
    /// Root-relative, with `/` on every system.
    pub path: String,
    /// Its text, as UTF-8 (lossily decoded where it was not; that is a problem of its own).
    pub text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl SourceFile {
    /// Indexes the lines of `text`.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let (path, text) = (path.into(), text.into());
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
            .map(|at| u32::try_from(at).unwrap_or(u32::MAX))
            .collect();
        Self { id: FileId::of(&path), path, text, line_starts: starts }
    }

    /// Line and column of a byte, both counted from 1; columns count Unicode scalar values.
    pub fn position(&self, byte: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= byte).max(1);
        let start = self.line_starts[line - 1] as usize;
        let mut end = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// The byte at which line `number` (from 1) begins; the end of the text when there is no such line.
    pub fn line_start(&self, number: usize) -> u32 {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        number.checked_sub(1).and_then(|at| self.line_starts.get(at)).copied().unwrap_or(end)
    }

    /// The text of a range, empty when it lies outside the file or splits a character.
    pub fn slice(&self, range: Range) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    /// The text of line `number` (from 1), without its line break; empty when there is none.
    pub fn line(&self, number: usize) -> &str {
        let Some(start) = number.checked_sub(1).and_then(|at| self.line_starts.get(at)) else {
            return "";
        };
        let rest = self.text.get(*start as usize..).unwrap_or("");
        rest.split(['\n', '\r']).next().unwrap_or("")
    }
}

/// All files of a review, in path order.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_id: Vec<(FileId, usize)>,
}

impl Sources {
    /// Sorts the files by path; of two files with one path the first stays.
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, first| later.path == first.path);
        let mut by_id: Vec<_> = files.iter().enumerate().map(|(at, file)| (file.id, at)).collect();
        by_id.sort_unstable();
        Self { files, by_id }
    }

    /// The file with this id.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        let at = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.files.get(self.by_id[at].1)
    }

    /// The file at this root-relative path.
    pub fn by_path(&self, path: &str) -> Option<&SourceFile> {
        self.get(FileId::of(path))
    }

    /// The root-relative path of a file, `?` when it is not one of these.
    pub fn path(&self, id: FileId) -> &str {
        self.get(id).map_or("?", |file| file.path.as_str())
    }

    /// All files in path order.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// Path, line and column of the start of a span, for output.
    pub fn locate(&self, span: Span) -> (&str, usize, usize) {
        self.get(span.file).map_or(("?", 1, 1), |file| {
            let (line, column) = file.position(span.range.start);
            (file.path.as_str(), line, column)
        })
    }

    /// A key that orders spans by path, then position.
    pub fn order(&self, span: Span) -> (&str, Range) {
        (self.path(span.file), span.range)
    }
}

/// The folder of a root-relative path, empty for the root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path relative to a root-relative folder as a root-relative one; none when it leaves the root.
pub fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let file = SourceFile::new("a.md", "ab\nçd\n");
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position(3), (2, 1));
        assert_eq!(file.position(5), (2, 2));
        assert_eq!(file.position(99), (3, 1));
        assert_eq!(file.line(2), "çd");
        assert_eq!(file.line(9), "");
        assert_eq!((file.line_start(2), file.line_start(9)), (3, 7));
    }

    #[test]
    fn files_are_found_by_id_and_kept_in_path_order() {
        let sources =
            Sources::new(vec![SourceFile::new("b", "2"), SourceFile::new("a", "1"), SourceFile::new("a", "x")]);
        assert_eq!(sources.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(sources.by_path("a").map(|f| &*f.text), Some("1"));
    }
}
