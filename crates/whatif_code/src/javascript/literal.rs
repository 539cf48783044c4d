//! Strings and objects.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{Expr, ExprKind};
use crate::syntax::unescape;
use crate::syntax::{push_text, template};

impl<'t> Reader<'t, '_> {
    /// A string in quotes.
    pub(super) fn string(&self, part: Part<'t>) -> ExprKind {
        let text = self.walk.text(part.node);
        let quoted = text.strip_prefix(['"', '\'']).unwrap_or(text);
        ExprKind::Str(unescaped(quoted.strip_suffix(['"', '\'']).unwrap_or(quoted)))
    }

    /// A string in back quotes: a literal, or a template when something is interpolated.
    pub(super) fn template(&mut self, part: Part<'t>) -> ExprKind {
        let mut pieces: Vec<Expr> = Vec::new();
        for piece in self.walk.parts(part.node) {
            if piece.kind == Kind::Substitution {
                pieces.push(self.only(piece));
                continue;
            }
            if !matches!(piece.kind, Kind::StringFragment | Kind::EscapeSequence) {
                continue;
            }
            let text = unescaped(self.walk.text(piece.node));
            push_text(&mut pieces, &text, piece.range());
        }
        template(pieces)
    }

    /// `{ a, b: c, [d]: e, f() {}, ...g }`.
    pub(super) fn object(&mut self, part: Part<'t>) -> ExprKind {
        let mut entries = Vec::new();
        for element in self.walk.parts(part.node) {
            let parts = self.walk.parts(element.node);
            match element.kind {
                Kind::Pair => {
                    let Some(key) = parts.field(Field::Key) else { continue };
                    let value = self.optional(parts.field(Field::Value), element.range());
                    let value = self.entry_function(key, value);
                    entries.push((Some(self.key(key)), value));
                }
                Kind::Identifier => {
                    let text = self.walk.text(element.node).to_owned();
                    let key = Expr { kind: ExprKind::Str(text), range: element.range() };
                    entries.push((Some(key), self.expr(element)));
                }
                Kind::MethodDefinition => {
                    let Some(name) = parts.field(Field::Name) else { continue };
                    let text = self.walk.text(name.node).to_owned();
                    let function = self.function(element, &text, name.range());
                    let value = Expr { kind: ExprKind::Lambda(Box::new(function)), range: element.range() };
                    entries.push((Some(self.key(name)), value));
                }
                Kind::Spread => entries.push((None, self.only(element))),
                _ => {}
            }
        }
        ExprKind::Composite { ty: String::new(), entries }
    }

    /// A function without a name is called what its entry is called.
    fn entry_function(&mut self, key: Part<'t>, mut value: Expr) -> Expr {
        if let ExprKind::Lambda(function) = &mut value.kind
            && function.name.is_empty()
            && key.kind == Kind::PropertyName
        {
            self.walk.text(key.node).clone_into(&mut function.name);
            function.name_range = key.range();
        }
        value
    }

    /// The key of an entry or pattern: a text unless it is computed.
    pub(super) fn key(&mut self, key: Part<'t>) -> Expr {
        let kind = match key.kind {
            Kind::String => self.string(key),
            Kind::ComputedName => return self.only(key),
            _ => ExprKind::Str(self.walk.text(key.node).to_owned()),
        };
        Expr { kind, range: key.range() }
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
