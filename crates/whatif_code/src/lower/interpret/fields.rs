//! What a field or an element of an object stands for.

use super::state::{Class, Interpreter};
use crate::knowledge::Does;
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::{Part, Value};

/// Field names under which libraries keep settings.
const SETTINGS: [&str; 3] = ["config", "settings", "conf"];

impl<'a> Interpreter<'a> {
    pub(super) fn object_field(&mut self, base: &Abs<'a>, id: ObjectId, name: &'a str) -> Abs<'a> {
        match self.object(id).class.clone() {
            Class::Own(ty) => self.instance_field(base, id, ty, name),
            Class::Library(class) => self.library_field(base, id, &class, name),
            Class::Dict => {
                let found = self.object(id).fields.get(name).cloned();
                found.unwrap_or_else(|| Abs::tainted(requested(&base.from, name)))
            }
        }
    }

    fn instance_field(&mut self, base: &Abs<'a>, id: ObjectId, ty: TypeId, name: &'a str) -> Abs<'a> {
        if self.holds_no_transaction(id, ty, name) {
            return Abs::library(super::region::NO_TRANSACTION);
        }
        if let Some(value) = self.object(id).fields.get(name) {
            return value.clone().with(&keep_request(&base.from, name));
        }
        if let Some(method) = self.program.method(ty, name) {
            return self.bound(method, base);
        }
        if let Some(summary) = self.summaries.get(&ty.0).copied()
            && summary != id
            && let Some(value) = self.object(summary).fields.get(name)
        {
            return value.clone().with(&keep_request(&base.from, name));
        }
        let value = self.class_field(ty, name, Some(base));
        if !value.is_unknown() {
            return value;
        }
        if let Some(value) = self.embedded_field(id, ty, name) {
            return value;
        }
        let taint = requested(&base.from, name);
        let value = self.unset_field(ty, name);
        self.share_connection(id, &value);
        value.with(&taint)
    }

    /// A field never written: what its declared type tells.
    pub(super) fn unset_field(&mut self, ty: TypeId, name: &'a str) -> Abs<'a> {
        for ty in self.program.lineage(ty) {
            let declared = self.program.ty(ty);
            if let Some(field) = declared.ir.fields.iter().find(|field| field.name == name) {
                let field_type = &field.ty;
                let value = self.typed(declared.module, field_type);
                if let Some(setting) = self.setting_of(ty, name) {
                    return setting;
                }
                let lower = declared.ir.name.to_ascii_lowercase();
                let is_config = ["config", "settings", "options"].iter().any(|word| lower.contains(word));
                if value.is_unknown() && is_config && field_type.contains("tring") {
                    let key = format!("{}.{name}", declared.ir.name);
                    return Abs::value(Value { parts: vec![Part::Setting { key, default: None }] });
                }
                return value;
            }
        }
        Abs::unknown()
    }

    /// A field of something embedded or, in Python, of a library base class.
    fn embedded_field(&mut self, id: ObjectId, ty: TypeId, name: &'a str) -> Option<Abs<'a>> {
        for base in &self.program.ty(ty).ir.bases {
            let last = base.rsplit('.').next().unwrap_or(base);
            if let Some(inner) = self.object(id).fields.get(last).cloned()
                && matches!(inner.kind, Kind::Object(_))
            {
                let value = self.field(&inner, name);
                if !value.is_unknown() {
                    return Some(value);
                }
            }
        }
        None
    }

    /// An attribute of a class, or a method bound to `receiver` or to the class.
    pub(super) fn class_field(&mut self, ty: TypeId, name: &'a str, receiver: Option<&Abs<'a>>) -> Abs<'a> {
        for ty in self.program.lineage(ty) {
            let summary = self.class_object(ty);
            if let Some(value) = self.object(summary).fields.get(name) {
                return value.clone();
            }
        }
        match self.program.method(ty, name) {
            Some(method) => match receiver {
                Some(receiver) => self.bound(method, receiver),
                None => Kind::Function(method, None).into(),
            },
            None => self.given_member(ty, name).unwrap_or_else(Abs::unknown),
        }
    }

    /// A method as a value; a property is read at once.
    fn bound(&mut self, method: crate::lower::program::FunctionId, base: &Abs<'a>) -> Abs<'a> {
        let declared = self.program.function(method);
        let property = declared
            .ir
            .decorators
            .iter()
            .any(|decorator| decorator.dotted().is_some_and(|name| name.ends_with("property")));
        if property {
            return self.inline_declared(method, Some(base.clone()), &[], declared.ir.name_range);
        }
        Kind::Function(method, Some(Rc::new(base.clone()))).into()
    }

    /// The object that holds what was stored in any instance of a type, and its class attributes.
    pub(crate) fn class_object(&mut self, ty: TypeId) -> ObjectId {
        if let Some(summary) = self.summaries.get(&ty.0) {
            return *summary;
        }
        let id = self.new_object(Class::Own(ty), None);
        self.summaries.insert(ty.0, id);
        let declared = self.program.ty(ty);
        if !declared.ir.body.is_empty() {
            self.run_class_body(id, declared.module, &declared.ir.body);
        }
        self.declare(ty, id);
        self.construct(ty, id);
        id
    }

    fn library_field(&mut self, base: &Abs<'a>, id: ObjectId, class: &Rc<str>, name: &'a str) -> Abs<'a> {
        let form = self.knowledge.type_form(self.program.language, class).map(|(_, form)| form);
        let property = form.and_then(|form| form.fields.get(name)).map_or(name, String::as_str);
        if let Some(value) = self.object(id).fields.get(property) {
            return value.clone();
        }
        if property == "instance"
            && let Some(Kind::Type(item)) = self.object(id).fields.get("item").map(|item| item.kind.clone())
        {
            return Kind::Object(self.class_object(item)).into();
        }
        if let Some(part) = self.part(id, class, name) {
            return part;
        }
        let symbol = format!("{class}.{name}");
        if self.does(&symbol) == Some(Does::ContextInbound) {
            self.run.token = true;
            let origin = crate::lower::values::ContextOrigin::Inbound;
            return Kind::Context(Rc::new(crate::lower::values::Context { origin, deadline: None })).into();
        }
        if SETTINGS.contains(&name) {
            let settings = self.new_object(Class::Library(Rc::from("settings")), None);
            self.heap[id.0 as usize].fields.insert(Rc::from(name), Kind::Object(settings).into());
            return Kind::Object(settings).into();
        }
        if self.knowledge.type_form(self.program.language, &symbol).is_some() {
            let fields = self.object(id).fields.clone();
            let inner = self.new_object(Class::Library(Rc::from(symbol)), self.object(id).made);
            self.heap[inner.0 as usize].fields = fields;
            if !form.is_some_and(|form| form.inbound) {
                // What is set on the part is set on the whole (headers of a request).
                self.heap[id.0 as usize].fields.insert(Rc::from(name), Kind::Object(inner).into());
            }
            return Abs { kind: Kind::Object(inner), from: requested(&base.from, name) };
        }
        if self.knowledge.form(self.program.language, &symbol).is_some() {
            return Kind::Method(Rc::new(base.clone()), name).into();
        }
        if let Some(value) = self.element(base, id, class, name) {
            return value;
        }
        let inbound = form.is_some_and(|form| form.inbound);
        let mut from = requested(&base.from, name);
        if inbound && !from.iter().any(|origin| matches!(origin, Origin::Request(_))) {
            from = from.union(&Taint::one(Origin::Request(Rc::from(name))));
        }
        Abs::tainted(from)
    }

    /// A field or element that the program names: a collection of a database.
    fn element(&mut self, base: &Abs<'a>, id: ObjectId, class: &str, name: &str) -> Option<Abs<'a>> {
        let (library, form) = self.knowledge.type_form(self.program.language, class)?;
        let element = form.element.as_ref()?;
        let mut fields = self.object(id).fields.clone();
        fields.insert(Rc::from(element.property.as_str()), Abs::text(name));
        let class = crate::knowledge::symbol(&library.prefix, &element.gives);
        let inner = self.new_object(Class::Library(Rc::from(class)), self.object(id).made);
        self.heap[inner.0 as usize].fields = fields;
        Some(Abs { kind: Kind::Object(inner), from: base.from.clone() })
    }

    /// `base[index]`.
    pub(super) fn index(&mut self, base: &Abs<'a>, index: &Abs<'a>) -> Abs<'a> {
        let key = index.as_text();
        if let (Kind::Type(ty), Kind::List(arguments)) = (&base.kind, &index.kind) {
            self.container.closed.entry(ty.0).or_insert_with(|| arguments.to_vec());
            return base.clone();
        }
        match &base.kind {
            Kind::List(items) | Kind::Tuple(items) => match index.as_number() {
                Some(at) if at >= 0.0 && (at as usize) < items.len() => items[at as usize].clone(),
                _ => items.iter().cloned().reduce(Abs::join).unwrap_or_else(Abs::unknown).with(&base.from),
            },
            Kind::Object(id) => self.keyed(base, *id, key.as_deref()),
            Kind::Library(symbol) => {
                if let Some(name) = &key
                    && self
                        .knowledge
                        .form(self.program.language, &format!("{symbol}.get"))
                        .is_some_and(|f| f.form.does == Does::Env)
                {
                    return Abs::value(Value::env(name.clone()));
                }
                let name = key.unwrap_or_default();
                Abs::tainted(requested(&base.from, &name))
            }
            _ => {
                Abs::tainted(requested(&base.from, key.as_deref().unwrap_or("")).union(&index.from.without_failures()))
            }
        }
    }

    /// An element of a dict or of a library object that is used like one.
    pub(super) fn keyed(&mut self, base: &Abs<'a>, id: ObjectId, key: Option<&str>) -> Abs<'a> {
        if let (Some(key), Class::Library(class)) = (key, self.object(id).class.clone())
            && !self.object(id).fields.contains_key(key)
            && let Some(value) = self.element(base, id, &class, key)
        {
            return value;
        }
        let object = self.object(id);
        let is_settings = match &object.class {
            Class::Library(class) if &**class == "settings" => true,
            Class::Library(class) => self
                .knowledge
                .type_form(self.program.language, class)
                .is_some_and(|(_, form)| form.set.contains_key("settings")),
            _ => false,
        };
        let section = object.fields.get("section").and_then(Abs::as_text);
        match key {
            Some(key) => match object.fields.get(key) {
                Some(value) => value.clone(),
                None if is_settings => {
                    let key = section.map_or_else(|| key.to_owned(), |section| format!("{section}:{key}"));
                    Abs::value(Value { parts: vec![Part::Setting { key, default: None }] })
                }
                None => Abs::tainted(requested(&base.from, key)),
            },
            None => {
                let values = object.fields.values().cloned().collect::<Vec<_>>();
                values.into_iter().reduce(Abs::join).unwrap_or_else(Abs::unknown).with(&base.from)
            }
        }
    }
}

/// The origins of a part of something: what came with the request is named after the part.
pub(super) fn requested(from: &Taint, name: &str) -> Taint {
    if name.is_empty() || !from.iter().any(|origin| matches!(origin, Origin::Request(_))) {
        return from.clone();
    }
    let kept = from.iter().filter(|origin| !matches!(origin, Origin::Request(_))).cloned();
    Taint::of(kept.chain([Origin::Request(Rc::from(name))]).collect())
}

fn keep_request(from: &Taint, name: &str) -> Taint {
    requested(from, name).retain(|origin| matches!(origin, Origin::Request(_) | Origin::Data(_)))
}
