//! Types as text.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::Param;

impl<'t> Reader<'t, '_> {
    /// A type as written, without spaces; `var` and `void` are none.
    pub(super) fn ty(&mut self, part: Part<'t>) -> String {
        let mut out = String::new();
        self.write_type(part, &mut out);
        if matches!(out.as_str(), "var" | "void") { String::new() } else { out }
    }

    fn write_type(&mut self, part: Part<'t>, out: &mut String) {
        if !self.walk.enter() {
            return;
        }
        match part.kind {
            Kind::GenericType => {
                for inner in self.walk.parts(part.node) {
                    self.write_type(inner, out);
                }
            }
            Kind::TypeArguments => {
                let arguments = self.walk.parts(part.node);
                if arguments.len() > 0 {
                    out.push('<');
                    for (at, argument) in arguments.into_iter().enumerate() {
                        if at > 0 {
                            out.push(',');
                        }
                        self.write_type(argument, out);
                    }
                    out.push('>');
                }
            }
            Kind::ArrayType => {
                out.push_str("[]");
                if let Some(element) = self.walk.parts(part.node).field(Field::Element) {
                    self.write_type(element, out);
                }
            }
            Kind::AnnotatedType | Kind::Wildcard => {
                let inner = self.walk.parts(part.node).into_iter();
                let mut inner = inner
                    .filter(|inner| !matches!(inner.kind, Kind::Annotation | Kind::MarkerAnnotation | Kind::Super));
                match inner.next() {
                    Some(inner) => self.write_type(inner, out),
                    None => out.push('?'),
                }
            }
            Kind::ScopedTypeIdentifier => {
                let mut first = true;
                for inner in self.walk.parts(part.node) {
                    if matches!(inner.kind, Kind::Annotation | Kind::MarkerAnnotation) {
                        continue;
                    }
                    if !first {
                        out.push('.');
                    }
                    first = false;
                    self.write_type(inner, out);
                }
            }
            _ => out.push_str(self.walk.text(part.node)),
        }
        self.walk.leave();
    }

    /// The types of a list.
    pub(super) fn type_list(&mut self, part: Part<'t>) -> Vec<String> {
        let mut found = Vec::new();
        for inner in self.walk.parts(part.node) {
            if inner.kind == Kind::TypeList {
                found.extend(self.walk.parts(inner.node).into_iter().map(|ty| self.ty(ty)));
            } else {
                found.push(self.ty(inner));
            }
        }
        found
    }

    /// Declared parameters; those of a lambda may have no type.
    pub(super) fn params(&mut self, list: Part<'t>) -> Vec<Param> {
        if list.kind == Kind::Identifier {
            return vec![untyped(self.walk.text(list.node))];
        }
        let mut params = Vec::new();
        for part in self.walk.parts(list.node) {
            match part.kind {
                Kind::Identifier => params.push(untyped(self.walk.text(part.node))),
                Kind::FormalParameter | Kind::SpreadParameter => params.extend(self.param(part)),
                _ => {}
            }
        }
        params
    }

    fn param(&mut self, part: Part<'t>) -> Option<Param> {
        let decorators = self.annotations(part);
        let parts = self.walk.parts(part.node);
        if part.kind == Kind::FormalParameter {
            let name = parts.field(Field::Name)?;
            let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
            return Some(Param { name: self.walk.text(name.node).to_owned(), ty, default: None, decorators });
        }
        let declarator = parts.kind(Kind::VariableDeclarator)?;
        let name = self.walk.parts(declarator.node).field(Field::Name)?;
        let skipped = [Kind::Modifiers, Kind::VariableDeclarator, Kind::Annotation, Kind::MarkerAnnotation];
        let ty = parts.into_iter().find(|part| !skipped.contains(&part.kind))?;
        let ty = format!("...{}", self.ty(ty));
        Some(Param { name: self.walk.text(name.node).to_owned(), ty, default: None, decorators })
    }
}

fn untyped(name: &str) -> Param {
    Param { name: name.to_owned(), ty: String::new(), default: None, decorators: Vec::new() }
}
