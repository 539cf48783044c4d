//! `.properties` files: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)>.

use std::borrow::Cow;
use whatif_model::Range;

/// A key, its value, and where both stand.
pub(super) struct Property<'t> {
    pub(super) key: Cow<'t, str>,
    pub(super) value: Cow<'t, str>,
    pub(super) range: Range,
}

/// One item of a file.
pub(super) enum Item<'t> {
    Property(Property<'t>),
    /// `#---` or `!---`: Spring begins another document here.
    Separator,
}

/// All items, in order.
pub(super) fn items(text: &str) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = logical_end(text, at);
        let whole = text.get(at..end).unwrap_or("");
        let line = whole.trim_start();
        let start = at + (whole.len() - line.len());
        let line = line.trim_end_matches(['\n', '\r']);
        match line.bytes().next() {
            None => {}
            Some(b'#' | b'!') if line.get(1..).is_some_and(|rest| rest.trim_end() == "---") => {
                found.push(Item::Separator);
            }
            Some(b'#' | b'!') => {}
            Some(_) => {
                let (key, value) = split(line);
                let range = Range::new(start, start + line.trim_end().len());
                found.push(Item::Property(Property { key: unescaped(key), value: unescaped(value), range }));
            }
        }
        at = end;
    }
    found
}

/// Where the logical line that begins at `at` ends: a backslash before the line break continues it.
fn logical_end(text: &str, at: usize) -> usize {
    let mut end = at;
    loop {
        let rest = text.get(end..).unwrap_or("");
        let Some(newline) = rest.find('\n') else { return text.len() };
        let line = rest.get(..newline).unwrap_or("").trim_end_matches('\r');
        let is_comment = end == at && line.trim_start().starts_with(['#', '!']);
        end += newline + 1;
        let slashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if is_comment || slashes.is_multiple_of(2) {
            return end;
        }
    }
}

/// At the first `=`, `:` or white space that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let at = line.char_indices().find(|(_, c)| {
        let separates = !escaped && matches!(c, '=' | ':' | ' ' | '\t');
        escaped = *c == '\\' && !escaped;
        separates
    });
    let Some((at, _)) = at else { return (line, "") };
    let rest = line.get(at..).unwrap_or("").trim_start();
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (line.get(..at).unwrap_or(""), rest.trim())
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('\r' | '\n') => {
                let rest = chars.as_str().trim_start();
                chars = rest.chars();
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let digits = chars.as_str().get(..4).unwrap_or("");
                out.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
                chars = chars.as_str().get(digits.len()..).unwrap_or("").chars();
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let keep = |item| match item {
            Item::Property(it) => Some((it.key.into_owned(), it.value.into_owned())),
            Item::Separator => None,
        };
        items(text).into_iter().filter_map(keep).collect()
    }

    #[test]
    fn every_spelling() {
        let text = "# a\n! b \\\na.b = c\n d:e\nf g\nh\\:i=j\\\n   k\nl=\\u0041\\tB\nm\n#---\nn=http://x:1\r\n";
        let got: Vec<String> = pairs(text).iter().map(|(key, value)| format!("{key}>{value}")).collect();
        assert_eq!(got, ["a.b>c", "d>e", "f>g", "h:i>jk", "l>A\tB", "m>", "n>http://x:1"]);
        assert_eq!(items(text).iter().filter(|item| matches!(item, Item::Separator)).count(), 1);
    }

    #[test]
    fn garbage_ends() {
        for text in ["\\", "=\\u00", "a=\\uD800", "é:é\\", "\\\n\\\n\\", "\u{0}"] {
            let _ = items(text);
        }
    }
}
