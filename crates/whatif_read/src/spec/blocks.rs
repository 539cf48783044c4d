//! Markdown as blocks: one pass over the lines, no backtracking, so time is linear in the input.
//!
//! Only what reading prose needs is told apart. Inline markup is the lexer's business
//! ([`super::lexer`]). JSX and `import` lines of MDX count as markup.

use std::ops::Range;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Heading(u8),
    Paragraph,
    /// List item; depth counts from 0 by indentation.
    Item(u8),
    TableHeader,
    TableRow,
    Quote,
    Fence,
    Comment,
    Markup,
    FrontMatter,
}

/// A block and the bytes of its content (markers of headings, items and fences left out).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) range: Range<usize>,
    /// Of a fence: the info string.
    pub(crate) info: Range<usize>,
}

/// Splits a document into blocks, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut scan = Scan { text, out: Vec::new(), open: None, state: State::Text, blank: true };
    let mut at = front_matter(text);
    if at > 0 {
        scan.push(BlockKind::FrontMatter, 0..at);
    }
    while at < text.len() {
        let end = line_end(text, at);
        scan.line(at, end);
        at = end + 1;
    }
    scan.close();
    scan.finish()
}

struct Scan<'t> {
    text: &'t str,
    out: Vec<Block>,
    /// The paragraph, item or quote that following lines continue.
    open: Option<Block>,
    state: State,
    blank: bool,
}

enum State {
    Text,
    Fence { mark: u8, length: usize, start: usize, info: Range<usize> },
    Comment { start: usize },
}

