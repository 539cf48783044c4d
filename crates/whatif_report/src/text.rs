//! Text for terminals: cleaned, trimmed, wrapped. A reviewed repository is hostile input, so no control
//! character of it reaches a terminal.

use std::borrow::Cow;

/// Replaces control characters and bidirectional overrides (which can disguise text, CVE-2021-42574).
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(
            text.chars()
                .map(|c| {
                    if c == '\n' || c == '\t' {
                        ' '
                    } else if is_unsafe(c) {
                        '\u{fffd}'
                    } else {
                        c
                    }
                })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cleaned and cut at the end to at most `width` characters.
pub(crate) fn trim(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// Cleaned and cut in the middle, where names differ least.
pub(crate) fn trim_middle(text: &str, width: usize) -> String {
    let text = clean(text);
    let length = text.chars().count();
    if length <= width || width < 8 {
        return text.into_owned();
    }
    let head = (width - 3) / 2;
    let tail = width - 3 - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}...{end}")
}

/// Breaks cleaned text at spaces into lines of at most `width` characters; longer words stand alone.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean(text).split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// `text` padded with spaces to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// `1 question`, `2 questions`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_bidirectional_overrides_never_pass() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\td"), "a\u{fffd}[31mb\u{fffd}c d");
        assert!(matches!(clean("plain ü"), Cow::Borrowed(_)));
    }

    #[test]
    fn trimming_counts_characters_not_bytes() {
        assert_eq!(trim("äöüäöüäöü", 9), "äöüäöüäöü");
        assert_eq!(trim("äöüäöüäöüx", 9), "äöüäöü...");
        assert_eq!(trim_middle("checkout.PlaceOrderWithEverything", 15), "checko...ything");
    }

    #[test]
    fn wrapping_keeps_every_word() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensibilities x", 5), ["incomprehensibilities", "x"]);
    }
}
