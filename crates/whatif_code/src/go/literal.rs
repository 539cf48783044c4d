//! Strings and composite literals.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Expr, ExprKind};
use crate::syntax::unescape;

impl<'t> Reader<'t, '_> {
    pub(super) fn string(&self, part: Part<'t>) -> String {
        let text = self.walk.text(part.node);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
        if part.kind == Kind::RawString || !inner.contains('\\') {
            return inner.to_owned();
        }
        let mut out = String::with_capacity(inner.len());
        unescape(inner, &mut out);
        out
    }

    pub(super) fn composite(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        match parts.field(Field::Body) {
            Some(body) => self.literal_value(body, ty),
            None => ExprKind::Composite { ty, entries: Vec::new() },
        }
    }

    /// `{...}` of a type. Slices and arrays are lists (indices as keys are dropped); everything else has entries.
    fn literal_value(&mut self, body: Part<'t>, ty: String) -> ExprKind {
        let elided = element_type(&ty);
        let mut entries = Vec::new();
        for element in self.walk.parts(body.node) {
            if element.kind == Kind::KeyedElement {
                let parts = self.walk.parts(element.node);
                let key = parts.field(Field::Key).map(|key| self.element(key, ""));
                let value = parts.field(Field::Value).map(|value| self.element(value, elided));
                entries.push((key, value.unwrap_or_else(|| unknown(element.range()))));
            } else {
                entries.push((None, self.element(element, elided)));
            }
        }
        if ty.starts_with('[') {
            return ExprKind::List(entries.into_iter().map(|(_, value)| value).collect());
        }
        ExprKind::Composite { ty, entries }
    }

    /// One element; `{...}` without a type has the element type of what it stands in.
    fn element(&mut self, element: Part<'t>, elided: &str) -> Expr {
        let inner = match element.kind {
            Kind::LiteralElement => self.walk.parts(element.node).first(),
            _ => Some(element),
        };
        match inner {
            Some(body) if body.kind == Kind::LiteralValue => {
                if !self.walk.enter() {
                    return unknown(body.range());
                }
                let kind = self.literal_value(body, elided.to_owned());
                self.walk.leave();
                Expr { kind, range: body.range() }
            }
            inner => self.optional(inner, element.range()),
        }
    }
}

/// The type of a slice's, array's or map's elements, empty for other types.
fn element_type(ty: &str) -> &str {
    let Some(rest) = ty.strip_prefix("map").unwrap_or(ty).strip_prefix('[') else { return "" };
    let mut open = 1_usize;
    let end = rest.bytes().position(|byte| {
        match byte {
            b'[' => open += 1,
            b']' => open -= 1,
            _ => {}
        }
        open == 0
    });
    end.and_then(|end| rest.get(end + 1..)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_slices_and_maps_have_the_inner_type() {
        for (ty, element) in [
            ("[]T", "T"),
            ("[3]T", "T"),
            ("[][]T", "[]T"),
            ("map[string]pb.T", "pb.T"),
            ("map[[2]int]T", "T"),
            ("mapping", ""),
            ("T", ""),
            ("map[", ""),
        ] {
            assert_eq!(element_type(ty), element, "{ty}");
        }
    }
}