impl Scan<'_> {
    fn push(&mut self, kind: BlockKind, range: Range<usize>) {
        self.out.push(Block { kind, range, info: 0..0 });
    }

    fn close(&mut self) {
        self.out.extend(self.open.take());
    }

    fn finish(mut self) -> Vec<Block> {
        let end = self.text.len();
        match std::mem::replace(&mut self.state, State::Text) {
            State::Text => {}
            State::Fence { start, info, .. } => {
                self.out.push(Block { kind: BlockKind::Fence, range: start.min(end)..end, info });
            }
            State::Comment { start } => self.push(BlockKind::Comment, start..end),
        }
        self.out
    }

    fn line(&mut self, start: usize, end: usize) {
        match &self.state {
            State::Fence { mark, length, start: code, info } => {
                let line = self.text[start..end].trim_start_matches([' ', '\t', '>']);
                if fence(line).is_some_and(|(m, n)| m == *mark && n >= *length && line[n..].trim().is_empty()) {
                    let block = Block { kind: BlockKind::Fence, range: *code..start.max(*code), info: info.clone() };
                    self.out.push(block);
                    self.state = State::Text;
                }
            }
            State::Comment { start: from } => {
                if let Some(close) = self.text[start..end].find("-->") {
                    let range = *from..start + close + 3;
                    self.push(BlockKind::Comment, range);
                    self.state = State::Text;
                }
            }
            State::Text => self.text_line(start, end),
        }
    }

    fn text_line(&mut self, start: usize, end: usize) {
        let raw = &self.text[start..end];
        let line = raw.trim();
        if line.is_empty() {
            self.close();
            self.blank = true;
            return;
        }
        let indent = raw.len() - raw.trim_start().len();
        let from = start + indent;
        let to = from + line.len();
        let after_blank = std::mem::replace(&mut self.blank, false);
        if self.fence_or_comment(line, from, to, end) || self.rule_or_heading(line, from, to) {
            return;
        }
        if line.starts_with('|') || (self.table_follows(line, end) && self.open.is_none()) {
            self.table_row(line, from, to, end);
        } else if line.starts_with('>') {
            self.quote(from, to);
        } else if let Some(marker) = item_marker(line) {
            self.close();
            let depth = u8::try_from(indent / 2).unwrap_or(u8::MAX).min(12);
            self.open = Some(Block { kind: BlockKind::Item(depth), range: from + marker..to, info: 0..0 });
        } else if markup(line) || (after_blank && indent >= 4 && !self.in_list()) {
            self.close();
            self.push(BlockKind::Markup, from..to);
        } else if let Some(open) = &mut self.open {
            open.range.end = to;
        } else {
            self.open = Some(Block { kind: BlockKind::Paragraph, range: from..to, info: 0..0 });
        }
    }

    fn fence_or_comment(&mut self, line: &str, from: usize, to: usize, end: usize) -> bool {
        let bare = line.trim_start_matches(['>', ' ', '-', '*']);
        let shift = line.len() - bare.len();
        if let Some((mark, length)) = fence(bare) {
            self.close();
            let info = from + shift + length..to;
            self.state = State::Fence { mark, length, start: (end + 1).min(self.text.len()), info };
            return true;
        }
        if let Some(open) = line.find("<!--")
            && !line[open..].contains("-->")
        {
            if open > 0 && self.open.is_none() {
                self.open = Some(Block { kind: BlockKind::Paragraph, range: from..from + open, info: 0..0 });
            }
            self.close();
            self.state = State::Comment { start: from + open };
            return true;
        }
        if line.starts_with("<!--") && line.ends_with("-->") {
            self.close();
            self.push(BlockKind::Comment, from..to);
            return true;
        }
        false
    }

    fn rule_or_heading(&mut self, line: &str, from: usize, to: usize) -> bool {
        let hashes = line.bytes().take_while(|b| *b == b'#').count();
        if (1..=6).contains(&hashes) && line[hashes..].starts_with([' ', '\t']) {
            self.close();
            let content = line[hashes..].trim_start();
            let start = from + line.len() - content.len();
            let title = content.trim_end_matches('#').trim_end();
            let level = u8::try_from(hashes).unwrap_or(6);
            self.push(BlockKind::Heading(level), start..start + title.len());
            return true;
        }
        let underline = |mark| line.len() >= 2 && line.bytes().all(|b| b == mark);
        let level = if underline(b'=') { 1 } else { 2 };
        if underline(b'=') || underline(b'-') {
            match self.open.take() {
                Some(Block { kind: BlockKind::Paragraph, range, .. }) => self.push(BlockKind::Heading(level), range),
                other => {
                    self.out.extend(other);
                    self.push(BlockKind::Markup, from..to);
                }
            }
            return true;
        }
        if line.len() >= 3 && line.bytes().all(|b| matches!(b, b'*' | b'_' | b'-' | b' ')) {
            self.close();
            return true;
        }
        false
    }

    fn table_follows(&self, line: &str, end: usize) -> bool {
        line.contains('|') && end < self.text.len() && {
            let next = &self.text[end + 1..line_end(self.text, end + 1)];
            delimiter_row(next.trim())
        }
    }

    fn table_row(&mut self, line: &str, from: usize, to: usize, end: usize) {
        self.close();
        let kind = if delimiter_row(line) {
            BlockKind::Markup
        } else if self.table_follows(line, end) {
            BlockKind::TableHeader
        } else {
            BlockKind::TableRow
        };
        self.push(kind, from..to);
    }

    fn quote(&mut self, from: usize, to: usize) {
        match &mut self.open {
            Some(open) if open.kind == BlockKind::Quote => open.range.end = to,
            _ => {
                self.close();
                self.open = Some(Block { kind: BlockKind::Quote, range: from..to, info: 0..0 });
            }
        }
    }

    fn in_list(&self) -> bool {
        let last = self
            .out
            .iter()
            .rev()
            .take(LIST_LOOK_BACK)
            .find(|b| !matches!(b.kind, BlockKind::Fence | BlockKind::Markup));
        last.is_some_and(|b| !matches!(b.kind, BlockKind::Heading(_))) && self.near_item()
    }

    /// Whether an item was seen among the last few blocks: an indented line then belongs to the list.
    fn near_item(&self) -> bool {
        self.out.iter().rev().take(LIST_LOOK_BACK).any(|b| matches!(b.kind, BlockKind::Item(_)))
    }
}

