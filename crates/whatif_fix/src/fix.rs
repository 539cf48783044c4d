//! What a fix is, and how the edits of several are put into a text.

use whatif_model::text::{FileId, Range, Span};

/// Whether a fix may be applied without a person looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// Whatever worked before goes on working, no later than before.
    Safe,
    /// It decides something only a person can: a bound that was never stated, or what happens to a repeat.
    Unsafe,
}

/// A repair of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, imperative, lower case, no full stop.
    pub title: String,
    /// Whether it is applied unasked.
    pub safety: Safety,
    /// The edits, of one or several files. Never empty, and none overlaps another.
    pub edits: Vec<Edit>,
}

/// A replacement of some text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty where something is put in.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Edit {
    /// Puts `text` in at a byte of a file.
    pub(crate) fn insert(file: FileId, at: u32, text: impl Into<String>) -> Self {
        Self { span: Span { file, range: Range { start: at, end: at } }, text: text.into() }
    }

    /// Replaces a range of a file.
    pub(crate) fn replace(file: FileId, range: Range, text: impl Into<String>) -> Self {
        Self { span: range.in_file(file), text: text.into() }
    }

    /// Whether both want the same text changed. Two of them that put the same in at the same place are one.
    fn collides(&self, other: &Self) -> bool {
        let (a, b) = (self.span, other.span);
        let overlaps = a.range.start < b.range.end && b.range.start < a.range.end;
        let meets = a.range.start == b.range.start && a.range.end == b.range.end;
        a.file == b.file && self != other && (overlaps || meets)
    }
}

/// The fixes that can be applied together: one that collides with an earlier one waits for the next run.
pub fn compatible<'f>(fixes: impl IntoIterator<Item = &'f Fix>) -> Vec<&'f Fix> {
    let mut chosen: Vec<&Fix> = Vec::new();
    for fix in fixes {
        let taken = |edit: &Edit| chosen.iter().flat_map(|fix| &fix.edits).any(|other| edit.collides(other));
        if !fix.edits.iter().any(taken) {
            chosen.push(fix);
        }
    }
    chosen
}

/// The text of one file with these edits made, in its own line endings; those of other files are left out. Edits that
/// lie outside the text or split a character are not made.
pub fn apply<'f>(file: FileId, text: &str, edits: impl IntoIterator<Item = &'f Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().filter(|edit| edit.span.file == file).collect();
    edits.sort();
    edits.dedup();
    let is_crlf = text.contains("\r\n");
    let mut made = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for edit in edits {
        let (start, end) = (edit.span.range.start as usize, edit.span.range.end as usize);
        let Some(before) = text.get(done..start).filter(|_| text.get(start..end).is_some()) else { continue };
        made.push_str(before);
        if is_crlf {
            made.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        } else {
            made.push_str(&edit.text);
        }
        done = end;
    }
    made.push_str(text.get(done..).unwrap_or_default());
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Range { start, end }.in_file(FileId(1)), text: text.to_owned() }
    }

    fn fix(edits: &[Edit]) -> Fix {
        Fix { title: "test".to_owned(), safety: Safety::Safe, edits: edits.to_vec() }
    }

    #[test]
    fn edits_are_made_in_order_and_once() {
        let edits = [edit(4, 5, "E"), edit(0, 0, ">"), edit(0, 0, ">"), edit(90, 91, "no")];
        assert_eq!(apply(FileId(1), "abcde", &edits), ">abcdE");
        assert_eq!(apply(FileId(2), "abcde", &edits), "abcde");
    }

    #[test]
    fn an_edit_never_splits_a_character() {
        assert_eq!(apply(FileId(1), "aüb", &[edit(2, 2, "x"), edit(3, 4, "y")]), "aüy");
    }

    #[test]
    fn line_endings_stay_as_they_are() {
        assert_eq!(apply(FileId(1), "a\r\nb", &[edit(3, 3, "x\n")]), "a\r\nx\r\nb");
    }

    #[test]
    fn of_two_fixes_that_collide_the_first_is_made() {
        let (a, b, c) = (fix(&[edit(1, 3, "x")]), fix(&[edit(2, 4, "y")]), fix(&[edit(3, 4, "z")]));
        assert_eq!(compatible([&a, &b, &c]), [&a, &c]);
    }

    #[test]
    fn the_same_import_twice_is_no_collision() {
        let (a, b) = (
            fix(&[edit(0, 0, "import time\n"), edit(9, 9, "a")]),
            fix(&[edit(0, 0, "import time\n"), edit(12, 12, "b")]),
        );
        assert_eq!(compatible([&a, &b]).len(), 2);
    }
}
