//! Classes a framework makes and calls by itself: what their annotations register, and what they provide to others.

use super::annotation::{Annotation, listed, with_settings};
use super::routes::{join_routes, normal_path};
use super::state::Interpreter;
use crate::ir::TypeKind;
use crate::knowledge::{Does, EntryTrigger};
use crate::lower::program::{FunctionId, TypeId};
use crate::lower::values::{Abs, Kind};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;

/// Fuel a provider gets once the common fuel is used up.
const PROVIDER_FUEL: usize = 2_000;

impl<'a> Interpreter<'a> {
    /// Registers what the classes of a program say in annotations.
    pub(crate) fn register_components(&mut self) {
        if !self.manners.injects {
            return;
        }
        self.run_providers();
        for at in 0..self.program.types.len() {
            let ty = TypeId(u32::try_from(at).unwrap_or(u32::MAX));
            let declared = self.program.ty(ty);
            let module = self.program.modules[declared.module];
            if declared.ir.kind == TypeKind::Class && !module.is_test && !module.is_generated {
                self.component(ty);
            }
        }
    }

    /// Methods that make what others are handed, by their result type.
    fn run_providers(&mut self) {
        for at in 0..self.program.functions.len() {
            let method = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let declared = self.program.function(method);
            let (Some(owner), Some(result)) = (&declared.ir.owner, declared.ir.results.first()) else { continue };
            let module = self.program.modules[declared.module];
            if declared.ir.decorators.is_empty() || declared.ir.body.is_empty() || module.is_test {
                continue;
            }
            let annotations = self.annotations(&declared.ir.decorators, declared.module);
            if !annotations.iter().any(|annotation| annotation.found.form.set.contains_key("provides")) {
                continue;
            }
            let Some(ty) = self.program.named_type(declared.module, owner) else { continue };
            let receiver: Abs<'a> = Kind::Object(self.class_object(ty)).into();
            self.run.fuel = self.run.fuel.max(PROVIDER_FUEL);
            let made = self.inline_declared(method, Some(receiver), &[], declared.ir.name_range);
            self.diverged = None;
            if let Some(symbol) = self.program.library_type(declared.module, result)
                && matches!(made.kind, Kind::Object(_) | Kind::Choice(_))
            {
                let like = self.knowledge.type_form(self.program.language, &symbol).map(|(library, form)| {
                    if form.like.is_empty() {
                        symbol.clone()
                    } else {
                        crate::knowledge::symbol(&library.prefix, &form.like)
                    }
                });
                let symbol = like.unwrap_or(symbol);
                let made = match self.provided.remove(&symbol) {
                    Some(before) => before.join(made),
                    None => made,
                };
                self.provided.insert(symbol, made);
            }
        }
    }

    fn component(&mut self, ty: TypeId) {
        let methods = self.methods_of(ty);
        if methods.iter().any(|method| self.program.function(*method).ir.is_abstract) {
            // What is not finished is not made; its subclasses are looked at themselves.
            return;
        }
        self.register_stub_base(ty);
        self.register_bases(ty);
        let mut prefix = None;
        for method in methods {
            let mut annotations = self.annotations_of(ty, method);
            annotations.extend(self.parameter_annotations(method));
            if annotations.is_empty() {
                continue;
            }
            let receiver: Abs<'a> = Kind::Object(self.class_object(ty)).into();
            let handler: Abs<'a> = Kind::Function(method, Some(Rc::new(receiver))).into();
            if annotations.iter().any(|annotation| annotation.does() == Does::Route) {
                let prefixes = prefix.get_or_insert_with(|| self.prefixes(ty)).clone();
                self.register_paths(&prefixes, &annotations, &handler, (ty, method));
            }
            for annotation in &annotations {
                self.register_annotated(annotation, method, &handler);
            }
        }
    }

    /// The methods of a class and those it inherits, overloads included; abstract ones only when nothing implements them.
    fn methods_of(&self, ty: TypeId) -> Vec<FunctionId> {
        let mut found: Vec<FunctionId> = Vec::new();
        for ty in self.program.lineage(ty) {
            let declared = self.program.ty(ty);
            for method in declared.methods.values().flat_map(|first| self.program.overloads(*first)) {
                let own = self.program.function(method).ir;
                let same = |seen: &FunctionId| {
                    let seen = self.program.function(*seen).ir;
                    let types = |function: &'a crate::ir::Function| function.params.iter().map(|param| &param.ty);
                    seen.name == own.name && types(seen).eq(types(own))
                };
                let of_interface = own.is_abstract && declared.ir.kind == TypeKind::Interface;
                if !found.iter().any(same) && !of_interface {
                    found.push(method);
                }
            }
        }
        found.sort();
        found
    }

