//! What a name, a field or an index stands for.

use super::fields::requested;
use super::state::{Interpreter, Location};
use crate::ir::Expr;
use crate::knowledge::Does;
use crate::lower::program::{Imported, TypeId};
use crate::lower::values::{Abs, Context, ContextOrigin, Kind, Origin, Taint};
use std::rc::Rc;
use whatif_model::Value;

/// Longest chain of modules that hand on a name.
const HANDED_ON_MAX: usize = 16;

/// Longest chain of modules that hand on everything of another one.
pub(super) const WILDCARDS_MAX: usize = 4;

/// Deepest chain of modules that hand on what others export.
const BARRELS_MAX: usize = 6;

impl<'a> Interpreter<'a> {
    /// The value of a name where it is used.
    pub(super) fn read_name(&mut self, name: &'a str) -> Abs<'a> {
        let mut frame = Some(self.here());
        while let Some(id) = frame {
            let frame_ref = &self.frames[id.0 as usize];
            if let Some(value) = frame_ref.names.get(name) {
                return value.clone();
            }
            if self.globals.contains(&id) {
                break;
            }
            frame = frame_ref.parent;
        }
        if let Some(value) = self.implicit_member(name) {
            return value;
        }
        self.global(self.module(), name)
    }

    /// The value of a name at module level.
    pub(super) fn global(&mut self, module: usize, name: &str) -> Abs<'a> {
        let package = self.program.package_of[module];
        if let Some(ty) = self.program.chosen(module, name) {
            return Kind::Type(ty).into();
        }
        if let Some(value) = self.declared(package, name) {
            return value;
        }
        if let Some(path) = self.program.import(module, name) {
            return match self.program.resolve(module, path) {
                Imported::Own(package, rest) => {
                    self.load(package);
                    match rest.is_empty() {
                        true => self.one_export(package).unwrap_or_else(|| Kind::Package(package).into()),
                        // Modules may hand on names to each other in a circle.
                        false if self.handed_on >= HANDED_ON_MAX => Abs::unknown(),
                        false => {
                            self.handed_on += 1;
                            let value =
                                rest.iter().fold(Kind::Package(package).into(), |base, name| self.member(base, name));
                            self.handed_on -= 1;
                            value
                        }
                    }
                }
                Imported::Library(symbol) => self.library_value(&symbol),
            };
        }
        self.wildcard(module, name, WILDCARDS_MAX)
            .unwrap_or_else(|| if name == "__name__" { Abs::text("__main__") } else { Abs::library(name) })
    }

