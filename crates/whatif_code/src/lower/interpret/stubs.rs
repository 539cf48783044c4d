//! Names a code generator makes: clients of RPC services and registrations of their implementations.

use super::call::Argument;
use super::library::{Use, find};
use super::state::{Class, Interpreter};
use crate::knowledge::{Does, Pattern};
use crate::lower::values::{Abs, Kind};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::flow::PeerRole;
use whatif_model::{Evidence, Range, Span, Stage};

impl<'a> Interpreter<'a> {
    /// A call of a function in generated code, by its name.
    pub(super) fn generated_call(
        &mut self,
        name: &str,
        module: usize,
        args: &[Argument<'a>],
        range: Range,
    ) -> Option<Abs<'a>> {
        let package = &self.program.modules[module].package;
        let _ = package;
        self.generated_pattern(name, args, range)
    }

    /// A call whose name fits a generated one: stubs and service registrations.
    pub(super) fn generated_pattern(&mut self, symbol: &str, args: &[Argument<'a>], range: Range) -> Option<Abs<'a>> {
        let mut segments = symbol.rmatch_indices('.').map(|(at, _)| symbol.get(at + 1..).unwrap_or(symbol));
        let name = segments.next().unwrap_or(symbol);
        // A function of a generated type is named with its type.
        let qualified = segments.next().unwrap_or(symbol);
        let language = self.program.language;
        let found = self.knowledge.pattern(language, name).or_else(|| self.knowledge.pattern(language, qualified));
        let (pattern, service) = found?;
        let service = service.to_owned();
        if !self.fits(pattern, args) {
            return None;
        }
        let span = self.span(range);
        match pattern.does {
            Does::RpcRegister if self.knowledge.words(self.program.language).platform_services.contains(&service) => {
                Some(Abs::unknown())
            }
            Does::RpcRegister => {
                let implementation = find(pattern.args.get("handler")?, args)?.value.clone();
                self.register_service(&service, &implementation, span);
                Some(Abs::unknown())
            }
            _ => Some(self.stub(pattern, &service, args, span)),
        }
    }

    fn fits(&self, pattern: &Pattern, args: &[Argument<'a>]) -> bool {
        pattern.requires.iter().all(|(property, prefix)| {
            let Some(arg) = pattern.args.get(property).and_then(|spec| find(spec, args)) else { return false };
            arg.value.alternatives().iter().all(|option| match &option.kind {
                Kind::Object(id) => match &self.object(*id).class {
                    Class::Library(class) => class.starts_with(prefix.as_str()),
                    _ => true,
                },
                Kind::Unknown | Kind::Nil => args.len() == 1 || pattern.does == Does::RpcRegister,
                _ => false,
            })
        })
    }

    fn stub(&mut self, pattern: &'a Pattern, service: &str, args: &[Argument<'a>], span: Span) -> Abs<'a> {
        let connection = pattern.args.get("inherit").and_then(|spec| find(spec, args)).map(|arg| arg.value.clone());
        let mut stubs: Vec<Abs<'a>> = Vec::new();
        let options = connection.map_or_else(Vec::new, |connection| connection.alternatives().to_vec());
        for option in options {
            let Kind::Object(connection) = option.kind else { continue };
            let fields = self.object(connection).fields.clone();
            let made = self.object(connection).made;
            let stub = self.new_object(Class::Library(Rc::from(pattern.gives.as_str())), made);
            self.heap[stub.0 as usize].fields = fields;
            stubs.push(Kind::Object(stub).into());
        }
        if stubs.is_empty() {
            stubs.push(self.library_object(&pattern.gives, None));
        }
        for stub in &stubs {
            if let Kind::Object(id) = stub.kind {
                self.heap[id.0 as usize].fields.insert(Rc::from("service"), Abs::text(service));
                let peer = self.peer_of(id, PeerRole::Service);
                let evidence = Evidence::stated(Stage::Code, span, format!("client of {service}"));
                let peer = whatif_model::flow::Peer { technology: "grpc".to_owned(), ..peer };
                if !self.facts.peers.iter().any(|(seen, _)| *seen == peer) {
                    self.facts.peers.push((peer, evidence));
                }
            }
        }
        stubs.into_iter().reduce(Abs::join).unwrap_or_else(Abs::unknown)
    }

    /// A class that implements a service says so by the generated base it extends.
    pub(super) fn register_class(&mut self, call: &super::library::Use<'a, '_>) -> Abs<'a> {
        let Some(Kind::Type(ty)) = call.argument("handler").map(|arg| arg.value.kind.clone()) else {
            return Abs::unknown();
        };
        let language = self.program.language;
        let bases = self.program.lineage(ty).into_iter().flat_map(|ty| self.program.ty(ty).ir.bases.iter());
        let service = bases.into_iter().find_map(|base| {
            let last = base.rsplit('.').next().unwrap_or(base);
            let (pattern, service) = self.knowledge.pattern(language, last)?;
            (pattern.does == Does::RpcRegister).then(|| service.to_owned())
        });
        if let Some(service) = service {
            let implementation: Abs<'a> = Kind::Object(self.class_object(ty)).into();
            self.register_service(&service, &implementation, call.span);
        }
        Abs::unknown()
    }

