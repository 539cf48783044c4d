//! Statements as words.

use whatif_model::Range;

/// A word, a quoted name, a string, or a sign.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The text; names without their quotes.
    pub(super) text: String,
    /// Whether it is a quoted name, which is never a keyword.
    pub(super) is_name: bool,
    /// Where.
    pub(super) range: Range,
}

impl Word {
    /// Whether it is this keyword, given in lower case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        !self.is_name && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The statements of a script, without comments and empty statements.
pub(super) fn statements(text: &str) -> Vec<Vec<Word>> {
    let (mut statements, mut statement, mut at) = (Vec::new(), Vec::new(), 0);
    while at < text.len() {
        let rest = text.get(at..).unwrap_or("");
        let (word, length) = next(rest);
        let range = Range::new(at, at + length);
        at += length.max(1);
        match word {
            Next::Skip => {}
            Next::End => statements.push(std::mem::take(&mut statement)),
            Next::Word(text) => statement.push(Word { text, is_name: false, range }),
            Next::Name(text) => statement.push(Word { text, is_name: true, range }),
        }
    }
    statements.push(statement);
    statements.retain(|words| !words.is_empty());
    statements
}

enum Next {
    Skip,
    End,
    Word(String),
    Name(String),
}

/// The next word and how many bytes it takes.
fn next(rest: &str) -> (Next, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    let until = |end: &str, from: usize| {
        let inner = rest.get(from..).unwrap_or("");
        inner.find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    match first {
        _ if rest.starts_with("--") => (Next::Skip, until("\n", 2)),
        '#' => (Next::Skip, until("\n", 1)),
        _ if rest.starts_with("/*") => (Next::Skip, until("*/", 2)),
        ';' => (Next::End, 1),
        // A doubled quote inside is two strings in a row, which changes nothing here.
        '\'' => (Next::Word("'".to_owned()), until("'", 1)),
        '"' | '`' => {
            let length = until(if first == '"' { "\"" } else { "`" }, 1);
            (Next::Name(rest.get(1..length.saturating_sub(1).max(1)).unwrap_or("").to_owned()), length)
        }
        '[' => {
            let length = until("]", 1);
            (Next::Name(rest.get(1..length.saturating_sub(1).max(1)).unwrap_or("").to_owned()), length)
        }
        '$' => match dollar_tag(rest) {
            Some(tag) => (Next::Word("'".to_owned()), until(tag, tag.len())),
            None => (Next::Word("$".to_owned()), 1),
        },
        _ if first.is_whitespace() => (Next::Skip, first.len_utf8()),
        _ if first.is_alphanumeric() || first == '_' => {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (Next::Word(rest.get(..length).unwrap_or("").to_owned()), length)
        }
        _ => (Next::Word(first.to_string()), first.len_utf8()),
    }
}

/// `$$` or `$body$`.
fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..end)?;
    tag.bytes().all(|b| b == b'$' || b == b'_' || b.is_ascii_alphanumeric()).then_some(tag)
}
