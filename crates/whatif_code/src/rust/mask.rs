//! Macros whose arguments are expressions, made to look like calls: the grammar keeps the arguments of macros as
//! bare tokens. The masked text is byte for byte as long, so that ranges stay right.

/// Macros that take expressions, by their last name.
const EXPRESSIONS: [&str; 37] = [
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "env",
    "eprint",
    "eprintln",
    "eyre",
    "format",
    "format_err",
    "join",
    "option_env",
    "panic",
    "pin",
    "print",
    "println",
    "query",
    "query_as",
    "query_as_unchecked",
    "query_file",
    "query_file_as",
    "query_scalar",
    "query_scalar_unchecked",
    "query_unchecked",
    "todo",
    "try_join",
    "unimplemented",
    "unreachable",
    "write",
    "writeln",
];

/// What stands for the `!` of a masked macro.
const MASK: char = '_';

/// The text with `name!(` spelled `name_(`, `vec![` spelled `[` and `static ref` spelled `static`.
pub(super) fn expression_macros(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let source = text.as_bytes();
    for (at, _) in text.match_indices('!') {
        let word = word_before(source, at);
        match source.get(at + 1) {
            Some(b'(') if EXPRESSIONS.iter().any(|name| name.as_bytes() == word) => bytes[at] = MASK as u8,
            Some(b'[') if word == b"vec" => bytes[at - word.len()..=at].fill(b' '),
            _ => {}
        }
    }
    for (at, _) in text.match_indices("static ref ") {
        bytes[at + "static ".len()..at + "static ref".len()].fill(b' ');
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The identifier that ends before a byte.
fn word_before(source: &[u8], end: usize) -> &[u8] {
    let length = source[..end].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    &source[end - length..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_of_expressions_look_like_calls() {
        let text = "format!(\"{}\", x); sqlx::query!(\"q\"); matches!(x, _); vec![1, 2]; a != (b)";
        let masked = expression_macros(text);
        assert_eq!(masked, "format_(\"{}\", x); sqlx::query_(\"q\"); matches!(x, _);     [1, 2]; a != (b)");
        assert_eq!(masked.len(), text.len());
    }
}
