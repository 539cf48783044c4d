//! Inline text as tokens: words with their classes, numbers, code spans, punctuation.
//!
//! Emphasis marks, link targets, tags and comments are skipped, so that a phrase is found whatever
//! markup runs through it. One pass, no backtracking beyond a bounded look-ahead.

use super::lexicon::{self, Class};
use std::ops::Range;

/// How far a code span, tag or link target is looked for, in bytes: keeps unclosed marks linear.
const LOOKAHEAD: usize = 400;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    Code,
    /// Punctuation, with the byte.
    Mark(u8),
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    /// Nothing stands between this token and the one before it.
    pub(crate) glued: bool,
    /// Starts with an upper-case letter.
    pub(crate) capital: bool,
}

impl Token {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(crate) fn is(&self, class: Class) -> bool {
        self.class.has(class)
    }

    pub(crate) fn mark(&self, byte: u8) -> bool {
        self.kind == Kind::Mark(byte)
    }
}

/// Appends the tokens of `text[range]` to `out`.
pub(crate) fn lex(text: &str, range: Range<usize>, out: &mut Vec<Token>) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    let mut glued = false;
    while at < range.end {
        let byte = bytes[at];
        let rest = &bytes[at..range.end];
        if byte.is_ascii_alphabetic() || byte >= 0x80 {
            let length = word_length(&text[at..range.end]);
            if length == 0 {
                let c = text[at..range.end].chars().next().unwrap_or(' ');
                push(out, at, c.len_utf8(), Kind::Mark(symbol(c)), Class::NONE, &mut glued, false);
                at += c.len_utf8();
                continue;
            }
            let class = lexicon::class_of(&rest[..length]);
            push(out, at, length, Kind::Word, class, &mut glued, byte.is_ascii_uppercase());
            at += length;
        } else if byte.is_ascii_digit() {
            let length = number_length(rest);
            push(out, at, length, Kind::Number, Class::NUMBER, &mut glued, false);
            at += length;
        } else if let Some((length, code)) = skipped(rest) {
            if code {
                push(out, at, length, Kind::Code, Class::NONE, &mut glued, false);
            }
            at += length;
        } else {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => glued = false,
                b'*' | b'_' | b'[' | b'\\' => {}
                _ => push(out, at, 1, Kind::Mark(byte), Class::NONE, &mut glued, false),
            }
            at += 1;
        }
    }
}

fn push(out: &mut Vec<Token>, at: usize, length: usize, kind: Kind, class: Class, glued: &mut bool, capital: bool) {
    let (start, end) = (clamp(at), clamp(at + length));
    out.push(Token { start, end, kind, class, glued: *glued, capital });
    *glued = true;
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Letters and apostrophes, ASCII or not.
fn word_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut n = 0;
    while let Some(byte) = bytes.get(n) {
        let apostrophe = *byte == b'\'' && n > 0 && bytes.get(n + 1).is_some_and(u8::is_ascii_alphabetic);
        if byte.is_ascii_alphanumeric() || apostrophe || identifier_joint(bytes, n) {
            n += 1;
        } else if *byte >= 0x80 {
            match rest[n..].chars().next() {
                Some(c) if c.is_alphanumeric() || (c == '\u{2019}' && n > 0) => n += c.len_utf8(),
                _ => break,
            }
        } else {
            break;
        }
    }
    n
}

/// Symbols outside ASCII as the ASCII mark that means the same; 0 for the rest.
fn symbol(c: char) -> u8 {
    match c {
        '≤' | '⩽' => b'<',
        '≥' | '⩾' => b'>',
        '≈' | '∼' => b'~',
        '–' | '—' | '‑' => b'-',
        '“' | '”' | '„' => b'"',
        _ => 0,
    }
}

/// `_` inside an identifier such as `order_service`.
fn identifier_joint(rest: &[u8], n: usize) -> bool {
    rest[n] == b'_'
        && n > 0
        && rest[n - 1].is_ascii_alphanumeric()
        && rest.get(n + 1).is_some_and(u8::is_ascii_alphanumeric)
}