    /// The annotations of a method, and of what it implements.
    fn annotations_of(&mut self, ty: TypeId, method: FunctionId) -> Vec<Annotation<'a>> {
        let declared = self.program.function(method);
        let mut annotations = self.annotations(&declared.ir.decorators, declared.module);
        for base in self.program.lineage(ty).into_iter().skip(1) {
            let Some(first) = self.program.ty(base).methods.get(declared.ir.name.as_str()) else { continue };
            if self.is_client(base) {
                continue;
            }
            let implemented = self.program.overload(*first, declared.ir.params.len());
            let inherited = self.program.function(implemented);
            if implemented != method && inherited.ir.is_abstract {
                annotations.extend(self.annotations(&inherited.ir.decorators, inherited.module));
            }
        }
        annotations
    }

    /// Whether an interface is a client: its annotations say what it calls, not what it answers.
    fn is_client(&mut self, ty: TypeId) -> bool {
        let declared = self.program.ty(ty);
        let annotations = self.annotations(&declared.ir.decorators, declared.module);
        annotations.iter().any(|annotation| annotation.does() == Does::Make)
    }

    /// The paths that the annotations of a class put before those of its methods.
    pub(super) fn prefixes(&mut self, ty: TypeId) -> Vec<String> {
        for ty in self.program.lineage(ty) {
            let declared = self.program.ty(ty);
            let annotations = self.annotations(&declared.ir.decorators, declared.module);
            let found = annotations.iter().find(|annotation| matches!(annotation.does(), Does::Route | Does::Group));
            if let Some(annotation) = found {
                return paths(annotation);
            }
        }
        vec![String::new()]
    }

    fn register_paths(
        &mut self,
        prefixes: &[String],
        annotations: &[Annotation<'a>],
        handler: &Abs<'a>,
        named: (TypeId, FunctionId),
    ) {
        let (class, name) = (&self.program.ty(named.0).ir.name, &self.program.function(named.1).ir.name);
        let groups = annotations.iter().find(|annotation| annotation.does() == Does::Group).map(paths);
        for annotation in annotations.iter().filter(|annotation| annotation.does() == Does::Route) {
            let own = groups.clone().unwrap_or_else(|| paths(annotation));
            for method in verbs(annotation) {
                for (prefix, path) in prefixes.iter().flat_map(|prefix| own.iter().map(move |path| (prefix, path))) {
                    let is_absolute =
                        annotation.found.form.set.contains_key("absolute") && path.starts_with(['/', '~']);
                    let prefix = if is_absolute { "" } else { prefix.as_str() };
                    let path = join_routes(&join_routes("", prefix), path.trim_start_matches('~'));
                    let path = with_tokens(&path, class, name);
                    let trigger = Trigger::Http { method: method.clone(), path };
                    self.register(trigger, handler.clone(), annotation.span);
                }
            }
        }
    }

    /// What the parameters of a method say that it is called for.
    fn parameter_annotations(&mut self, method: FunctionId) -> Vec<Annotation<'a>> {
        let declared = self.program.function(method);
        if declared.ir.decorators.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for param in &declared.ir.params {
            let annotations = self.annotations(&param.decorators, declared.module);
            found.extend(
                annotations.into_iter().filter(|it| matches!(it.does(), Does::Route | Does::Consume | Does::Schedule)),
            );
        }
        found
    }

    /// What frameworks call on a class because of what it derives from.
    fn register_bases(&mut self, ty: TypeId) {
        let libraries = self.knowledge.libraries(self.program.language).iter();
        let entries: Vec<_> = libraries
            .flat_map(|library| library.types.iter().map(move |form| (library, form)))
            .filter_map(|(library, form)| Some((library, form.name.trim_start_matches(':'), form.entry.as_ref()?)))
            .collect();
        if entries.is_empty() {
            return;
        }
        let bases = self.program.library_bases(ty);
        for (library, base, entry) in entries {
            let is_base = |own: &String| crate::ir::bare(own).rsplit('.').next() == Some(base);
            if !bases.iter().any(is_base) {
                continue;
            }
            let Some(first) = self.program.method(ty, &entry.method) else { continue };
            let span = self.program.span(self.program.ty(ty).module, self.program.ty(ty).ir.range);
            if entry.on == EntryTrigger::Schedule {
                let handler = self.method_of(ty, first);
                self.register(Trigger::Schedule(whatif_model::Value::unknown()), handler, span);
                continue;
            }
            for message in self.handled(ty, &[base]) {
                let name = crate::ir::bare(&message).rsplit('.').next().unwrap_or("").to_owned();
                let mut overloads = self.program.overloads(first);
                let is_named = |text: &str| crate::ir::bare(text).rsplit('.').next() == Some(name.as_str());
                let fits = |id: &FunctionId| {
                    let mut params = self.program.function(*id).ir.params.iter();
                    params.any(|param| {
                        is_named(&param.ty) || crate::ir::type_arguments(&param.ty).iter().any(|inner| is_named(inner))
                    })
                };
                let method = overloads.find(fits).unwrap_or(first);
                let mut topic = self.broker();
                if topic.technology.is_empty() {
                    topic.technology.clone_from(&library.technology);
                }
                topic.name = whatif_model::Value::text(name);
                let at = self
                    .program
                    .span(self.program.function(method).module, self.program.function(method).ir.name_range);
                let label = "acknowledged by the library when the handler has worked";
                let auto_ack = whatif_model::Fact::known(
                    false,
                    whatif_model::Evidence::stated(whatif_model::Stage::Code, at, label),
                );
                let handler = self.method_of(ty, method);
                self.register(Trigger::Message { topic, auto_ack }, handler, at);
            }
        }
    }

    fn method_of(&mut self, ty: TypeId, method: FunctionId) -> Abs<'a> {
        let receiver: Abs<'a> = Kind::Object(self.class_object(ty)).into();
        Kind::Function(method, Some(Rc::new(receiver))).into()
    }

    /// Consumers, schedules, and what runs when the program starts.
    fn register_annotated(&mut self, annotation: &Annotation<'a>, method: FunctionId, handler: &Abs<'a>) {
        match annotation.does() {
            Does::Schedule => {
                let when = ["cron", "every"].iter().find_map(|key| annotation.argument(key));
                let when = when.map(with_settings).unwrap_or_default();
                self.register(Trigger::Schedule(when), handler.clone(), annotation.span);
            }
            Does::Consume => {
                let topics = annotation.argument("topic").map(listed).unwrap_or_default();
                let made = self.make(&annotation.as_use(None, ""));
                let Kind::Object(id) = made.kind else { return };
                let topics = if topics.is_empty() { vec![Abs::unknown()] } else { topics };
                for topic in topics {
                    let fields = &mut self.heap[id.0 as usize].fields;
                    fields.insert(Rc::from("trigger"), Abs::text("message"));
                    fields.insert(Rc::from("topic"), Abs::value(with_settings(&topic)));
                    if let Some(trigger) = self.trigger_of(id) {
                        self.register(trigger, handler.clone(), annotation.span);
                    }
                }
            }
            Does::Run if annotation.found.form.set.contains_key("start") => {
                let range = self.program.function(method).ir.name_range;
                self.call_value(handler, &[], range);
                self.diverged = None;
            }
            _ => {}
        }
    }

    /// A class that extends the base a code generator made for a service implements it.
    fn register_stub_base(&mut self, ty: TypeId) {
        let declared = self.program.ty(ty);
        for base in &declared.ir.bases {
            let name = base.rsplit('.').next().unwrap_or(base);
            let pattern = self.knowledge.pattern(self.program.language, name);
            // C# nests the base in the class of the service: `Basket.BasketBase`.
            let within = base.rsplit('.').nth(1);
            let pattern = pattern.filter(|(pattern, service)| !pattern.nested || within == Some(*service));
            let Some((_, service)) = pattern.filter(|(pattern, _)| pattern.does == Does::RpcRegister) else { continue };
            let (service, span) = (service.to_owned(), self.program.span(declared.module, declared.ir.range));
            let implementation = Kind::Object(self.class_object(ty)).into();
            self.register_service(&service, &implementation, span);
        }
    }
}

