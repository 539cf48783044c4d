//! `${VAR:-default}` and its relatives, as compose files, environment files and shell-like templates use them.

use whatif_model::{Part, Value};

/// Which spellings are variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR:+other}`; `$$` is a dollar
    /// (<https://docs.docker.com/reference/compose-file/interpolation/>).
    Compose,
    /// `$(VAR)`; `$$(VAR)` is literal
    /// (<https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>).
    Kubernetes,
    /// Only `${VAR}`: `envsubst` with a list of names, where `$name` belongs to the program itself (nginx).
    Braces,
}

/// Deepest nesting of `${A:-${B:-...}}` that is followed.
const NESTING_MAX: usize = 8;

/// Splits a text into literals and variables.
pub fn interpolate(text: &str, dialect: Dialect) -> Value {
    expand(text, dialect, 0)
}

fn expand(text: &str, dialect: Dialect, depth: usize) -> Value {
    let mut value = Value::default();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        push_text(&mut value, before);
        let (part, used) = variable(from, dialect, depth);
        value.push(Value { parts: vec![part] });
        rest = from.get(used..).unwrap_or("");
    }
    push_text(&mut value, rest);
    value
}

fn push_text(value: &mut Value, text: &str) {
    if !text.is_empty() {
        value.push(Value::text(text));
    }
}

/// The part that starts with the `$` at the beginning of `from`, and how many bytes it takes.
fn variable(from: &str, dialect: Dialect, depth: usize) -> (Part, usize) {
    let literal = (Part::Text("$".to_owned()), 1);
    let after = from.get(1..).unwrap_or("");
    match (dialect, after.bytes().next()) {
        (Dialect::Compose | Dialect::Kubernetes, Some(b'$')) => (Part::Text("$".to_owned()), 2),
        (Dialect::Compose | Dialect::Braces, Some(b'{')) => match closing(after) {
            Some(end) => (braced(after.get(1..end).unwrap_or(""), dialect, depth), end + 2),
            None => literal,
        },
        (Dialect::Kubernetes, Some(b'(')) => match after.find(')') {
            Some(end) if is_name(after.get(1..end).unwrap_or("")) => {
                (env(after.get(1..end).unwrap_or(""), None), end + 2)
            }
            _ => literal,
        },
        (Dialect::Compose, Some(first)) if first == b'_' || first.is_ascii_alphabetic() => {
            let length = after.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
            (env(after.get(..length).unwrap_or(""), None), length + 1)
        }
        _ => literal,
    }
}

/// Offset of the brace that closes the one `text` begins with.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands between the braces.
fn braced(inner: &str, dialect: Dialect, depth: usize) -> Part {
    let length = inner.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
    let (name, modifier) = inner.split_at(length);
    if name.is_empty() || depth > NESTING_MAX {
        return Part::Unknown;
    }
    let modifier = modifier.strip_prefix(':').unwrap_or(modifier);
    match modifier.bytes().next() {
        None => env(name, None),
        Some(b'?') => env(name, None),
        // The text only counts when the variable is set, to whatever value.
        Some(b'+') => Part::Unknown,
        Some(b'-') => env(name, settled(&expand(modifier.get(1..).unwrap_or(""), dialect, depth + 1))),
        Some(_) => Part::Unknown,
    }
}

/// The text of a default once its own variables have taken their defaults; none when one has no default.
fn settled(value: &Value) -> Option<String> {
    value.substitute(|_| None).as_text()
}

fn env(name: &str, default: Option<String>) -> Part {
    Part::Env { name: name.to_owned(), default }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'_' || b == b'.' || b == b'-' || b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose(text: &str) -> Vec<Part> {
        interpolate(text, Dialect::Compose).parts
    }

    #[test]
    fn all_spellings_of_a_variable() {
        assert_eq!(compose("a$B"), [Part::Text("a".into()), env("B", None)]);
        assert_eq!(compose("${B}c"), [env("B", None), Part::Text("c".into())]);
        assert_eq!(compose("${B:-x y}"), [env("B", Some("x y".into()))]);
        assert_eq!(compose("${B-x}"), [env("B", Some("x".into()))]);
        assert_eq!(compose("${B:?no B}"), [env("B", None)]);
        assert_eq!(compose("${B:-}"), [env("B", Some(String::new()))]);
        assert_eq!(compose("${B:+x}"), [Part::Unknown]);
        assert_eq!(compose("${A:-${B:-c}}"), [env("A", Some("c".into()))]);
        assert_eq!(compose("${A:-${B}}"), [env("A", None)]);
    }

    #[test]
    fn dollars_that_are_no_variables_stay() {
        assert_eq!(interpolate("a$$B", Dialect::Compose).as_text().as_deref(), Some("a$B"));
        assert_eq!(interpolate("5$ ${", Dialect::Compose).as_text().as_deref(), Some("5$ ${"));
        assert_eq!(interpolate("$uri ${H}", Dialect::Braces).display(), "$uri ${H}");
        assert_eq!(interpolate("$(A):$B", Dialect::Kubernetes).parts, [env("A", None), Part::Text(":$B".into())]);
        assert_eq!(interpolate("", Dialect::Compose).as_text().as_deref(), Some(""));
    }
}
