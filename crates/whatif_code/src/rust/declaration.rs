//! Functions, types, traits and their implementations.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::Sink;
use crate::ir::{self, Function, TypeDecl, TypeKind};

impl<'t> Reader<'t, '_> {
    /// A function or method.
    pub(super) fn function(&mut self, part: Part<'t>, before: &[Part<'t>]) -> Function {
        let outer = self.open_bounds(part);
        let hoisted = std::mem::take(&mut self.hoisted);
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let (params, has_self) = parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default();
        let results = parts.field(Field::ReturnType).map(|ty| self.results(ty)).unwrap_or_default();
        let mut body = Vec::new();
        if let Some(block) = parts.field(Field::Body).filter(|_| !self.module.is_generated) {
            let sink = if results.is_empty() { Sink::Drop } else { Sink::Return };
            self.block(block, &sink, &mut body);
        }
        let modifiers = parts.kind(Kind::FunctionModifiers).map_or("", |modifiers| self.walk.text(modifiers.node));
        let function = Function {
            owner: self.owner.clone(),
            receiver: if has_self { "self".to_owned() } else { String::new() },
            params,
            results,
            decorators: self.decorators(before),
            body,
            is_async: modifiers.contains("async"),
            doc: self.doc(before),
            ..Function::new(
                name.map_or("", |name| self.walk.text(name.node)),
                name.map_or_else(|| part.range(), |name| name.range()),
                part.range(),
            )
        };
        self.hoisted = hoisted;
        self.bounds = outer;
        function
    }

    /// A struct, union, enumeration or alias.
    pub(super) fn type_item(&mut self, part: Part<'t>, before: &[Part<'t>]) {
        let outer = self.open_bounds(part);
        let parts = self.walk.parts(part.node);
        if let Some(name) = parts.field(Field::Name) {
            let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
            decl.decorators = self.decorators(before);
            if part.kind == Kind::EnumItem {
                decl.kind = TypeKind::Enum;
            }
            match (part.kind, parts.field(Field::Body)) {
                (Kind::EnumItem, Some(body)) => self.variants(body, &mut decl),
                (_, Some(body)) => self.fields(body, &mut decl),
                (Kind::TypeItem, None) => {
                    if let Some(ty) = parts.field(Field::Type) {
                        decl.bases.push(self.ty(ty));
                    }
                }
                _ => {}
            }
            self.module.types.push(decl);
        }
        self.bounds = outer;
    }

    /// Named fields, or those of a tuple struct, which are called `0`, `1`.
    fn fields(&mut self, body: Part<'t>, decl: &mut TypeDecl) {
        let mut before = Vec::new();
        let mut position = 0;
        for part in self.walk.parts(body.node) {
            match part.kind {
                Kind::AttributeItem => {
                    before.push(part);
                    continue;
                }
                Kind::FieldDeclaration => {
                    let parts = self.walk.parts(part.node);
                    if let Some(name) = parts.field(Field::Name) {
                        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                        decl.fields.push(ir::Field {
                            name: self.walk.text(name.node).to_owned(),
                            ty,
                            decorators: self.decorators(&before),
                            range: name.range(),
                        });
                    }
                }
                _ if part.field == Field::Type => {
                    let ty = self.ty(part);
                    let name = position.to_string();
                    position += 1;
                    decl.fields.push(ir::Field { name, ty, decorators: Vec::new(), range: part.range() });
                }
                _ => {}
            }
            before.clear();
        }
    }

    /// Variants of an enumeration, each as a field that holds what the variant holds.
    fn variants(&mut self, body: Part<'t>, decl: &mut TypeDecl) {
        for variant in self.walk.parts(body.node) {
            let parts = self.walk.parts(variant.node);
            let Some(name) = parts.field(Field::Name).filter(|_| variant.kind == Kind::EnumVariant) else { continue };
            decl.fields.push(ir::Field {
                name: self.walk.text(name.node).to_owned(),
                ty: String::new(),
                decorators: Vec::new(),
                range: name.range(),
            });
        }
    }

    /// A trait: methods with a body are its own, the others are what implementations must have.
    pub(super) fn trait_item(&mut self, part: Part<'t>, before: &[Part<'t>]) {
        let outer = self.open_bounds(part);
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        decl.kind = TypeKind::Interface;
        decl.decorators = self.decorators(before);
        let owner = self.owner.replace(decl.name.clone());
        if let Some(body) = parts.field(Field::Body) {
            for member in self.walk.parts(body.node) {
                if member.kind == Kind::FunctionSignatureItem
                    && let Some(name) = self.walk.parts(member.node).field(Field::Name)
                {
                    decl.interface_methods.push(self.walk.text(name.node).to_owned());
                }
            }
            self.items(body.node);
        }
        self.owner = owner;
        self.bounds = outer;
        self.module.types.push(decl);
    }

    /// An `impl` block: its functions belong to the type, which has the trait as a base.
    pub(super) fn impl_item(&mut self, part: Part<'t>) {
        let outer = self.open_bounds(part);
        let parts = self.walk.parts(part.node);
        if let (Some(ty), Some(body)) = (parts.field(Field::Type), parts.field(Field::Body)) {
            let text = self.ty(ty);
            let name = ir::bare(&text).rsplit('.').next().unwrap_or("").to_owned();
            let of_trait = parts.field(Field::Trait).map(|of| self.ty(of));
            if let Some(of_trait) = of_trait
                && let Some(decl) = self.module.types.iter_mut().find(|decl| decl.name == name)
            {
                decl.bases.push(of_trait);
            }
            let owner = self.owner.replace(name);
            self.items(body.node);
            self.owner = owner;
        }
        self.bounds = outer;
    }
}
