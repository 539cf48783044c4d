//! Interfaces a framework implements: declarative clients, and repositories whose methods are named after what they do.

use super::annotation::{Annotation, placeholders, with_settings};
use super::call::{Argument, Site};
use super::components::{paths, verbs};
use super::library::Use;
use super::routes::join_routes;
use super::state::{Class, Interpreter};
use crate::ir;
use crate::knowledge::{Does, Found};
use crate::lower::program::{FunctionId, TypeId};
use crate::lower::values::{Abs, Kind, ObjectId};
use std::rc::Rc;

impl<'a> Interpreter<'a> {
    /// What a class is told by its annotations and by the library types it extends: it is an object of them as well.
    pub(super) fn declare(&mut self, ty: TypeId, id: ObjectId) {
        if !self.manners.injects {
            return;
        }
        let declared = self.program.ty(ty);
        self.configure_fields(ty, id);
        for annotation in self.annotations(&declared.ir.decorators, declared.module) {
            match annotation.does() {
                Does::Make => self.adopt(id, &annotation),
                Does::Setting => self.settings_below(ty, id, &annotation),
                _ => {}
            }
        }
        for base in self.program.lineage(ty) {
            let own = self.program.ty(base);
            for text in &own.ir.bases {
                self.derive(id, own.module, text);
            }
        }
    }

    /// Fields that annotations fill from the configuration.
    fn configure_fields(&mut self, ty: TypeId, id: ObjectId) {
        let declared = self.program.ty(ty);
        for field in &declared.ir.fields {
            if let Some(value) = self.configured(&field.decorators, declared.module) {
                self.heap[id.0 as usize].fields.insert(Rc::from(field.name.as_str()), value);
            }
        }
    }

    /// A class whose fields are the settings below a prefix.
    fn settings_below(&mut self, ty: TypeId, id: ObjectId, annotation: &Annotation<'a>) {
        let Some(prefix) = annotation.argument("name").and_then(Abs::as_text) else { return };
        for field in &self.program.ty(ty).ir.fields {
            let key = format!("{prefix}.{}", field.name);
            let default = self.object(id).fields.get(field.name.as_str()).map(Abs::as_value);
            let default = default.and_then(|value| value.as_text());
            let value = whatif_model::Value { parts: vec![whatif_model::Part::Setting { key, default }] };
            self.heap[id.0 as usize].fields.insert(Rc::from(field.name.as_str()), Abs::value(value));
        }
    }

    /// The properties of an annotation that says what a class is a client of.
    fn adopt(&mut self, id: ObjectId, annotation: &Annotation<'a>) {
        let made = self.make(&annotation.as_use(None, ""));
        let Kind::Object(made) = made.kind else { return };
        let mut fields = self.object(made).fields.clone();
        for key in ["base", "service"] {
            if let Some(value) = fields.get(key) {
                let value = Abs::value(with_settings(value));
                fields.insert(Rc::from(key), value);
            }
        }
        if !fields.contains_key("base")
            && let Some(service) = fields.remove("service")
        {
            let mut base = whatif_model::Value::text("http://");
            base.push(service.as_value());
            fields.insert(Rc::from("base"), Abs::value(base));
        }
        self.heap[id.0 as usize].fields.extend(fields);
        self.heap[id.0 as usize].made = Some(annotation.span);
    }

