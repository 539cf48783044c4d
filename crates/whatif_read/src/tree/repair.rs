//! Content of a list in brackets that stands too far left for YAML 1.2.

/// Moves the content at `at` up to the line before, without changing any other offset: the line break becomes a
/// space, and so does a comment at the end of the line before. False when `at` is not the first content of its line.
pub(super) fn join_line(text: &mut String, at: usize) -> bool {
    let Some(before) = text.get(..at) else { return false };
    let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
    let Some(line_end) = at.checked_sub(indent + 1).filter(|end| before.as_bytes().get(*end) == Some(&b'\n')) else {
        return false;
    };
    let line_start = before.get(..line_end).and_then(|text| text.rfind('\n')).map_or(0, |found| found + 1);
    let line = before.get(line_start..line_end).unwrap_or("");
    let from = comment(line).map_or(line_end - usize::from(line.ends_with('\r')), |offset| line_start + offset);
    text.replace_range(from..=line_end, &" ".repeat(line_end + 1 - from));
    true
}

/// Where a comment begins: a `#` at the start or behind white space, outside quotes.
fn comment(line: &str) -> Option<usize> {
    let (mut quote, mut last) = (None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if last.is_whitespace() => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        last = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_keeps_every_offset() {
        let mut text = "a: [\n  'x # y', # é\r\n]\n".to_owned();
        let (length, at) = (text.len(), text.find(']').unwrap_or(0));
        assert!(join_line(&mut text, at));
        assert_eq!((text.len(), text.find(']')), (length, Some(at)));
        assert!(text.contains("'x # y',") && !text.contains('é'));
        assert!(!join_line(&mut text, 1));
    }
}
