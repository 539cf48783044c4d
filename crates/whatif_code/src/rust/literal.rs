//! Literals, format strings included.

use super::file::{Part, Reader};
use super::kind::Kind;
use crate::ir::{Arg, Expr, ExprKind};
use crate::syntax::unescape;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn string(&self, part: Part<'t>) -> String {
        unquoted(self.walk.text(part.node))
    }

    /// A number without separators and suffix: `30_u64` is `30`.
    pub(super) fn number(&self, part: Part<'t>) -> String {
        let text = crate::syntax::number(self.walk.text(part.node));
        if text.starts_with("0x") || text.starts_with("0b") || text.starts_with("0o") {
            return text;
        }
        let end = text.find(['u', 'i', 'f']).unwrap_or(text.len());
        text.get(..end).unwrap_or("").to_owned()
    }

    /// `format!("{}/{name}", a)` as a template; the first argument must be the literal.
    pub(super) fn format(&mut self, args: Vec<Arg>, range: Range) -> ExprKind {
        let mut args = args.into_iter();
        let Some(first) = args.next() else { return ExprKind::Str(String::new()) };
        let ExprKind::Str(template) = first.value.kind else { return ExprKind::Unknown(vec![first.value]) };
        let rest: Vec<Arg> = args.collect();
        let positional: Vec<&Arg> = rest.iter().filter(|arg| arg.name.is_empty()).collect();
        let mut next = 0;
        let mut parts = Vec::new();
        for piece in pieces(&template) {
            let kind = match piece {
                Piece::Text(text) => ExprKind::Str(text),
                Piece::Hole("") => {
                    next += 1;
                    positional.get(next - 1).map_or(ExprKind::Unknown(Vec::new()), |arg| arg.value.kind.clone())
                }
                Piece::Hole(hole) => {
                    if let Ok(at) = hole.parse::<usize>() {
                        positional.get(at).map_or(ExprKind::Unknown(Vec::new()), |arg| arg.value.kind.clone())
                    } else {
                        let named = rest.iter().find(|arg| arg.name == hole);
                        named.map_or_else(|| ExprKind::Name(hole.to_owned()), |arg| arg.value.kind.clone())
                    }
                }
            };
            parts.push(Expr { kind, range });
        }
        crate::syntax::template(parts)
    }

    /// A literal expression.
    pub(super) fn literal(&self, part: Part<'t>) -> ExprKind {
        match part.kind {
            Kind::Number => ExprKind::Number(self.number(part)),
            Kind::BooleanLiteral => ExprKind::Bool(self.walk.text(part.node) == "true"),
            _ => ExprKind::Str(self.string(part)),
        }
    }
}

/// A part of a format string (<https://doc.rust-lang.org/std/fmt/>).
enum Piece<'s> {
    Text(String),
    /// What is named before the `:`; empty for the next argument.
    Hole(&'s str),
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(rest.get(..at).unwrap_or(""));
        let found = rest.get(at..).unwrap_or("");
        if let Some(after) = found.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(inner) = found.strip_prefix('{') {
            let Some((hole, after)) = inner.split_once('}') else { break };
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Hole(hole.split(':').next().unwrap_or("").trim()));
            rest = after;
        } else {
            text.push('}');
            rest = found.strip_prefix("}}").or_else(|| found.strip_prefix('}')).unwrap_or("");
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// The content of a string or character literal of any kind.
pub(super) fn unquoted(text: &str) -> String {
    let body = text.trim_start_matches(['b', 'c']);
    if let Some(raw) = body.strip_prefix('r') {
        let raw = raw.trim_matches('#');
        return raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw).to_owned();
    }
    let inner = body.get(1..body.len().saturating_sub(1)).unwrap_or("");
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    unescape(&without_continuations(inner), &mut out);
    out
}

/// A backslash at the end of a line swallows the line break and the indentation that follows.
fn without_continuations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\\n") {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 2..).unwrap_or("").trim_start();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_their_quotes() {
        assert_eq!(unquoted(r#""a\"b""#), "a\"b");
        assert_eq!(unquoted("r#\"SELECT \"x\"\"#"), "SELECT \"x\"");
        assert_eq!(unquoted("\"one \\\n    two\""), "one two");
        assert_eq!(unquoted("b\"x\""), "x");
    }

    #[test]
    fn format_strings_have_text_and_holes() {
        let shown: Vec<String> = pieces("{{{}}}/{id:>5}/{0}x")
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Hole(hole) => format!("<{hole}>"),
            })
            .collect();
        assert_eq!(shown, ["{", "<>", "}/", "<id>", "/", "<0>", "x"]);
    }
}