    pub(super) fn wildcard(&mut self, module: usize, name: &str, depth: usize) -> Option<Abs<'a>> {
        let program = self.program;
        let stars = program.modules[module].imports.iter().filter(|import| import.name == "*");
        for star in stars {
            if let Imported::Own(package, _) = program.resolve(module, star.path.trim_end_matches(".*")) {
                self.load(package);
                if let Some(value) = self.declared(package, name) {
                    return Some(value);
                }
                // What is handed on: names imported there, and wildcards there.
                let inner = program.packages[package].modules.first().copied().filter(|inner| *inner != module);
                if let (Some(inner), true) = (inner, self.manners.qualified_paths && depth > 0) {
                    if program.import(inner, name).is_some() {
                        return Some(self.global(inner, name));
                    }
                    if let Some(value) = self.wildcard(inner, name, depth - 1) {
                        return Some(value);
                    }
                }
                if self.manners.callbacks && self.embedded < BARRELS_MAX {
                    self.embedded += 1;
                    let value = self.member(Kind::Package(package).into(), name);
                    self.embedded -= 1;
                    if !value.is_unknown() {
                        return Some(value);
                    }
                }
            }
        }
        None
    }

    /// A variable, function or type a package declares.
    pub(super) fn declared(&mut self, package: usize, name: &str) -> Option<Abs<'a>> {
        let frame = self.globals[package];
        if let Some(value) = self.frames[frame.0 as usize].names.get(name) {
            return Some(value.clone());
        }
        let function = self.program.find_function(package, name).map(|id| Kind::Function(id, None));
        let found = function.or_else(|| self.program.find_type(package, name).map(Kind::Type));
        found.map(Abs::from)
    }

    /// A member of a package, class or instance that is named by text rather than by code.
    pub(super) fn member(&mut self, base: Abs<'a>, name: &str) -> Abs<'a> {
        let package = match &base.kind {
            Kind::Package(package) => *package,
            Kind::Library(symbol) if self.manners.qualified_paths => {
                let symbol = format!("{symbol}.{name}");
                return self.library_value(&symbol);
            }
            Kind::Type(ty) if self.manners.qualified_paths => return self.type_member(*ty, name),
            _ if self.manners.callbacks => return self.part_named(&base, name),
            _ => return Abs::unknown(),
        };
        self.load(package);
        if let Some(value) = self.exported(package, name) {
            return value;
        }
        match self.program.packages[package].modules.first() {
            Some(module) => self.global(*module, name),
            None => Abs::unknown(),
        }
    }

    /// A function or variant of a type, named through the type.
    fn type_member(&mut self, ty: TypeId, name: &str) -> Abs<'a> {
        match self.program.method(ty, name) {
            Some(method) => Kind::Function(method, None).into(),
            None => Abs::unknown(),
        }
    }

    /// A library's constant, or the library's name itself.
    pub(super) fn library_value(&mut self, symbol: &str) -> Abs<'a> {
        let language = self.program.language;
        if let Some(found) = self.knowledge.form(language, symbol) {
            let set = |key: &str| found.form.set.get(key);
            match found.form.does {
                Does::Duration => {
                    if let Some(ms) = set("ms").and_then(|ms| ms.parse().ok()) {
                        return Kind::Millis(ms).into();
                    }
                }
                Does::Constant => return Abs::text(set("text").cloned().unwrap_or_default()),
                Does::ContextBackground if set("value").is_some() => {
                    let running = self.active.last().and_then(|active| active.function);
                    let at = running.map(|function| self.span(function.name_range));
                    let origin = at.map_or(ContextOrigin::Unknown, ContextOrigin::Background);
                    return Kind::Context(Rc::new(Context { origin, deadline: None })).into();
                }
                Does::Make if set("value").is_some() => {
                    let at = self
                        .active
                        .last()
                        .and_then(|activation| activation.function)
                        .map(|function| function.name_range);
                    let at = at.map(|range| self.span(range));
                    return self.library_object(symbol, at);
                }
                _ => {}
            }
        }
        let inbound = self.knowledge.type_form(language, symbol).is_some_and(|(_, form)| form.inbound);
        let mut value = Abs::library(symbol);
        if inbound {
            value.from = Taint::one(Origin::Request(Rc::from(symbol.rsplit('.').next().unwrap_or(symbol))));
        }
        value
    }

    /// `base.name`.
    pub(super) fn field(&mut self, base: &Abs<'a>, name: &'a str) -> Abs<'a> {
        match &base.kind {
            Kind::Choice(options) => {
                let values: Vec<_> = options.iter().map(|option| self.field(option, name)).collect();
                values.into_iter().reduce(Abs::join).unwrap_or_else(Abs::unknown).with(&base.from)
            }
            Kind::Package(package) => {
                let value = self.member(base.clone(), name);
                if matches!(value.kind, Kind::Library(_)) && self.is_go() {
                    return Abs::library(&format!("{}.{name}", self.package_name(*package)));
                }
                value
            }
            Kind::Library(symbol)
                if self.manners.callbacks && self.does(&format!("{symbol}.get")) == Some(Does::Env) =>
            {
                Abs::value(Value::env(name))
            }
            Kind::Library(symbol) => {
                let symbol = format!("{symbol}.{name}");
                if let Some(ty) = self.type_in_namespace(&symbol, name) {
                    return Kind::Type(ty).into();
                }
                let mut value = self.library_value(&symbol).with(&base.from);
                if base.from.iter().any(|origin| matches!(origin, Origin::Request(_))) {
                    value.from = requested(&base.from, name);
                }
                value
            }
            Kind::Object(id) => self.object_field(base, *id, name),
            Kind::Type(ty) => {
                let value = self.class_field(*ty, name, None);
                if value.is_unknown()
                    && self.knowledge.words(self.program.language).type_names.iter().any(|it| it == name)
                {
                    return Abs::text(self.program.ty(*ty).ir.name.clone());
                }
                value
            }
            _ if base.from.is_empty() => Abs::unknown(),
            _ => Abs::tainted(requested(&base.from, name)),
        }
    }

    /// A type of the program that is named with its namespace: `Orders.Models.Order`.
    fn type_in_namespace(&self, symbol: &str, name: &str) -> Option<TypeId> {
        let is_known = || {
            let language = self.program.language;
            self.knowledge.form(language, symbol).is_some() || self.knowledge.type_form(language, symbol).is_some()
        };
        if !self.manners.bare_library_names || !name.starts_with(char::is_uppercase) || is_known() {
            return None;
        }
        let ty = self.program.named_type(self.module(), name)?;
        let namespace = &self.program.modules[self.program.ty(ty).module].package;
        let written = symbol.strip_suffix(name)?.trim_end_matches('.');
        (!written.is_empty() && (namespace == written || namespace.ends_with(&format!(".{written}")))).then_some(ty)
    }

    /// What the code calls a package, for names generated into it.
    pub(super) fn package_name(&self, package: usize) -> &'a str {
        let module = self.program.packages[package].modules.first();
        module.map_or("", |module| self.program.modules[*module].package.as_str())
    }

    /// What is known about a value from its declared type alone.
    pub(super) fn typed(&mut self, module: usize, text: &str) -> Abs<'a> {
        if text.is_empty() {
            return Abs::unknown();
        }
        if let Some(ty) = self.type_parameter(text) {
            return self.instance_of(ty);
        }
        if let Some(ty) = self.program.named_type(module, text) {
            let declared = self.program.ty(ty);
            if declared.ir.fields.is_empty()
                && declared.ir.interface_methods.is_empty()
                && declared.methods.is_empty()
                && self.is_go()
            {
                return Abs::unknown();
            }
            return self.instance_of(ty);
        }
        let Some(symbol) = self.program.library_type(module, text) else { return Abs::unknown() };
        let value = self.typed_library(&symbol);
        // What a generic type is about: the rows of a set, the options of a section.
        if let (Kind::Object(id), Some(argument)) = (&value.kind, crate::ir::type_arguments(text).first())
            && let Some(item) = self.program.named_type(module, argument)
        {
            self.heap[id.0 as usize].fields.insert(Rc::from("item"), Kind::Type(item).into());
        }
        value
    }

    pub(super) fn typed_library(&mut self, symbol: &str) -> Abs<'a> {
        if let Some(given) = self.container.given.get(symbol) {
            return given.clone();
        }
        if symbol == "context.Context" {
            return Kind::Context(Rc::new(Context { origin: ContextOrigin::Unknown, deadline: None })).into();
        }
        if let Some((library, form)) = self.knowledge.type_form(self.program.language, symbol)
            && !form.like.is_empty()
            && form.like != form.name
        {
            let like = crate::knowledge::symbol(&library.prefix, &form.like);
            if like != symbol {
                return self.typed_library(&like);
            }
        }
        if let Some(provided) = self.provided.get(symbol) {
            return provided.clone();
        }
        match self.knowledge.type_form(self.program.language, symbol) {
            Some((library, form)) => {
                let value = self.library_object(symbol, None);
                if let Kind::Object(id) = value.kind {
                    let settings = form.set.iter().filter(|(_, text)| text.contains("${"));
                    for (key, text) in settings {
                        let (value, made) = self.configured_property(key, text);
                        self.heap[id.0 as usize].fields.insert(Rc::from(key.as_str()), value);
                        self.heap[id.0 as usize].made = self.object(id).made.or(made);
                    }
                    if !library.technology.is_empty() && form.set.values().any(|text| text.contains("${")) {
                        let technology = Abs::text(library.technology.clone());
                        self.heap[id.0 as usize].fields.insert(Rc::from("technology"), technology);
                    }
                }
                value
            }
            None => Abs::unknown(),
        }
    }

    /// Where the value of an expression is kept, for writes through a pointer.
    pub(super) fn location(&mut self, expr: &'a Expr) -> Option<Location<'a>> {
        match &expr.kind {
            crate::ir::ExprKind::Name(name) => {
                let here = self.here();
                if let Some(place) = self.frames[here.0 as usize].places.get(name.as_str())
                    && !self.frames[here.0 as usize]
                        .names
                        .get(name.as_str())
                        .is_some_and(|v| matches!(v.kind, Kind::Object(_)))
                {
                    return Some(place.clone());
                }
                Some(Location::Local(here, name))
            }
            crate::ir::ExprKind::Field(base, name) => {
                let fuel = self.run.fuel;
                let base = if crate::lower::syntax::is_plain(base) { self.eval(base) } else { Abs::unknown() };
                self.run.fuel = fuel;
                match base.kind {
                    Kind::Object(id) => Some(Location::Field(id, Rc::from(name.as_str()))),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
