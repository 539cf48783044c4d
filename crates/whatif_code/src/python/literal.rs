//! Strings, containers and comprehensions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Expr, ExprKind};
use crate::syntax::unescape;

impl<'t> Reader<'t, '_> {
    /// One string or several adjacent ones: a literal, or a template when something is interpolated.
    pub(super) fn string(&mut self, part: Part<'t>) -> ExprKind {
        let mut pieces = Vec::new();
        if part.kind == Kind::ConcatenatedString {
            for string in self.walk.parts(part.node) {
                self.string_pieces(string, &mut pieces);
            }
        } else {
            self.string_pieces(part, &mut pieces);
        }
        crate::syntax::template(pieces)
    }

    fn string_pieces(&mut self, string: Part<'t>, pieces: &mut Vec<Expr>) {
        let mut prefix = "";
        for part in self.walk.parts(string.node) {
            match part.kind {
                Kind::StringStart => prefix = self.walk.text(part.node).trim_end_matches(['"', '\'']),
                Kind::StringContent => {
                    let text = content(self.walk.text(part.node), prefix);
                    if let Some(Expr { kind: ExprKind::Str(before), range }) = pieces.last_mut() {
                        before.push_str(&text);
                        *range = range.cover(part.range());
                    } else {
                        pieces.push(Expr { kind: ExprKind::Str(text), range: part.range() });
                    }
                }
                Kind::Interpolation => self.interpolation(part, pieces),
                _ => {}
            }
        }
    }

    fn interpolation(&mut self, part: Part<'t>, pieces: &mut Vec<Expr>) {
        if !self.walk.enter() {
            return;
        }
        for inner in self.walk.parts(part.node) {
            if inner.field == Field::Expression {
                pieces.push(self.expr(inner));
            } else if inner.kind == Kind::FormatSpecifier {
                for nested in self.walk.parts(inner.node) {
                    if nested.kind == Kind::Interpolation {
                        self.interpolation(nested, pieces);
                    }
                }
            }
        }
        self.walk.leave();
    }

    pub(super) fn dictionary(&mut self, part: Part<'t>) -> ExprKind {
        let mut entries = Vec::new();
        for element in self.walk.parts(part.node) {
            entries.push(self.pair(element));
        }
        ExprKind::Composite { ty: String::new(), entries }
    }

    /// `{k: pattern, **rest}` in a `case`.
    pub(super) fn dictionary_pattern(&mut self, part: Part<'t>) -> ExprKind {
        let mut entries: Vec<(Option<Expr>, Expr)> = Vec::new();
        let mut key = None;
        for element in self.walk.parts(part.node) {
            match (element.field, element.kind) {
                (_, Kind::Token) => {}
                (Field::Key, _) => key = Some(self.expr(element)),
                _ => entries.push((key.take(), self.expr(element))),
            }
        }
        ExprKind::Composite { ty: String::new(), entries }
    }

    /// A `key: value`; anything else (`**rest`) has no key.
    fn pair(&mut self, part: Part<'t>) -> (Option<Expr>, Expr) {
        if part.kind != Kind::Pair {
            return (None, self.expr(part));
        }
        let parts = self.walk.parts(part.node);
        let key = parts.field(Field::Key).map(|key| self.expr(key));
        (key, self.optional(parts.field(Field::Value), part.range()))
    }

    /// Conditions guard the element: `[f(x) for x in xs if p(x)]` evaluates `f(x)` only where `p(x)` holds.
    pub(super) fn comprehension(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let (mut iterables, mut conditions) = (Vec::new(), Vec::new());
        for clause in parts.iter() {
            let inner = match clause.kind {
                Kind::ForInClause | Kind::IfClause => self.walk.parts(clause.node),
                _ => continue,
            };
            if clause.kind == Kind::IfClause {
                conditions.push(self.optional(inner.first(), clause.range()));
            } else {
                for iterable in inner.fields(Field::Right).filter(|iterable| iterable.kind != Kind::Token) {
                    iterables.push(self.expr(iterable));
                }
            }
        }
        let mut element = match parts.field(Field::Body) {
            Some(pair) if pair.kind == Kind::Pair => {
                let entries = vec![self.pair(pair)];
                Expr { kind: ExprKind::Composite { ty: String::new(), entries }, range: pair.range() }
            }
            body => self.optional(body, part.range()),
        };
        for condition in conditions.into_iter().rev() {
            let range = element.range;
            let nothing = Expr { kind: ExprKind::Nil, range };
            let kind = ExprKind::Conditional(Box::new(condition), Box::new(element), Box::new(nothing));
            element = Expr { kind, range };
        }
        ExprKind::Comprehension(Box::new(element), iterables)
    }

    /// The docstring at the start of a body.
    pub(super) fn docstring(&mut self, body: Part<'t>) -> String {
        let Some(first) = self.walk.parts(body.node).first() else { return String::new() };
        if first.kind != Kind::ExpressionStatement {
            return String::new();
        }
        match self.walk.parts(first.node).first() {
            Some(string) if matches!(string.kind, Kind::String | Kind::ConcatenatedString) => {
                let ExprKind::Str(text) = self.string(string) else { return String::new() };
                let lines: Vec<_> = text.lines().map(str::trim).collect();
                lines.join("\n").trim().to_owned()
            }
            _ => String::new(),
        }
    }

    pub(super) fn list_of(&mut self, part: Part<'t>) -> ExprKind {
        ExprKind::List(self.walk.parts(part.node).into_iter().map(|item| self.expr(item)).collect())
    }

    /// What could not be read: its parts.
    pub(super) fn parts_of_unknown(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        if parts.len() == 0 {
            return unknown(part.range());
        }
        let kind = ExprKind::Unknown(parts.into_iter().map(|inner| self.expr(inner)).collect());
        Expr { kind, range: part.range() }
    }
}

/// The text of a string's content, given the prefix of the string (`f`, `rb`).
fn content(text: &str, prefix: &str) -> String {
    let has = |letter: char| prefix.contains([letter, letter.to_ascii_uppercase()]);
    let mut out = if has('r') || !text.contains('\\') {
        text.to_owned()
    } else {
        let mut out = String::with_capacity(text.len());
        unescape(text, &mut out);
        out
    };
    if (has('f') || has('t')) && out.contains(['{', '}']) {
        out = out.replace("{{", "{").replace("}}", "}");
    }
    out
}