/// How many blocks back a list item may lie for an indented line to belong to it.
const LIST_LOOK_BACK: usize = 6;

fn line_end(text: &str, from: usize) -> usize {
    text.as_bytes().get(from..).and_then(|rest| rest.iter().position(|b| *b == b'\n')).map_or(text.len(), |n| from + n)
}

/// Length of YAML or TOML front matter, 0 when there is none.
fn front_matter(text: &str) -> usize {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = match text.get(..4) {
        Some("---\n") => "\n---",
        Some("+++\n") => "\n+++",
        _ => return 0,
    };
    text[3..].find(mark).map_or(0, |n| line_end(text, 3 + n + 1))
}

/// Mark and length of a code fence.
fn fence(line: &str) -> Option<(u8, usize)> {
    let mark = *line.as_bytes().first()?;
    let length = line.bytes().take_while(|b| *b == mark).count();
    (matches!(mark, b'`' | b'~') && length >= 3 && !(mark == b'`' && line[length..].contains('`')))
        .then_some((mark, length))
}

/// Bytes of a list marker with the blanks and the checkbox after it.
fn item_marker(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let marker = match bytes.get(digits) {
        Some(b'.' | b')') if (1..=4).contains(&digits) => digits + 1,
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        _ => return None,
    };
    if !matches!(bytes.get(marker), Some(b' ' | b'\t')) {
        return None;
    }
    let rest = line[marker..].trim_start();
    let rest = ["[ ] ", "[x] ", "[X] "].iter().find_map(|b| rest.strip_prefix(b)).unwrap_or(rest);
    Some(line.len() - rest.len())
}

fn delimiter_row(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' ' | b'\t'))
}

/// A line that is a tag, a JSX fragment or an MDX import.
fn markup(line: &str) -> bool {
    (line.starts_with('<')
        && line.ends_with('>')
        && line[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
        || (line.starts_with("import ") && line.contains(" from "))
        || line.starts_with("export const ")
        || (line.starts_with('[') && line.contains("]: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(BlockKind, &str)> {
        blocks(text).into_iter().map(|b| (b.kind, &text[b.range])).collect()
    }

    #[test]
    fn prose_code_tables_quotes_and_comments_are_told_apart() {
        let text = "---\na: b\n---\n# Title\n\nOne\ntwo.\n\n- [ ] item\n  goes on\n\n```go\ncode\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n> said\n> so\n<!-- hidden\nmore -->\nlast\n";
        use BlockKind::*;
        assert_eq!(
            kinds(text),
            [
                (FrontMatter, "---\na: b\n---"),
                (Heading(1), "Title"),
                (Paragraph, "One\ntwo."),
                (Item(0), "item\n  goes on"),
                (Fence, "code\n"),
                (TableHeader, "| A | B |"),
                (Markup, "|---|---|"),
                (TableRow, "| 1 | 2 |"),
                (Quote, "> said\n> so"),
                (Comment, "<!-- hidden\nmore -->"),
                (Paragraph, "last"),
            ]
        );
    }

    #[test]
    fn an_unclosed_fence_or_comment_runs_to_the_end() {
        assert_eq!(kinds("```\na\nb"), [(BlockKind::Fence, "a\nb")]);
        assert_eq!(kinds("x <!-- a\nb"), [(BlockKind::Paragraph, "x "), (BlockKind::Comment, "<!-- a\nb")]);
    }

    #[test]
    fn a_setext_heading_and_mdx_markup_are_recognised() {
        let text = "import A from 'a'\n\nTitle\n=====\n\n<Tabs>\n\ntext\n";
        use BlockKind::*;
        assert_eq!(
            kinds(text),
            [(Markup, "import A from 'a'"), (Heading(1), "Title"), (Markup, "<Tabs>"), (Paragraph, "text")]
        );
    }
}