/// Digits with separators: `1,000`, `99.9`, `2_000`.
fn number_length(rest: &[u8]) -> usize {
    let mut n = 0;
    while n < rest.len() {
        let joint = matches!(rest[n], b'.' | b',' | b'_') && rest.get(n + 1).is_some_and(u8::is_ascii_digit);
        if !(rest[n].is_ascii_digit() || joint) {
            break;
        }
        n += 1;
    }
    n
}

/// Code spans, link targets, tags, comments and bare addresses: length, and whether it is code.
fn skipped(rest: &[u8]) -> Option<(usize, bool)> {
    let within = &rest[..rest.len().min(LOOKAHEAD)];
    match rest[0] {
        b'`' => {
            let ticks = within.iter().take_while(|b| **b == b'`').count();
            let close = find(&within[ticks..], &within[..ticks])?;
            Some((ticks + close + ticks, true))
        }
        b']' if within.get(1) == Some(&b'(') => {
            Some((within.iter().position(|b| *b == b')').map_or(1, |n| n + 1), false))
        }
        b']' => Some((1, false)),
        b'<' if within.starts_with(b"<!--") => Some((find(within, b"-->")? + 3, false)),
        b'<' if within.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/') => {
            let close = within.iter().position(|b| *b == b'>')?;
            Some((close + 1, false))
        }
        b':' if within.starts_with(b"://") => {
            Some((within.iter().position(|b| b.is_ascii_whitespace() || *b == b')').unwrap_or(within.len()), false))
        }
        _ => None,
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

/// Ends of sentences: index one past the last token of each.
pub(crate) fn sentence_ends(text: &str, tokens: &[Token], out: &mut Vec<usize>) {
    let bytes = text.as_bytes();
    for (at, token) in tokens.iter().enumerate() {
        if !matches!(token.kind, Kind::Mark(b'.' | b'!' | b'?')) {
            continue;
        }
        let spaced = bytes
            .get(token.end as usize)
            .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'*' | b'"' | b')' | b'_' | b'\''));
        let abbreviated = token.mark(b'.') && at > 0 && abbreviation(&text[tokens[at - 1].range()]);
        let next_starts = tokens
            .get(at + 1)
            .is_none_or(|next| next.capital || !matches!(next.kind, Kind::Word) || next.class == Class::NONE);
        if spaced && !abbreviated && next_starts {
            out.push(at + 1);
        }
    }
    if out.last() != Some(&tokens.len()) && !tokens.is_empty() {
        out.push(tokens.len());
    }
}

fn abbreviation(word: &str) -> bool {
    word.len() == 1
        || ["vs", "eg", "ie", "etc", "cf", "approx", "no", "incl", "resp"].iter().any(|a| word.eq_ignore_ascii_case(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        lex(text, 0..text.len(), &mut out);
        out.iter().map(|t| &text[t.range()]).collect()
    }

    #[test]
    fn markup_is_skipped_and_numbers_stay_whole() {
        assert_eq!(
            words("**p99** of [reads](http://x/y) < 1,000ms — `a b` don't"),
            ["p99", "of", "reads", "<", "1,000", "ms", "—", "`a b`", "don't"]
        );
        assert_eq!(words("a<br>b order_service _so_"), ["a", "b", "order_service", "so"]);
    }

    #[test]
    fn unclosed_marks_do_not_swallow_text() {
        assert_eq!(words("`a ](b <c d"), ["`", "a", "(", "b", "<", "c", "d"]);
    }

    #[test]
    fn sentences_end_at_full_stops_but_not_in_abbreviations() {
        let text = "One e.g. two. Three takes 1.5 s! Four";
        let (mut tokens, mut ends) = (Vec::new(), Vec::new());
        lex(text, 0..text.len(), &mut tokens);
        sentence_ends(text, &tokens, &mut ends);
        assert_eq!(ends.len(), 3);
    }
}
