//! Literals and what is made in place.

use super::expression::named;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{Expr, ExprKind};
use crate::syntax::{number, unescape};
use crate::syntax::{push_text, template};

impl<'t> Reader<'t, '_> {
    pub(super) fn number(&self, part: Part<'t>) -> ExprKind {
        let text = number(self.walk.text(part.node));
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        let suffix: &[char] =
            if is_hex { &['u', 'U', 'l', 'L'] } else { &['u', 'U', 'l', 'L', 'f', 'F', 'd', 'D', 'm', 'M'] };
        ExprKind::Number(text.trim_end_matches(suffix).to_owned())
    }

    /// `"text"`.
    pub(super) fn string(&self, part: Part<'t>) -> ExprKind {
        let text = self.walk.text(part.node).trim_end_matches("u8");
        let text = text.strip_prefix('"').unwrap_or(text);
        ExprKind::Str(unescaped(text.strip_suffix('"').unwrap_or(text)))
    }

    /// `@"text"`: only quotes are doubled.
    pub(super) fn verbatim(&self, part: Part<'t>) -> ExprKind {
        let text = self.walk.text(part.node).trim_end_matches("u8");
        let text = text.strip_prefix("@\"").unwrap_or(text);
        ExprKind::Str(text.strip_suffix('"').unwrap_or(text).replace("\"\"", "\""))
    }

    /// `"""text"""`.
    pub(super) fn raw_string(&mut self, part: Part<'t>) -> ExprKind {
        let content = self.walk.parts(part.node).kind(Kind::StringContent);
        ExprKind::Str(content.map_or("", |content| self.walk.text(content.node)).trim().to_owned())
    }

    /// `$"a{b}c"`: a literal, or a template when something is interpolated.
    pub(super) fn interpolated(&mut self, part: Part<'t>) -> ExprKind {
        let head = self.walk.text(part.node).split('"').next().unwrap_or("");
        let is_verbatim = head.contains('@');
        let mut pieces: Vec<Expr> = Vec::new();
        for piece in self.walk.parts(part.node) {
            let text = match piece.kind {
                Kind::Interpolation => {
                    let value = self.walk.parts(piece.node).iter().find(|inner| inner.kind != Kind::Ignored);
                    pieces.push(self.optional(value, piece.range()));
                    continue;
                }
                Kind::StringContent => self.walk.text(piece.node).replace("{{", "{").replace("}}", "}"),
                Kind::EscapeSequence => unescaped(self.walk.text(piece.node)),
                _ => continue,
            };
            let text = if is_verbatim { text.replace("\"\"", "\"") } else { text };
            push_text(&mut pieces, &text, piece.range());
        }
        template(pieces)
    }

    /// `new T[] { a, b }`, `new[] { a, b }`.
    pub(super) fn array(&mut self, part: Part<'t>) -> ExprKind {
        match self.walk.parts(part.node).kind(Kind::Initializer) {
            Some(initializer) => self.initializer(initializer),
            None => ExprKind::List(Vec::new()),
        }
    }

    /// `{ a, b }` where an array is expected.
    pub(super) fn initializer(&mut self, part: Part<'t>) -> ExprKind {
        let entries = self.entries(part);
        if !entries.is_empty() && entries.iter().all(|(key, _)| key.is_some()) {
            return ExprKind::Composite { ty: String::new(), entries };
        }
        ExprKind::List(entries.into_iter().map(|(_, value)| value).collect())
    }

    /// `{ A = b, ["k"] = v, e, { k, v } }`.
    pub(super) fn entries(&mut self, part: Part<'t>) -> Vec<(Option<Expr>, Expr)> {
        let mut entries = Vec::new();
        for element in self.walk.parts(part.node) {
            entries.push(self.entry(element));
        }
        entries
    }

    fn entry(&mut self, element: Part<'t>) -> (Option<Expr>, Expr) {
        match element.kind {
            Kind::Assignment => {
                let parts = self.walk.parts(element.node);
                let key = parts.field(Field::Left).map(|left| self.key(left));
                (key, self.optional(parts.field(Field::Right), element.range()))
            }
            Kind::Initializer => {
                let inner: Vec<_> = self.walk.parts(element.node).into_iter().collect();
                match inner.as_slice() {
                    [key, value] => (Some(self.expr(*key)), self.expr(*value)),
                    _ => (None, self.expr(element)),
                }
            }
            _ => (None, self.expr(element)),
        }
    }

    /// `A` or `["k"]`.
    fn key(&mut self, left: Part<'t>) -> Expr {
        match left.kind {
            Kind::BracketedArguments => {
                let first = self.walk.parts(left.node).first();
                self.optional(first, left.range())
            }
            Kind::ElementAccess => self.value_in(left, Field::Subscript),
            _ => self.expr(left),
        }
    }

    /// `new { a, b = c }`: named like a dictionary; `a.b` is called `b`.
    pub(super) fn anonymous(&mut self, part: Part<'t>) -> ExprKind {
        let members: Vec<_> = self.walk.parts(part.node).into_iter().collect();
        let mut entries = Vec::new();
        let mut rest = members.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            let is_named = first.kind == Kind::Identifier
                && after.first().is_some_and(|value| {
                    let between = self.walk.text_between(first.node.end_byte(), value.node.start_byte());
                    between.contains('=')
                });
            if let (true, Some((value, beyond))) = (is_named, after.split_first()) {
                rest = beyond;
                let key = Expr { kind: ExprKind::Str(self.walk.text(first.node).to_owned()), range: first.range() };
                entries.push((Some(key), self.expr(*value)));
                continue;
            }
            let text = self.walk.text(first.node).rsplit('.').next().unwrap_or("").to_owned();
            let key = Expr { kind: ExprKind::Str(text), range: first.range() };
            entries.push((Some(key), self.expr(*first)));
        }
        ExprKind::Composite { ty: String::new(), entries }
    }

    /// `e with { A = b }`: made of `e` and the new values.
    pub(super) fn with_expression(&mut self, part: Part<'t>) -> ExprKind {
        let mut values = Vec::new();
        for inner in self.walk.parts(part.node) {
            if inner.kind == Kind::WithInitializer {
                let value = self.walk.parts(inner.node).iter().last();
                values.push(self.optional(value, inner.range()));
            } else {
                values.push(self.expr(inner));
            }
        }
        match values.len() {
            0 => named("this", part.range()).kind,
            1 => values.remove(0).kind,
            _ => ExprKind::Unknown(values),
        }
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    unescape(text, &mut out);
    out
}
