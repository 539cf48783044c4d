//! Environment files: `.env`, `*.env`, `.env.*`
//! (<https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `NAME=value`, `export NAME=value`, quotes, comments | variables of an environment file, with `${VAR:-default}` |

use super::Reading;
use crate::tree::{Dialect, interpolate};
use whatif_model::facts::deploy::EnvFile;
use whatif_model::{Range, Value};

pub(crate) const ID: &str = "env-file";

pub(crate) fn read(cx: &mut Reading<'_>) {
    let mut entries = Vec::new();
    let mut at = 0;
    for line in cx.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_start_matches('\u{feff}').trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let begin = start + line.find(content).unwrap_or(0);
        let range = Range::new(begin, begin + content.len());
        match assignment(content) {
            Some((name, value)) => entries.push((name.to_owned(), value, cx.span(range))),
            None => cx.ignore(range, "a line that assigns no variable"),
        }
    }
    let path = cx.path.to_owned();
    cx.facts.env_files.push(EnvFile { path, entries });
}

fn assignment(line: &str) -> Option<(&str, Value)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let is_name =
        !name.is_empty() && name.bytes().all(|b| matches!(b, b'_' | b'.' | b'-') || b.is_ascii_alphanumeric());
    is_name.then(|| (name, unquoted(value.trim())))
}

/// Single quotes are literal; double quotes and bare words are interpolated; ` #` starts a comment outside quotes.
fn unquoted(text: &str) -> Value {
    if let Some((inner, _)) = text.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        return Value::text(inner);
    }
    if let Some((inner, _)) = text.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        return interpolate(inner, Dialect::Compose);
    }
    let bare = text.split(" #").next().unwrap_or(text).trim_end();
    interpolate(bare, Dialect::Compose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_and_references() {
        let mut cx = Reading::new(
            "a/.env",
            "\u{feff}# note\r\nexport A=1 # tail\nB='$A'\r\nC=\"x ${A:-2}\" \nD=\nE = http://x:1/#f\nnonsense\n",
        );
        read(&mut cx);
        let file = &cx.facts.env_files[0];
        let shown: Vec<_> = file.entries.iter().map(|(name, value, _)| format!("{name}={}", value.display())).collect();
        assert_eq!(shown, ["A=1", "B=$A", "C=x ${A}", "D=", "E=http://x:1/#f"]);
        assert_eq!(file.path, "a/.env");
        assert_eq!(cx.ignored.len(), 1);
    }
}
