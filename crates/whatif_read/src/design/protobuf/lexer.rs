//! Words, strings, signs and the comments before them.

use whatif_model::Range;

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// What it says; strings without their quotes.
    pub(super) text: String,
    /// Whether it was quoted.
    pub(super) quoted: bool,
    /// Where.
    pub(super) range: Range,
    /// The comment that ends right above it or before it, without its marks.
    pub(super) comment: String,
}

/// Splits a text into tokens; what is no token (a stray byte) is one of its own.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let (mut tokens, mut at, mut comment) = (Vec::new(), 0, String::new());
    while let Some(byte) = bytes.get(at).copied() {
        let start = at;
        let rest = text.get(at..).unwrap_or("");
        if byte.is_ascii_whitespace() {
            at += rest.bytes().take_while(u8::is_ascii_whitespace).count();
            // An empty line parts a comment from what follows.
            if text.get(start..at).unwrap_or("").matches('\n').count() > 1 {
                comment.clear();
            }
        } else if rest.starts_with("//") {
            let line = rest.split('\n').next().unwrap_or("");
            at += line.len();
            add_line(&mut comment, line.trim_start_matches('/'));
        } else if rest.starts_with("/*") {
            let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            at += length;
            let inner = rest.get(..length).unwrap_or("").trim_start_matches("/*").trim_end_matches("*/");
            inner.lines().for_each(|line| add_line(&mut comment, line.trim().trim_start_matches('*')));
        } else {
            let (token, end) = token(text, at, std::mem::take(&mut comment));
            tokens.push(token);
            at = end;
        }
    }
    tokens
}

fn add_line(comment: &mut String, line: &str) {
    if !comment.is_empty() {
        comment.push('\n');
    }
    comment.push_str(line.trim());
}

fn token(text: &str, at: usize, comment: String) -> (Token, usize) {
    let rest = text.get(at..).unwrap_or("");
    let first = rest.chars().next().unwrap_or(' ');
    if matches!(first, '"' | '\'') {
        let mut escaped = false;
        let inner = rest.get(1..).unwrap_or("");
        let length = inner
            .char_indices()
            .find(|(_, c)| {
                let ends = !escaped && (*c == first || *c == '\n');
                escaped = !escaped && *c == '\\';
                ends
            })
            .map_or(inner.len(), |(end, _)| end);
        let end = (at + length + 2).min(text.len());
        let end = if text.is_char_boundary(end) { end } else { at + length + 1 };
        let content = inner.get(..length).unwrap_or("").to_owned();
        return (Token { text: content, quoted: true, range: Range::new(at, end), comment }, end);
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len()).max(first.len_utf8());
    let content = rest.get(..length).unwrap_or("").to_owned();
    (Token { text: content, quoted: false, range: Range::new(at, at + length), comment }, at + length)
}
