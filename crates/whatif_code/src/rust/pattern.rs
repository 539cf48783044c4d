//! Patterns, as expressions that can be assigned to.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arg, Call, Expr, ExprKind};

impl<'t> Reader<'t, '_> {
    /// `Ok(x)` is the call it looks like, `T { a }` a composite, `(a, b)` a list; what binds nothing is a value.
    pub(super) fn pattern(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::MutPattern | Kind::RefPattern | Kind::ReferencePattern | Kind::MatchPattern => {
                let parts = self.walk.parts(part.node);
                let inner =
                    parts.iter().find(|inner| inner.kind != Kind::MutableSpecifier && inner.field != Field::Condition);
                match inner {
                    Some(inner) => self.pattern(inner),
                    None => self.wildcard(part),
                }
            }
            Kind::OrPattern => {
                let first = self.walk.parts(part.node).first();
                first.map_or_else(|| unknown(part.range()), |first| self.pattern(first))
            }
            Kind::CapturedPattern => {
                let first = self.walk.parts(part.node).first();
                first.map_or_else(|| unknown(part.range()), |name| self.name(name))
            }
            _ => Expr { kind: self.pattern_kind(part), range: part.range() },
        };
        self.walk.leave();
        expr
    }

    fn pattern_kind(&mut self, part: Part<'t>) -> ExprKind {
        match part.kind {
            Kind::Identifier => {
                let name = self.walk.text(part.node);
                match name {
                    "None" => ExprKind::Nil,
                    // A constant or a variant: nothing is bound.
                    _ if name.starts_with(char::is_uppercase) => {
                        ExprKind::Unknown(vec![Expr { kind: ExprKind::Name(name.to_owned()), range: part.range() }])
                    }
                    _ => ExprKind::Name(name.to_owned()),
                }
            }
            Kind::TuplePattern | Kind::SlicePattern => ExprKind::List(self.members(part)),
            Kind::TupleStructPattern => self.tuple_struct(part),
            Kind::StructPattern => self.struct_pattern(part),
            Kind::Number | Kind::Str | Kind::RawStr | Kind::Char | Kind::BooleanLiteral => self.literal(part),
            Kind::ScopedIdentifier => ExprKind::Unknown(vec![self.path_expr(part)]),
            Kind::Token => ExprKind::Name("_".to_owned()),
            _ => ExprKind::Unknown(Vec::new()),
        }
    }

    fn wildcard(&self, part: Part<'t>) -> Expr {
        let name = if self.walk.text(part.node) == "_" { "_" } else { "" };
        let kind = if name.is_empty() { ExprKind::Unknown(Vec::new()) } else { ExprKind::Name(name.to_owned()) };
        Expr { kind, range: part.range() }
    }

    fn tuple_struct(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let callee = match parts.field(Field::Type) {
            Some(ty) => self.path_expr(ty),
            None => unknown(part.range()),
        };
        let members = self.members(part).into_iter();
        let args = members.map(|value| Arg { name: String::new(), value, spread: false }).collect();
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    /// The patterns in a tuple or slice; `_` is a token of the grammar.
    fn members(&mut self, part: Part<'t>) -> Vec<Expr> {
        let parts = self.walk.parts(part.node);
        let mut found: Vec<Expr> = Vec::new();
        for inner in parts.iter().filter(|inner| inner.field != Field::Type) {
            found.push(self.pattern(inner));
        }
        let mut cursor = part.node.walk();
        for token in part.node.children(&mut cursor).filter(|token| token.kind() == "_") {
            found.push(Expr { kind: ExprKind::Name("_".to_owned()), range: token.byte_range().into() });
        }
        found.sort_by_key(|member| member.range.start);
        found
    }

    fn struct_pattern(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let mut entries = Vec::new();
        for field in parts.iter().filter(|field| field.kind == Kind::FieldPattern) {
            let parts = self.walk.parts(field.node);
            let Some(name) = parts.field(Field::Name) else { continue };
            let key = self.name(name);
            let value = parts.field(Field::Pattern).map_or_else(|| key.clone(), |pattern| self.pattern(pattern));
            entries.push((Some(key), value));
        }
        ExprKind::Composite { ty, entries }
    }
}

/// Which side of a result or option a pattern stands for: `Some(true)` when it worked.
pub(super) fn side(pattern: &Expr) -> Option<bool> {
    match &pattern.kind {
        ExprKind::Call(call) => match call.callee.dotted()?.rsplit('.').next()? {
            "Ok" | "Some" => Some(true),
            "Err" => Some(false),
            _ => None,
        },
        ExprKind::Nil => Some(false),
        _ => None,
    }
}

/// The pattern inside `Ok(..)`, `Some(..)` or `Err(..)`.
pub(super) fn inside(pattern: &Expr) -> Option<&Expr> {
    match &pattern.kind {
        ExprKind::Call(call) => call.args.first().map(|arg| &arg.value),
        _ => None,
    }
}

/// Whether a pattern binds or tells apart anything.
pub(super) fn is_wildcard(pattern: &Expr) -> bool {
    matches!(&pattern.kind, ExprKind::Name(name) if name == "_")
}

/// Whether assigning to a pattern would give a name a value.
pub(super) fn binds(pattern: &Expr) -> bool {
    match &pattern.kind {
        ExprKind::Name(name) => name != "_",
        ExprKind::List(items) => items.iter().any(binds),
        ExprKind::Call(call) => call.args.iter().any(|arg| binds(&arg.value)),
        ExprKind::Composite { entries, .. } => entries.iter().any(|(_, value)| binds(value)),
        _ => false,
    }
}
