//! Functions, methods and types.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{self, Function, TypeDecl, TypeKind};

impl<'t> Reader<'t, '_> {
    /// A function, method or function literal; its doc comment is the caller's business.
    pub(super) fn function(&mut self, part: Part<'t>) -> Function {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let receiver = parts.field(Field::Receiver).and_then(|list| self.params(list).into_iter().next());
        let (receiver, owner) = receiver.map_or((String::new(), None), |param| (param.name, Some(param.ty)));
        let mut body = Vec::new();
        if let Some(block) = parts.field(Field::Body).filter(|_| !self.module.is_generated) {
            self.block(block, &mut body);
        }
        Function {
            owner,
            receiver,
            params: parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default(),
            results: parts.field(Field::Result).map(|result| self.results(result)).unwrap_or_default(),
            body,
            ..Function::new(
                name.map_or("", |name| self.walk.text(name.node)),
                name.map_or_else(|| part.range(), |name| name.range()),
                part.range(),
            )
        }
    }

    pub(super) fn type_declaration(&mut self, declaration: Part<'t>) {
        for spec in self.walk.parts(declaration.node) {
            if !matches!(spec.kind, Kind::TypeSpec | Kind::TypeAlias) {
                continue;
            }
            let parts = self.walk.parts(spec.node);
            if let (Some(name), Some(ty)) = (parts.field(Field::Name), parts.field(Field::Type)) {
                let decl = self.type_of(name, ty);
                self.module.types.push(decl);
            }
        }
    }

    /// A named type. One that is neither struct nor interface has its underlying type as base.
    fn type_of(&mut self, name: Part<'t>, ty: Part<'t>) -> TypeDecl {
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        match ty.kind {
            Kind::StructType => {
                if let Some(list) = self.walk.parts(ty.node).kind(Kind::FieldDeclarationList) {
                    for field in self.walk.parts(list.node) {
                        self.struct_field(field, &mut decl);
                    }
                }
            }
            Kind::InterfaceType => {
                decl.kind = TypeKind::Interface;
                for element in self.walk.parts(ty.node) {
                    self.interface_element(element, &mut decl);
                }
            }
            _ => decl.bases.push(self.ty(ty)),
        }
        decl
    }

    fn struct_field(&mut self, field: Part<'t>, decl: &mut TypeDecl) {
        let parts = self.walk.parts(field.node);
        let Some(ty) = parts.field(Field::Type) else { return };
        let ty = self.ty(ty);
        let before = decl.fields.len();
        for name in parts.fields(Field::Name).filter(|name| name.kind == Kind::Identifier) {
            decl.fields.push(ir::Field {
                name: self.walk.text(name.node).to_owned(),
                ty: ty.clone(),
                decorators: Vec::new(),
                range: name.range(),
            });
        }
        if decl.fields.len() == before {
            let name = ty.rsplit('.').next().unwrap_or(&ty).to_owned();
            decl.bases.push(ty.clone());
            decl.fields.push(ir::Field { name, ty, decorators: Vec::new(), range: field.range() });
        }
    }

    fn interface_element(&mut self, element: Part<'t>, decl: &mut TypeDecl) {
        match element.kind {
            Kind::MethodElem => {
                if let Some(name) = self.walk.parts(element.node).field(Field::Name) {
                    decl.interface_methods.push(self.walk.text(name.node).to_owned());
                }
            }
            Kind::TypeElem => decl.bases.push(self.ty(element)),
            _ => {}
        }
    }
}
