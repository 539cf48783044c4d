//! AsciiDoc as Markdown, byte for byte (<https://docs.asciidoctor.org/asciidoc/latest/>): headings, lists, listings
//! and what is not prose. Every place stays where it was.

use std::borrow::Cow;

/// Fewest marks of the line around a listing.
const FENCE_MIN: usize = 4;

/// The text of a document, with the marks of AsciiDoc replaced by those of Markdown where the path says it is one.
pub(super) fn as_markdown<'t>(path: &str, text: &'t str) -> Cow<'t, str> {
    let path = path.to_lowercase();
    if !path.ends_with(".adoc") && !path.ends_with(".asciidoc") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&marked(line));
    }
    Cow::Owned(out)
}

/// One line; it keeps its length.
fn marked(line: &str) -> Cow<'_, str> {
    let body = line.trim_end();
    let same = |mark: char| body.len() >= FENCE_MIN && body.chars().all(|c| c == mark);
    let marks = |mark: char| body.chars().take_while(|c| *c == mark).count();
    if same('-') || same('.') || same('+') {
        return Cow::Owned(format!("{}{}", "~".repeat(body.len()), line.get(body.len()..).unwrap_or("")));
    }
    for (mark, markdown) in [('=', "#"), ('*', " ")] {
        let count = marks(mark);
        let begins = count > 0 && body.get(count..).is_some_and(|rest| rest.starts_with(' '));
        if begins && mark == '=' {
            return Cow::Owned(format!("{}{}", markdown.repeat(count), line.get(count..).unwrap_or("")));
        }
        if begins && count > 1 {
            return Cow::Owned(format!("{}*{}", markdown.repeat(count - 1), line.get(count..).unwrap_or("")));
        }
    }
    let is_attribute = body.starts_with(':') && body.get(1..).is_some_and(|rest| rest.contains(':'));
    let is_block = body.starts_with('[') && body.ends_with(']');
    let is_macro = ["image::", "include::", "ifdef::", "endif::", "toc::", "//"].iter().any(|it| body.starts_with(it));
    if is_attribute || is_block || is_macro {
        return Cow::Owned(format!("{}{}", " ".repeat(body.len()), line.get(body.len()..).unwrap_or("")));
    }
    Cow::Borrowed(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_where_they_were() {
        let text = "= Shop\n:toc:\n\n== Services\n\n* orders\n** its store\n\n[source,java]\n----\nx = 1;\n----\n*bold* text – ok\n";
        let markdown = as_markdown("README.adoc", text);
        assert_eq!(markdown.len(), text.len());
        assert!(markdown.starts_with("# Shop\n     \n\n## Services\n\n* orders\n * its store\n"));
        assert!(markdown.contains("\n~~~~\nx = 1;\n~~~~\n*bold* text – ok\n"));
        assert_eq!(as_markdown("README.md", text), text);
    }
}