/// A route with the names of the class and the method in it
/// (<https://learn.microsoft.com/aspnet/core/mvc/controllers/routing#token-replacement-in-route-templates-controller-action-area>).
fn with_tokens(path: &str, class: &str, method: &str) -> String {
    if !path.contains('[') {
        return path.to_owned();
    }
    let class = class.strip_suffix("Controller").unwrap_or(class);
    let method = method.strip_suffix("Async").unwrap_or(method);
    path.replace("[controller]", class).replace("[action]", method)
}

/// The paths of an annotation; one without says the empty path.
pub(super) fn paths(annotation: &Annotation<'_>) -> Vec<String> {
    let Some(path) = annotation.argument("path") else { return vec![String::new()] };
    let found: Vec<String> = listed(path).iter().map(|path| normal_path(&with_settings(path))).collect();
    if found.is_empty() { vec![String::new()] } else { found }
}

/// The verbs of an annotation: fixed, or named by constants.
pub(super) fn verbs(annotation: &Annotation<'_>) -> Vec<String> {
    if let Some(fixed) = annotation.found.form.set.get("method") {
        return vec![fixed.clone()];
    }
    let Some(method) = annotation.argument("method") else { return vec![String::new()] };
    let named = listed(method).into_iter().filter_map(|method| match &method.kind {
        Kind::Library(symbol) => symbol.rsplit('.').next().map(str::to_owned),
        _ => method.as_text(),
    });
    let found: Vec<String> = named.map(|method| method.to_uppercase()).collect();
    if found.is_empty() { vec![String::new()] } else { found }
}
