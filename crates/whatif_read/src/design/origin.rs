//! Where the text of a document that was put together from several files comes from.
//!
//! A rendered chart and a built kustomization are read like any document; their ranges are places in the result,
//! and this is what leads from there back to the files people edit.

use whatif_model::{FileId, Range, Span};

/// The origins of a text, piece by piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    pieces: Vec<Piece>,
}

/// Some bytes of the result, and where they come from.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// First byte in the result.
    start: u32,
    /// The place in the file.
    place: Span,
    /// Whether the bytes are those of the place, one by one; otherwise all of them come from all of it.
    copied: bool,
    /// The file that says what stands at the place, when that is another one.
    value: Option<Span>,
}

impl Origins {
    /// Says where the bytes from `start` on come from, up to the start of the next piece.
    pub(crate) fn push(&mut self, start: usize, place: Span, copied: bool, value: Option<Span>) {
        let start = Range::new(start, start).start;
        self.pieces.push(Piece { start, place, copied, value });
    }

    /// The place in a file of a range of the result.
    pub(crate) fn locate(&self, range: Range) -> Option<Span> {
        let first = self.piece(range.start)?;
        let from = first.at(range.start, range.start);
        let last = self.piece(range.end.saturating_sub(1).max(range.start))?;
        let to = last.at(range.end, range.end.saturating_sub(1));
        let one_file = from.file == to.file && to.range.end >= from.range.start;
        Some(if one_file { from.range.cover(to.range).in_file(from.file) } else { first.at(range.start, range.start) })
    }

    /// Every place whose text another file gives, and that file's place.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Span, Span)> {
        self.pieces.iter().filter_map(|piece| Some((piece.place, piece.value?)))
    }

    fn piece(&self, byte: u32) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.start <= byte);
        self.pieces.get(next.checked_sub(1)?)
    }
}

impl Piece {
    /// The place of the bytes from its own start up to `byte`, as far as they are copied one by one.
    fn at(&self, byte: u32, of: u32) -> Span {
        if !self.copied {
            return self.place;
        }
        let shift = |byte: u32| {
            let at = self.place.range.start.saturating_add(byte.saturating_sub(self.start));
            at.min(self.place.range.end)
        };
        Range { start: shift(of), end: shift(byte) }.in_file(self.place.file)
    }
}

/// The place of a whole file, for what cannot be told more exactly.
pub(crate) fn beginning(path: &str) -> Span {
    Range::default().in_file(FileId::of(path))
}

/// Whether what is put together in a folder is test data or an example, and deployed by nobody.
pub(crate) fn is_example(folder: &str) -> bool {
    let named = |part: &str| matches!(part, "test" | "tests" | "testdata" | "fixtures" | "e2e" | "examples");
    folder.split('/').any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lead_back_to_their_files() {
        let (a, b) = (FileId::of("a"), FileId::of("b"));
        let mut origins = Origins::default();
        origins.push(0, Range::new(10, 20).in_file(a), true, None);
        origins.push(10, Range::new(20, 40).in_file(a), false, Some(Range::new(3, 4).in_file(b)));
        origins.push(15, Range::new(40, 50).in_file(a), true, None);
        origins.push(25, Range::new(0, 9).in_file(b), true, None);
        assert_eq!(origins.locate(Range::new(2, 5)), Some(Range::new(12, 15).in_file(a)));
        assert_eq!(origins.locate(Range::new(8, 12)), Some(Range::new(18, 40).in_file(a)));
        assert_eq!(origins.locate(Range::new(11, 17)), Some(Range::new(20, 42).in_file(a)));
        assert_eq!(origins.locate(Range::new(17, 30)), Some(Range::new(42, 42).in_file(a)));
        assert_eq!(origins.values().count(), 1);
        assert_eq!(Origins::default().locate(Range::new(0, 1)), None);
    }
}
