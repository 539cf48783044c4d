//! Types as text: without pointers and type arguments.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::Param;

impl<'t> Reader<'t, '_> {
    pub(super) fn ty(&mut self, part: Part<'t>) -> String {
        let mut out = String::new();
        self.write_type(part, &mut out);
        out
    }

    fn write_type(&mut self, part: Part<'t>, out: &mut String) {
        if !self.walk.enter() {
            return;
        }
        match part.kind {
            Kind::PointerType | Kind::ParenthesizedType | Kind::TypeElem => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.write_type(inner, out);
                }
            }
            Kind::GenericType => self.write_field(part, Field::Type, out),
            Kind::SliceType => {
                out.push_str("[]");
                self.write_field(part, Field::Element, out);
            }
            Kind::ImplicitLengthArrayType => {
                out.push_str("[...]");
                self.write_field(part, Field::Element, out);
            }
            Kind::ArrayType => {
                let length = self.walk.parts(part.node).field(Field::Length);
                out.push('[');
                out.push_str(length.map_or("", |length| self.walk.text(length.node)));
                out.push(']');
                self.write_field(part, Field::Element, out);
            }
            Kind::MapType => {
                out.push_str("map[");
                self.write_field(part, Field::Key, out);
                out.push(']');
                self.write_field(part, Field::Value, out);
            }
            Kind::ChannelType => {
                out.push_str("chan ");
                self.write_field(part, Field::Value, out);
            }
            Kind::FunctionType => self.write_signature(part, out),
            Kind::StructType => out.push_str("struct"),
            Kind::InterfaceType => out.push_str("interface{}"),
            _ => out.push_str(self.walk.text(part.node)),
        }
        self.walk.leave();
    }

    fn write_field(&mut self, part: Part<'t>, field: Field, out: &mut String) {
        if let Some(inner) = self.walk.parts(part.node).field(field) {
            self.write_type(inner, out);
        }
    }

    fn write_signature(&mut self, part: Part<'t>, out: &mut String) {
        let parts = self.walk.parts(part.node);
        let params = parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default();
        out.push_str("func(");
        out.push_str(&params.iter().map(|param| param.ty.as_str()).collect::<Vec<_>>().join(", "));
        out.push(')');
        let results = parts.field(Field::Result).map(|result| self.results(result)).unwrap_or_default();
        match results.as_slice() {
            [] => {}
            [one] => {
                out.push(' ');
                out.push_str(one);
            }
            several => {
                out.push_str(" (");
                out.push_str(&several.join(", "));
                out.push(')');
            }
        }
    }

    /// Parameters; the type of a variadic one keeps its dots.
    pub(super) fn params(&mut self, list: Part<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        for declaration in self.walk.parts(list.node) {
            let is_variadic = declaration.kind == Kind::VariadicParameter;
            if !is_variadic && declaration.kind != Kind::ParameterDeclaration {
                continue;
            }
            let parts = self.walk.parts(declaration.node);
            let Some(ty) = parts.field(Field::Type) else { continue };
            let mut text = String::new();
            if is_variadic {
                text.push_str("...");
            }
            self.write_type(ty, &mut text);
            let before = params.len();
            for name in parts.fields(Field::Name).filter(|name| name.kind == Kind::Identifier) {
                params.push(Param {
                    name: self.walk.text(name.node).to_owned(),
                    ty: text.clone(),
                    default: None,
                    decorators: Vec::new(),
                });
            }
            if params.len() == before {
                params.push(Param { name: String::new(), ty: text, default: None, decorators: Vec::new() });
            }
        }
        params
    }

    pub(super) fn results(&mut self, result: Part<'t>) -> Vec<String> {
        if result.kind == Kind::ParameterList {
            self.params(result).into_iter().map(|param| param.ty).collect()
        } else {
            vec![self.ty(result)]
        }
    }
}
