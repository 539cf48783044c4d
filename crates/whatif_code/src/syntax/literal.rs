//! Literals as values.

use crate::ir::{Expr, ExprKind};
use whatif_model::Range;

/// A number without separators.
pub(crate) fn number(text: &str) -> String {
    text.chars().filter(|c| *c != '_').collect()
}

/// The escapes both languages share, resolved; an escape that is neither's stays as written.
/// `\x` and octal escapes name characters, not bytes: the difference matters to no fact.
pub(crate) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 1..).unwrap_or("");
        rest = escape(rest, out);
    }
    out.push_str(rest);
}

/// Resolves the escape whose backslash precedes `rest`; what follows it.
fn escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(first) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let after = rest.get(first.len_utf8()..).unwrap_or("");
    match first {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '\\' | '\'' | '"' => out.push(first),
        '\n' => {}
        '\r' => return after.strip_prefix('\n').unwrap_or(after),
        'x' => return code_point(after, 2, 16, out, first),
        'u' => return code_point(after, 4, 16, out, first),
        'U' => return code_point(after, 8, 16, out, first),
        '0'..='7' => return code_point(rest, 3, 8, out, first),
        _ => {
            out.push('\\');
            out.push(first);
        }
    }
    after
}

/// Up to `digits_max` digits as a character; what follows them.
fn code_point<'a>(rest: &'a str, digits_max: usize, radix: u32, out: &mut String, first: char) -> &'a str {
    let length = rest.bytes().take(digits_max).take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let digits = rest.get(..length).unwrap_or("");
    match u32::from_str_radix(digits, radix).ok().and_then(char::from_u32) {
        Some(character) => out.push(character),
        None => {
            out.push('\\');
            if radix == 16 {
                out.push(first);
            }
            out.push_str(digits);
        }
    }
    rest.get(length..).unwrap_or("")
}

/// Adds literal text to the parts of an interpolated string; texts in a row are one.
pub(crate) fn push_text(parts: &mut Vec<Expr>, text: &str, range: Range) {
    if let Some(Expr { kind: ExprKind::Str(before), range: whole }) = parts.last_mut() {
        before.push_str(text);
        *whole = whole.cover(range);
    } else {
        parts.push(Expr { kind: ExprKind::Str(text.to_owned()), range });
    }
}

/// A string of these parts; a plain one when nothing is interpolated.
pub(crate) fn template(mut parts: Vec<Expr>) -> ExprKind {
    match parts.as_mut_slice() {
        [] => ExprKind::Str(String::new()),
        [Expr { kind: ExprKind::Str(text), .. }] => ExprKind::Str(std::mem::take(text)),
        _ => ExprKind::Template(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str) -> String {
        let mut out = String::new();
        unescape(text, &mut out);
        out
    }

    #[test]
    fn escapes_become_characters() {
        assert_eq!(unescaped(r#"a\n\t\"\\b\x41\u00e9\101"#), "a\n\t\"\\bAéA");
        assert_eq!(unescaped("one\\\ntwo"), "onetwo");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unescaped(r"\d+\ü\xZZ\uD800"), r"\d+\ü\xZZ\uD800");
        assert_eq!(unescaped("end\\"), "end\\");
    }

    #[test]
    fn numbers_lose_their_separators() {
        assert_eq!(number("1_000.5"), "1000.5");
    }
}