    /// Registers every method of an implementation that can be one of the service.
    pub(super) fn register_service(&mut self, service: &str, implementation: &Abs<'a>, span: Span) {
        if !self.facts.serves.iter().any(|(seen, _)| seen == service) {
            self.facts.serves.push((service.to_owned(), span));
        }
        for option in implementation.alternatives() {
            let Kind::Object(id) = option.kind else { continue };
            let Class::Own(ty) = self.object(id).class else { continue };
            let mut methods: Vec<(&'a str, crate::lower::program::FunctionId)> = Vec::new();
            for ty in self.program.lineage(ty) {
                if self.program.modules[self.program.ty(ty).module].is_generated {
                    continue;
                }
                for (name, method) in &self.program.ty(ty).methods {
                    if !methods.iter().any(|(seen, _)| seen == name) {
                        methods.push((name, *method));
                    }
                }
            }
            let known = self.service_methods(service);
            let marks = &self.knowledge.words(self.program.language).rpc_parameters;
            for (name, method) in methods {
                let declared = self.program.function(method).ir;
                let fits = match &known {
                    _ if !marks.is_empty() => {
                        let last = declared.params.last().map(|param| last_name(&param.ty));
                        last.is_some_and(|last| marks.iter().any(|mark| mark == last))
                    }
                    Some(known) => known.contains(&name),
                    None if self.manners.snake_case_stubs => {
                        declared.params.first().is_some_and(|param| last_name(&param.ty) == "Request")
                    }
                    None => name.starts_with(char::is_uppercase) && declared.params.len() >= 2,
                };
                if fits {
                    let trigger = Trigger::Rpc { service: service.to_owned(), method: self.rpc_method(name) };
                    let handler: Abs<'a> = Kind::Function(method, Some(Rc::new(option.clone()))).into();
                    let span = self.program.span(self.program.function(method).module, declared.name_range);
                    self.register(trigger, handler, span);
                }
            }
        }
    }

    /// What a service calls a method that generated code may spell another way.
    pub(super) fn rpc_method(&self, name: &str) -> String {
        if !self.manners.snake_case_stubs {
            return name.to_owned();
        }
        let mut out = String::with_capacity(name.len());
        for word in name.split('_') {
            let mut letters = word.chars();
            out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        }
        out
    }

    /// An implementation given as an object with a function for each operation of a named service.
    pub(super) fn register_operations(&mut self, call: &Use<'a, '_>) {
        let Some(service) = self.property(call, "service").and_then(|service| service.as_text()) else { return };
        let platform = &self.knowledge.words(self.program.language).platform_services;
        if platform.iter().any(|name| service.ends_with(name.as_str())) {
            return;
        }
        if !self.facts.serves.iter().any(|(seen, _)| *seen == service) {
            self.facts.serves.push((service.clone(), call.span));
        }
        let Some(Kind::Object(id)) = call.argument("handler").map(|arg| arg.value.kind.clone()) else { return };
        let fields = self.object(id).fields.clone();
        for (name, handler) in fields {
            if !matches!(handler.kind, Kind::Function(..) | Kind::Closure(_)) {
                continue;
            }
            let mut letters = name.chars();
            let method = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
            let span = self.handler_name(&handler).map_or(call.span, |(_, span)| span);
            self.register(Trigger::Rpc { service: service.clone(), method }, handler, span);
            let handed = self.handed(call);
            if let Some(last) = self.registrations.last_mut() {
                last.given = handed;
            }
        }
    }

    /// The methods of a service, when the generated code is in the program.
    fn service_methods(&self, service: &str) -> Option<Vec<&'a str>> {
        let names = [format!("{service}Server"), format!("{service}Servicer")];
        let found = self.program.types.iter().find(|ty| names.contains(&ty.ir.name))?;
        let mut methods: Vec<&'a str> = found.ir.interface_methods.iter().map(String::as_str).collect();
        methods.extend(found.methods.keys().copied());
        (!methods.is_empty()).then_some(methods)
    }
}

/// The last name of a type without its arguments.
fn last_name(ty: &str) -> &str {
    let bare = crate::ir::bare(ty);
    bare.rsplit('.').next().unwrap_or(bare)
}
