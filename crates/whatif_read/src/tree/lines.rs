//! From the parser's lines and columns to bytes.

/// Where the lines of a text begin.
///
/// The parser counts columns in characters, and its running index mixes characters and bytes inside
/// comments; line and column together are reliable.
#[derive(Default)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    ascii: bool,
}

impl<'t> Lines<'t> {
    /// Indexes the lines of `text`; `\n`, `\r\n` and a lone `\r` end one, as in YAML.
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        let starts = std::iter::once(0).chain((0..bytes.len()).filter(|at| ends(*at)).map(|at| at + 1)).collect();
        Self { text, starts, ascii: text.is_ascii() }
    }

    /// The byte at a line (from 1) and a column (from 0, in characters); past the end of a line it is the line's end.
    pub(super) fn byte(&self, line: usize, column: usize) -> usize {
        let at = line.saturating_sub(1);
        let Some(start) = self.starts.get(at).copied() else { return self.text.len() };
        let end = self.starts.get(at + 1).copied().unwrap_or(self.text.len());
        if self.ascii {
            return start.saturating_add(column).min(end);
        }
        let content = self.text.get(start..end).unwrap_or("");
        content.char_indices().nth(column).map_or(end, |(offset, _)| start + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_characters_become_bytes() {
        let lines = Lines::new("é: ü\r\nb\rc");
        assert_eq!(lines.byte(1, 0), 0);
        assert_eq!(lines.byte(1, 3), 4);
        assert_eq!(lines.byte(2, 0), 8);
        assert_eq!(lines.byte(3, 0), 10);
        assert_eq!(lines.byte(3, 9), 11);
        assert_eq!(lines.byte(99, 0), 11);
    }
}
