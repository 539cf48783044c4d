//! Settings files of .NET programs: `appsettings*.json`, and `ocelot*.json` beside them.
//!
//! <https://learn.microsoft.com/aspnet/core/fundamentals/configuration/>; levels are joined by `:` in code, by `__` in
//! variables and by `.` here.

use crate::design::Reading;
use crate::tree::{Kind, Node, parse_json};
use whatif_model::Value;
use whatif_model::facts::settings::{Framework, Setting, Settings};
use whatif_model::limits::DEPTH_MAX;

/// The reader's name in output.
pub(crate) const ID: &str = "appsettings";

/// Whether a file is named as programs look for it.
pub(crate) fn is_own_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_base = |base: &str| name.strip_prefix(base).is_some_and(|rest| rest.starts_with('.'));
    name.ends_with(".json") && (is_base("appsettings") || is_base("ocelot"))
}

/// Reads the only document of a file.
pub(crate) fn read(cx: &mut Reading<'_>) {
    let strict = strict(cx.text);
    let documents = parse_json(&strict);
    let mut entries = Vec::new();
    for document in &documents.documents {
        flatten(cx, "", &document.root, 0, &mut entries);
    }
    cx.problems_of(&documents);
    if !entries.is_empty() {
        let path = cx.path.to_owned();
        cx.facts.settings.push(Settings { framework: Framework::DotNet, path, profiles: Vec::new(), entries });
    }
}

/// The same text as strict JSON, byte by byte in place: comments and trailing commas are allowed in these files.
fn strict(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                at = end_of_string(&bytes, at);
                comma = None;
                continue;
            }
            (b'/', Some(b'/' | b'*')) => {
                at = blank_comment(&mut bytes, at);
                continue;
            }
            (b',', _) => comma = Some(at),
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            (byte, _) if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    // Only whole characters inside comments were replaced, so this cannot lose anything.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The place behind the string that begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' && bytes[end] != b'\n' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    end + 1
}

/// Overwrites a comment with spaces; the place behind it.
fn blank_comment(bytes: &mut [u8], at: usize) -> usize {
    let block = bytes.get(at + 1) == Some(&b'*');
    let rest = bytes.get(at + 2..).unwrap_or(&[]);
    let length = if block {
        rest.windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 2)
    } else {
        rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    };
    let end = at + 2 + length;
    bytes[at..end].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    end
}

fn flatten(cx: &Reading<'_>, prefix: &str, node: &Node<'_>, depth: usize, out: &mut Vec<Setting>) {
    if depth > DEPTH_MAX {
        return;
    }
    match &node.kind {
        Kind::Scalar { .. } => {
            let value = Value::text(node.text().unwrap_or(""));
            out.push(Setting { key: prefix.to_owned(), value, span: cx.span(node.range) });
        }
        Kind::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                flatten(cx, &format!("{prefix}[{at}]"), item, depth + 1, out);
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                // A key may itself hold a path (`"Serilog:MinimumLevel": ...`).
                let own = entry.key.replace(':', ".");
                let key = if prefix.is_empty() { own } else { format!("{prefix}.{own}") };
                flatten(cx, &key, &entry.value, depth + 1, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::read;

    #[test]
    fn comments_marks_and_paths() {
        let text = "\u{feff}{\n  // the broker\n  \"ConnectionStrings\": { \"Bus\": \"amqp://bus\", },\n  \"A:B\": [1, true] /* end */\n}\n";
        let facts = read("src/Cart/appsettings.Development.json", text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        let entries = &facts.design.settings[0].entries;
        let keys: Vec<_> = entries.iter().map(|it| (it.key.as_str(), it.value.display())).collect();
        let expected = [("ConnectionStrings.Bus", "amqp://bus"), ("A.B[0]", "1"), ("A.B[1]", "true")];
        assert_eq!(keys, expected.map(|(key, value)| (key, value.to_owned())));
        assert_eq!(
            text.get(entries[0].span.range.start as usize..entries[0].span.range.end as usize),
            Some("\"amqp://bus\"")
        );
    }
}
