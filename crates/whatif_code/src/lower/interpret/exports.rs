//! What modules hand out: by name, or one value in place of all names (CommonJS);
//! and what a library gives to classes derived from its own.

use super::lookup::WILDCARDS_MAX;
use super::state::{Class, Interpreter};
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind};
use std::rc::Rc;

impl<'a> Interpreter<'a> {
    /// A function or value that a module exports under a name.
    pub(crate) fn handed_out(&mut self, module: usize, name: &str) -> Option<Abs<'a>> {
        let package = self.program.package_of[module];
        let value = match self.exported(package, name) {
            Some(value) => value,
            None => self.declared(package, name)?,
        };
        matches!(value.kind, Kind::Function(..) | Kind::Closure(_)).then_some(value)
    }

    /// The one value a module hands out in place of its names (CommonJS).
    pub(super) fn one_export(&self, package: usize) -> Option<Abs<'a>> {
        self.frames[self.globals[package].0 as usize].names.get("module.exports").cloned()
    }

    /// What a module of a language that declares its exports hands out under a name; unknown when it has no such name.
    pub(super) fn exported(&mut self, package: usize, name: &str) -> Option<Abs<'a>> {
        if !self.manners.callbacks {
            return None;
        }
        if let Some(one) = self.one_export(package) {
            if name == "default" {
                return Some(one);
            }
            let part = self.part_named(&one, name);
            if !part.is_unknown() {
                return Some(part);
            }
        }
        let module = self.program.packages[package].modules.first().copied()?;
        if self.declared(package, name).is_some() || self.program.import(module, name).is_some() {
            return None;
        }
        if name == "default" {
            return Some(Kind::Package(package).into());
        }
        Some(self.wildcard(module, name, WILDCARDS_MAX).unwrap_or_else(Abs::unknown))
    }

    /// A field or static member named by text.
    pub(super) fn part_named(&mut self, base: &Abs<'a>, name: &str) -> Abs<'a> {
        match &base.kind {
            Kind::Object(id) => match self.object(*id).fields.get(name).cloned() {
                Some(value) => value,
                None => match self.object(*id).class {
                    Class::Own(ty) => match self.program.method(ty, name) {
                        Some(method) => Kind::Function(method, Some(Rc::new(base.clone()))).into(),
                        None => Abs::unknown(),
                    },
                    _ => Abs::unknown(),
                },
            },
            Kind::Library(symbol) => self.library_value(&format!("{symbol}.{name}")),
            _ => Abs::unknown(),
        }
    }

    /// A member that a library gives to every class derived from one of its own.
    pub(super) fn given_member(&mut self, ty: TypeId, name: &str) -> Option<Abs<'a>> {
        let language = self.program.language;
        let (library, class) = self.program.library_bases(ty).into_iter().find_map(|base| {
            let (library, form) = self.knowledge.type_form(language, &base)?;
            form.members.get(name).map(|class| (library, class))
        })?;
        let at = self.program.span(self.program.ty(ty).module, self.program.ty(ty).ir.range);
        let member = self.library_object(&crate::knowledge::symbol(&library.prefix, class), Some(at));
        if let Kind::Object(id) = member.kind {
            let fields = &mut self.heap[id.0 as usize].fields;
            fields.insert(Rc::from("item"), Kind::Type(ty).into());
            fields.insert(Rc::from("technology"), Abs::text(library.technology.clone()));
            let whole = self.class_object(ty);
            if self.object(whole).fields.contains_key("technology") {
                self.heap[id.0 as usize].fields.remove("technology");
                self.share_connection(whole, &member);
            }
        }
        Some(member)
    }
}