    /// The properties of a library's type, and what its type arguments are about.
    fn derive(&mut self, id: ObjectId, module: usize, base: &str) {
        let Some(symbol) = self.program.library_type(module, base) else { return };
        let Some((library, form)) = self.knowledge.type_form(self.program.language, &symbol) else { return };
        if form.arguments.is_empty() {
            return;
        }
        let mut given: Vec<(Rc<str>, Abs<'a>)> = Vec::new();
        for (key, text) in &form.set {
            let (value, made) = self.configured_property(key, text);
            given.push((Rc::from(key.as_str()), value));
            self.heap[id.0 as usize].made = self.object(id).made.or(made);
        }
        for (property, text) in form.arguments.iter().zip(ir::type_arguments(base)) {
            if let Some(ty) = self.program.named_type(module, text) {
                self.mapped(ty, &mut given);
                given.push((Rc::from(property.as_str()), Kind::Type(ty).into()));
            }
        }
        given.push((Rc::from("technology"), Abs::text(library.technology.clone())));
        given.push((Rc::from("library"), Abs::text(library.name.clone())));
        for (key, value) in given {
            self.heap[id.0 as usize].fields.entry(key).or_insert(value);
        }
    }

    /// The store that the annotations of a class map it to, ahead of what the repository's own type would say.
    fn mapped(&mut self, ty: TypeId, given: &mut Vec<(Rc<str>, Abs<'a>)>) {
        let declared = self.program.ty(ty);
        for annotation in self.annotations(&declared.ir.decorators, declared.module) {
            let (library, form) = (annotation.found.library, annotation.found.form);
            if form.does == Does::Make && !library.technology.is_empty() {
                let settings = form.set.iter();
                let set = settings.map(|(key, text)| (Rc::from(key.as_str()), Abs::value(placeholders(text))));
                let technology = (Rc::from("technology"), Abs::text(library.technology.clone()));
                given.splice(0..0, set.chain([technology]));
            }
        }
    }

    /// A call of a method that a framework implements; `None` when it implements no such method.
    pub(super) fn declared_call(
        &mut self,
        receiver: &Abs<'a>,
        ty: TypeId,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        if !self.manners.injects {
            return None;
        }
        let method = self.program.method(ty, name).map(|first| self.program.overload(first, args.len()));
        let annotations = method.map(|method| {
            let declared = self.program.function(method);
            self.annotations(&declared.ir.decorators, declared.module)
        });
        let annotations = annotations.unwrap_or_default();
        if let Some(method) = method
            && annotations.iter().any(|annotation| annotation.does() == Does::Route)
        {
            return self.declared_request(receiver, ty, method, &annotations, args, site);
        }
        if let Some(query) = annotations.iter().find(|annotation| annotation.does() == Does::Sql) {
            return Some(self.declared_query(receiver, method, query, args, site));
        }
        let locks = annotations.iter().any(|annotation| annotation.does() == Does::Lock);
        let value = self.derived(receiver, ty, name, locks, args, site)?;
        Some(self.of_result(method, value))
    }

    /// A request, by the annotations the server's handler would have.
    fn declared_request(
        &mut self,
        receiver: &Abs<'a>,
        ty: TypeId,
        method: FunctionId,
        annotations: &[Annotation<'a>],
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        let Kind::Object(client) = receiver.kind else { return None };
        let library = self.object(client).fields.get("library").and_then(Abs::as_text)?;
        let library = self.knowledge.libraries(self.program.language).iter().find(|it| it.name == library)?;
        let form = library.form.iter().find(|form| form.does == Does::Http)?;
        let route = annotations.iter().find(|annotation| annotation.does() == Does::Route)?;
        let group = annotations.iter().find(|annotation| annotation.does() == Does::Group).unwrap_or(route);
        let path = paths(group).into_iter().next().unwrap_or_default();
        let prefix = self.prefixes(ty).into_iter().next().unwrap_or_default();
        let request = self.new_object(self.object(client).class.clone(), self.object(client).made);
        let mut fields = self.object(client).fields.clone();
        fields.insert(Rc::from("url"), Abs::text(join_routes(&join_routes("", &prefix), &path)));
        let verb = verbs(route).into_iter().next().unwrap_or_default();
        fields.insert(Rc::from("method"), Abs::text(if verb.is_empty() { "GET".to_owned() } else { verb }));
        self.heap[request.0 as usize].fields = fields;
        let receiver = Kind::Object(request).into();
        let name = self.program.function(method).ir.name.as_str();
        let span = self.span(site.range);
        let call =
            Use { library, form, receiver: Some(&receiver), args, name, range: site.range, span, receiver_expr: None };
        let value = self.request(&call);
        Some(self.of_result(Some(method), value))
    }

    /// A statement that an annotation spells out.
    fn declared_query(
        &mut self,
        receiver: &Abs<'a>,
        method: Option<FunctionId>,
        query: &Annotation<'a>,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        let mut given = query.args.clone();
        given.extend(args.iter().cloned());
        let call =
            Use { args: &given, range: site.range, span: self.span(site.range), ..query.as_use(Some(receiver), "") };
        let value = self.store_call(&call);
        self.of_result(method, value)
    }

    /// A method by its name, or by what its name begins with: `findByStatus`.
    fn derived(
        &mut self,
        receiver: &Abs<'a>,
        ty: TypeId,
        name: &'a str,
        locks: bool,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        let language = self.program.language;
        let found = self.program.library_bases(ty).into_iter().find_map(|base| {
            let (_, form) = self.knowledge.type_form(language, &base)?;
            let exact = self.knowledge.form(language, &format!("{base}.{name}"));
            let by_prefix = || {
                let prefixes = form.derived.iter().filter(|(prefix, _)| name.starts_with(prefix.as_str()));
                let (_, method) = prefixes.max_by_key(|(prefix, _)| prefix.len())?;
                self.knowledge.form(language, &format!("{base}.{method}"))
            };
            exact.or_else(by_prefix)
        });
        let Found { library, form } = found?;
        let mut receiver = receiver.clone();
        if let (true, Kind::Object(id)) = (locks, &receiver.kind) {
            let locked = self.new_object(self.object(*id).class.clone(), self.object(*id).made);
            let mut fields = self.object(*id).fields.clone();
            fields.insert(Rc::from("for_update"), Kind::Bool(true).into());
            self.heap[locked.0 as usize].fields = fields;
            receiver.kind = Kind::Object(locked);
        }
        let span = self.span(site.range);
        let receiver_expr = site.receiver_expr;
        let call = Use { library, form, receiver: Some(&receiver), args, name, range: site.range, span, receiver_expr };
        Some(self.apply(&call))
    }

    /// What a method declares to return, made of what its effect returned.
    fn of_result(&mut self, method: Option<FunctionId>, value: Abs<'a>) -> Abs<'a> {
        let Some(method) = method else { return value };
        if !value.is_unknown() {
            return value;
        }
        let declared = self.program.function(method);
        let Some(text) = declared.ir.results.first() else { return value };
        match self.program.named_type(declared.module, innermost(text)) {
            Some(ty) => {
                let id = self.new_object(Class::Own(ty), None);
                Abs { kind: Kind::Object(id), from: value.from }
            }
            None => value,
        }
    }
}

/// What a type that only wraps holds: `Order` of `Mono<List<Order>>`.
fn innermost(text: &str) -> &str {
    let mut text = text.trim_start_matches("[]");
    while let [only] = ir::type_arguments(text).as_slice() {
        text = only;
    }
    text
}
