//! Literals of structs and dicts, and instances of classes.

use super::call::Argument;
use super::state::{Class, Interpreter, Location};
use crate::ir::{Expr, ExprKind};
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, Taint};
use std::rc::Rc;
use whatif_model::{Part, Range, Value};

/// The entry that stands for entries which are not known.
pub(super) const REST: &str = "...";

impl<'a> Interpreter<'a> {
    /// `T{a: b}`, `{k: v}`.
    pub(super) fn composite(&mut self, ty: &'a str, entries: &'a [(Option<Expr>, Expr)], range: Range) -> Abs<'a> {
        if ty.starts_with("[]") || ty.starts_with("...") {
            let items: Vec<Abs<'a>> = entries.iter().map(|(_, value)| self.eval_element(ty, value)).collect();
            let from = items.iter().fold(Taint::default(), |from, item| from.union(&item.from));
            return Abs { kind: Kind::List(Rc::new(items)), from };
        }
        let class = self.class_of(ty);
        let own = if let Class::Own(ty) = class { Some(ty) } else { None };
        let made = self.span(range);
        let id = self.new_object(class, Some(made));
        if let Some(ty) = own {
            self.made.insert(ty.0);
        }
        let mut from = Taint::default();
        for (at, (key, value)) in entries.iter().enumerate() {
            let name = match key {
                Some(key) => self.key_of(key, own.is_some() || !ty.is_empty()),
                None => own.and_then(|ty| self.program.ty(ty).ir.fields.get(at).map(|field| field.name.clone())),
            };
            let value = self.eval(value);
            from = from.union(&value.from);
            self.put(id, name, value);
        }
        Abs { kind: Kind::Object(id), from: from.without_failures() }
    }

    /// Stores an entry under the name the library gives the property.
    fn put(&mut self, id: crate::lower::values::ObjectId, name: Option<String>, value: Abs<'a>) {
        let Some(name) = name else {
            if let Kind::Object(other) = value.kind {
                // `{**other}`, and positional fields of unknown types.
                let fields = self.object(other).fields.clone();
                self.heap[id.0 as usize].fields.extend(fields);
            } else {
                self.heap[id.0 as usize].fields.insert(Rc::from(REST), value);
            }
            return;
        };
        let property = match &self.object(id).class {
            Class::Library(class) => self
                .knowledge
                .type_form(self.program.language, class)
                .and_then(|(_, form)| form.fields.get(&name).cloned())
                .unwrap_or(name),
            _ => name,
        };
        self.store(Location::Field(id, Rc::from(property)), value);
    }

    fn eval_element(&mut self, list: &str, value: &'a Expr) -> Abs<'a> {
        match &value.kind {
            // `[]T{{...}}`: the element's type is the list's.
            ExprKind::Composite { ty, entries } if ty.is_empty() => {
                let element = list.trim_start_matches("[]").trim_start_matches("...");
                let class = self.class_of(element);
                let made = self.span(value.range);
                let id = self.new_object(class, Some(made));
                let mut from = Taint::default();
                for (key, value) in entries {
                    let name = key.as_ref().and_then(|key| self.key_of(key, true));
                    let value = self.eval(value);
                    from = from.union(&value.from);
                    self.put(id, name, value);
                }
                Abs { kind: Kind::Object(id), from }
            }
            _ => self.eval(value),
        }
    }

    fn class_of(&mut self, ty: &str) -> Class {
        if ty.is_empty() || ty.starts_with("map[") {
            return Class::Dict;
        }
        let module = self.module();
        if let Some(ty) = self.program.named_type(module, ty) {
            return Class::Own(ty);
        }
        match self.program.library_type(module, ty) {
            Some(symbol) => Class::Library(Rc::from(symbol)),
            None => Class::Dict,
        }
    }

    fn key_of(&mut self, key: &'a Expr, is_struct: bool) -> Option<String> {
        match &key.kind {
            ExprKind::Name(name) if is_struct => Some(name.clone()),
            ExprKind::Str(text) => Some(text.clone()),
            _ => self.eval(key).as_text(),
        }
    }

    /// `new(T)`, `make(T)`.
    pub(super) fn allocate(&mut self, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let Some(first) = args.first() else { return Abs::unknown() };
        let made = self.span(range);
        match &first.value.kind {
            Kind::Type(ty) => {
                self.made.insert(ty.0);
                Kind::Object(self.new_object(Class::Own(*ty), Some(made))).into()
            }
            Kind::Library(symbol) if symbol.starts_with("map[") => {
                Kind::Object(self.new_object(Class::Dict, Some(made))).into()
            }
            Kind::Library(symbol) if symbol.contains('.') => {
                let symbol = symbol.clone();
                self.library_object(&symbol, Some(made))
            }
            _ => Abs::unknown(),
        }
    }

    /// `T(args)`: a conversion in Go, an instance in Python.
    pub(super) fn instantiate(&mut self, ty: TypeId, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        if self.is_go() {
            return args.first().map_or_else(Abs::unknown, |arg| arg.value.clone());
        }
        if self.program.modules[self.program.ty(ty).module].is_generated {
            return self.message(args, range);
        }
        let made = self.span(range);
        let id = self.new_object(Class::Own(ty), Some(made));
        self.made.insert(ty.0);
        let from = super::call::taint_of(args);
        let value: Abs<'a> = Kind::Object(id).into();
        match self.program.method(ty, "__init__") {
            Some(init) => {
                self.inline_declared(init, Some(value.clone()), args, range);
                self.initialise(id, init, args);
            }
            None => self.fill_fields(id, ty, args, range),
        }
        self.note_notice(ty, &value);
        self.note_made(&value);
        Abs { kind: Kind::Object(id), from }
    }

    /// Members set where an object is made, and the type arguments it is made with.
    fn initialise(
        &mut self,
        id: crate::lower::values::ObjectId,
        init: crate::lower::program::FunctionId,
        args: &[Argument<'a>],
    ) {
        let params = &self.program.function(init).ir.params;
        for arg in args.iter().filter(|arg| !arg.name.is_empty()) {
            let is_parameter = params.iter().any(|param| param.name == arg.name || param.name.starts_with("**"));
            if !is_parameter {
                self.store(Location::Field(id, Rc::from(arg.name)), arg.value.clone());
            }
        }
    }

    /// Without `__init__`: what a library base class makes of the arguments, and declared fields in order.
    fn fill_fields(&mut self, id: crate::lower::values::ObjectId, ty: TypeId, args: &[Argument<'a>], _range: Range) {
        let mut fields: Vec<&'a str> = Vec::new();
        for ty in self.program.lineage(ty) {
            fields.extend(self.program.ty(ty).ir.fields.iter().map(|field| field.name.as_str()));
        }
        let mut positional = fields.iter();
        for arg in args {
            let name = if arg.name.is_empty() { positional.next().copied() } else { Some(arg.name) };
            if let Some(name) = name {
                self.store(Location::Field(id, Rc::from(name)), arg.value.clone());
            }
        }
        self.settings_from_environment(id, ty, &fields);
    }

    /// A class of settings reads its fields from the environment by their names in upper case.
    fn settings_from_environment(&mut self, id: crate::lower::values::ObjectId, ty: TypeId, fields: &[&'a str]) {
        let bases = self.program.library_bases(ty);
        let reads = bases.iter().any(|base| {
            self.knowledge
                .type_form(self.program.language, base)
                .is_some_and(|(_, form)| form.set.contains_key("environment"))
        });
        if !reads {
            return;
        }
        let summary = self.class_object(ty);
        for name in fields {
            if self.object(id).fields.contains_key(*name) {
                continue;
            }
            let default = self.object(summary).fields.get(*name).map(Abs::as_value).and_then(|value| value.as_text());
            let part = Part::Env { name: name.to_ascii_uppercase(), default };
            self.heap[id.0 as usize].fields.insert(Rc::from(*name), Abs::value(Value { parts: vec![part] }));
        }
    }

    /// A message of a generated class or of a library: a dict of its keywords.
    pub(super) fn message(&mut self, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let made = self.span(range);
        let id = self.new_object(Class::Dict, Some(made));
        for arg in args.iter().filter(|arg| !arg.name.is_empty()) {
            self.heap[id.0 as usize].fields.insert(Rc::from(arg.name), arg.value.clone());
        }
        Abs { kind: Kind::Object(id), from: super::call::taint_of(args) }
    }
}
