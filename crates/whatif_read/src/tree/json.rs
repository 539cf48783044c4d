//! JSON (RFC 8259), read in one pass; several times faster than reading it as YAML.

use super::node::{Document, Documents, Entry, Kind, Node, TreeProblem};
use super::unique::{Repeat, repeated, without};
use std::borrow::Cow;
use whatif_model::Range;
use whatif_model::limits::{DEPTH_MAX, NODES_MAX};

/// Reads a JSON text. A syntax error leaves nothing but a problem, since what follows cannot be told apart.
pub fn parse_json(text: &str) -> Documents<'_> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at, nodes: 0, problems: Vec::new() };
    let root = scanner.document();
    let mut documents = Documents { documents: Vec::new(), problems: scanner.problems };
    match root {
        Ok(root) => documents.documents.push(Document { range: root.range, root }),
        Err(problem) => documents.problems.push(problem),
    }
    documents
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: usize,
    problems: Vec<TreeProblem>,
}

type Read<T> = Result<T, TreeProblem>;

impl<'t> Scanner<'t> {
    fn document(&mut self) -> Read<Node<'t>> {
        let root = self.value(0)?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return self.wrong("text after the end of the document");
        }
        Ok(root)
    }

    fn value(&mut self, depth: usize) -> Read<Node<'t>> {
        if depth > DEPTH_MAX {
            return self.wrong(&format!("nested deeper than {DEPTH_MAX} levels"));
        }
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return self.wrong(&format!("more than {NODES_MAX} values"));
        }
        self.skip_space();
        let start = self.at;
        let kind = match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::Scalar { text: self.string()?, plain: false },
            Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            Some(_) => return self.wrong("expected a value"),
            None => return self.wrong("the text ends inside a value"),
        };
        Ok(Node { range: Range::new(start, self.at), kind })
    }

    fn object(&mut self, depth: usize) -> Read<Kind<'t>> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            match self.bytes.get(self.at) {
                Some(b'}') if entries.is_empty() => break,
                Some(b'"') => {}
                _ => return self.wrong("expected a key in double quotes"),
            }
            let start = self.at;
            let key = self.string()?;
            let key_range = Range::new(start, self.at);
            self.expect(b':', "expected `:` after the key")?;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, key_range, value });
            if self.ends(b'}')? {
                break;
            }
        }
        self.at += 1;
        Ok(Kind::Map(self.unique(entries)))
    }

    fn array(&mut self, depth: usize) -> Read<Kind<'t>> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.ends(b']')? {
                    break;
                }
            }
        }
        self.at += 1;
        Ok(Kind::Seq(items))
    }

    /// After a member: whether the collection ends here. Stops before the closing bracket, after a comma.
    fn ends(&mut self, close: u8) -> Read<bool> {
        self.skip_space();
        match self.bytes.get(self.at) {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if *byte == close => Ok(true),
            _ => self.wrong("expected `,` or the end of the collection"),
        }
    }

    fn expect(&mut self, byte: u8, message: &str) -> Read<()> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&byte) {
            return self.wrong(message);
        }
        self.at += 1;
        Ok(())
    }

    /// The text between quotes; borrowed when it holds no escape.
    fn string(&mut self) -> Read<Cow<'t, str>> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(b'\n' | b'\r') | None => return self.wrong("the line ends inside a string"),
                Some(_) => self.at += 1,
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or("");
        self.at += 1;
        Ok(if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Kind<'t> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        Kind::Scalar { text: Cow::Borrowed(self.text.get(start..self.at).unwrap_or("")), plain: true }
    }

    fn unique(&mut self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let duplicates = repeated(&entries, Repeat::LastCounts);
        for at in &duplicates {
            let entry = &entries[*at];
            let message = format!("duplicate key `{}`: the last one counts", entry.key);
            self.problems.push(TreeProblem { range: entry.key_range, message });
        }
        without(entries, &duplicates)
    }

    fn skip_space(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn wrong<T>(&self, message: &str) -> Read<T> {
        let at = self.at.min(self.bytes.len());
        // An error is only ever found at the first byte of a character, or at the end.
        let end = at + self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let message = format!("not valid JSON: {message}; this document is not read");
        Err(TreeProblem { range: Range::new(at, end), message })
    }
}

/// Resolves escapes; an escape that is none stays as it is.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 1..).unwrap_or("");
        let Some(kind) = rest.chars().next() else { break };
        rest = rest.get(kind.len_utf8()..).unwrap_or("");
        match kind {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => rest = unicode(rest, &mut out),
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

/// Reads what follows `\u`, surrogate pairs included, and returns the rest.
fn unicode<'t>(text: &'t str, out: &mut String) -> &'t str {
    let unit = |text: &str| text.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let Some(first) = unit(text) else { return text };
    let rest = text.get(4..).unwrap_or("");
    let second = rest.strip_prefix("\\u").and_then(unit).filter(|low| (0xdc00..0xe000).contains(low));
    let (units, rest) = match second {
        Some(low) if (0xd800..0xdc00).contains(&first) => (vec![first, low], rest.get(6..).unwrap_or("")),
        _ => (vec![first], rest),
    };
    out.extend(char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_bytes() {
        let text = "\u{feff}{\"é\": [1, true, null, {\"b\": \"x\\u00e9\\ud83d\\ude00\\n\"}], \"e\": {}}";
        let documents = parse_json(text);
        assert_eq!(documents.problems, []);
        let root = &documents.documents[0].root;
        let items = root.get("é").unwrap().items();
        assert_eq!(items[0].as_u64(), Some(1));
        assert_eq!(items[1].as_bool(), Some(true));
        assert!(items[2].is_null());
        assert_eq!(items[3].text_at(&["b"]), Some("xé😀\n"));
        let range = items[3].range;
        assert!(text[range.start as usize..range.end as usize].starts_with("{\"b\""));
    }

    #[test]
    fn errors_have_a_place() {
        for (text, at) in
            [("{\"a\": }", 6), ("{\"a\" 1}", 5), ("[1 2]", 3), ("{\"a\": \"x", 8), ("", 0), ("{} x", 3), ("{,}", 1)]
        {
            let documents = parse_json(text);
            assert_eq!(documents.problems[0].range.start, at, "{text}");
            assert!(documents.documents.is_empty());
        }
    }

    #[test]
    fn deep_nesting_ends() {
        let text = "[".repeat(100_000);
        let documents = parse_json(&text);
        assert!(documents.problems[0].message.contains("nested deeper"));
    }

    #[test]
    fn the_last_of_several_equal_keys_counts() {
        let documents = parse_json("{\"a\": 1, \"b\": 2, \"a\": 3}");
        assert_eq!(documents.documents[0].root.text_at(&["a"]), Some("3"));
        assert_eq!(documents.problems.len(), 1);
    }
}
