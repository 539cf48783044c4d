//! Calls: to own functions, to values, to libraries.

use super::state::{Class, Exit, Interpreter, Location};
use crate::ir::{Call, Expr, ExprKind};
use crate::knowledge::Does;
use crate::lower::program::TypeId;
use crate::lower::syntax;
use crate::lower::values::{Abs, Kind, ObjectId, Taint};
use std::rc::Rc;
use whatif_model::Range;

/// An argument after evaluation.
#[derive(Clone)]
pub(crate) struct Argument<'a> {
    pub(super) name: &'a str,
    pub(super) value: Abs<'a>,
    pub(super) spread: bool,
    pub(super) place: Option<Location<'a>>,
    pub(super) expr: Option<&'a Expr>,
}

impl<'a> Argument<'a> {
    pub(crate) fn of(value: Abs<'a>) -> Self {
        Self { name: "", value, spread: false, place: None, expr: None }
    }
}

/// Deepest chain of embedded values a method is looked for in: types may embed an interface they implement.
const EMBEDDED_MAX: usize = 8;

impl<'a> Interpreter<'a> {
    /// A call expression.
    pub(super) fn call(&mut self, call: &'a Call, range: Range) -> Abs<'a> {
        match &call.callee.kind {
            ExprKind::Field(base, name) => {
                if let Some(value) = self.super_call(base, name, call, range) {
                    return value;
                }
                let receiver = self.eval(base);
                let first = self.next_effect();
                let args = self.arguments(call);
                if self.diverged.is_some() {
                    return Abs::unknown();
                }
                if let Some(value) = self.collection_call(base, &receiver, name, &args) {
                    return value;
                }
                let site = Site { receiver_expr: Some(base), range };
                if let Some(value) = self.result_call(&receiver, name, &args, site) {
                    return value;
                }
                self.argument_effects = first;
                self.method_call(&receiver, name, &args, site)
            }
            _ => {
                let callee = self.eval(&call.callee);
                let first = self.next_effect();
                let args = self.arguments(call);
                if self.diverged.is_some() {
                    return Abs::unknown();
                }
                self.argument_effects = first;
                self.call_value(&callee, &args, range)
            }
        }
    }

    fn arguments(&mut self, call: &'a Call) -> Vec<Argument<'a>> {
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            let value = self.eval(&arg.value);
            let place = if syntax::is_plain(&arg.value) && self.is_go() { self.location(&arg.value) } else { None };
            args.push(Argument { name: &arg.name, value, spread: arg.spread, place, expr: Some(&arg.value) });
        }
        args
    }

    /// Calls whatever a value is.
    pub(crate) fn call_value(&mut self, callee: &Abs<'a>, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let site = Site { receiver_expr: None, range };
        match &callee.kind {
            Kind::Function(id, receiver) => {
                let declared = self.program.function(*id);
                if self.program.modules[declared.module].is_generated
                    && let Some(value) = self.generated_call(&declared.ir.name, declared.module, args, range)
                {
                    return value;
                }
                let (receiver, args) = match (receiver, args.split_first()) {
                    // A method named without its object is called on its first argument: `Order::cancel`.
                    (None, Some((first, rest)))
                        if !declared.ir.receiver.is_empty() && rest.len() == declared.ir.params.len() =>
                    {
                        (Some(first.value.clone()), rest)
                    }
                    (receiver, _) => (receiver.as_ref().map(|receiver| (**receiver).clone()), args),
                };
                let result = self.inline_declared(*id, receiver, args, range);
                self.name_wrapped(result, args)
            }
            Kind::Closure(closure) => {
                let closure = closure.clone();
                let result = self.inline_closure(&closure, args, range);
                self.name_wrapped(result, args)
            }
            Kind::Method(receiver, name) => {
                let receiver = (**receiver).clone();
                self.method_call(&receiver, name, args, site)
            }
            Kind::Type(ty) => self.type_call(*ty, args, range),
            Kind::Library(symbol) if self.is_go() && (**symbol == *"new" || **symbol == *"make") => {
                self.allocate(args, range)
            }
            Kind::Library(symbol) => {
                let symbol = symbol.clone();
                self.library_call(&symbol, Some(callee), args, site)
            }
            Kind::Object(id) => self.call_object(callee, *id, args, range),
            Kind::Choice(options) => {
                let options = options.clone();
                self.alternatives_call(&options, range, |this, option| this.call_value(option, args, range))
            }
            _ => self.unknown_call(Some(callee), args, range),
        }
    }

    /// A type called: a generated stub, an instance, or a conversion.
    fn type_call(&mut self, ty: TypeId, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let declared = self.program.ty(ty);
        if self.program.modules[declared.module].is_generated
            && let Some(value) = self.generated_call(&declared.ir.name, declared.module, args, range)
        {
            return value;
        }
        self.instantiate(ty, args, range)
    }

    fn call_object(&mut self, callee: &Abs<'a>, id: ObjectId, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let class = self.object(id).class.clone();
        match class {
            Class::Own(ty) => match self.program.method(ty, "__call__") {
                Some(method) => self.inline_declared(method, Some(callee.clone()), args, range),
                None => self.unknown_call(Some(callee), args, range),
            },
            Class::Library(class) => {
                let site = Site { receiver_expr: None, range };
                self.library_call(&format!("{class}.()"), Some(callee), args, site)
            }
            Class::Dict => self.unknown_call(Some(callee), args, range),
        }
    }

    /// `receiver.name(args)`.
    pub(super) fn method_call(
        &mut self,
        receiver: &Abs<'a>,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        if self.may_be_extended(receiver, name)
            && let Some(value) = self.extension_call(receiver, name, args, site)
        {
            return value;
        }
        match &receiver.kind {
            Kind::Package(package) => {
                let found = self.field(receiver, name);
                if let Kind::Library(symbol) = &found.kind {
                    let package_name = self.package_name(*package).to_owned();
                    let symbol =
                        if symbol.contains('.') { symbol.to_string() } else { format!("{package_name}.{name}") };
                    return self.library_call(&symbol, None, args, site);
                }
                if found.is_unknown()
                    && let Some(module) = self.program.packages[*package].modules.first().copied()
                    && let Some(value) = self.generated_call(name, module, args, site.range)
                {
                    return value;
                }
                self.call_value(&found, args, site.range)
            }
            Kind::Library(symbol) => {
                let symbol = format!("{symbol}.{name}");
                self.library_call(&symbol, Some(receiver), args, site)
            }
            Kind::Object(id) => self.object_call(receiver, *id, name, args, site),
            Kind::Type(ty) => self.class_call(*ty, receiver, name, args, site),
            Kind::Function(..) | Kind::Closure(_) => self.function_method(receiver, name, args, site),
            Kind::Choice(options) => {
                let options = options.clone();
                self.alternatives_call(&options, site.range, |this, option| this.method_call(option, name, args, site))
            }
            Kind::Text(_) => self.text_method(receiver, name, args),
            Kind::Context(_) => self.library_call(&format!("context.Context.{name}"), Some(receiver), args, site),
            Kind::Method(base, method) => {
                let (base, symbol) = ((**base).clone(), format!("{method}.{name}"));
                match &base.kind {
                    Kind::Object(id) => match self.object(*id).class.clone() {
                        Class::Library(class) => {
                            self.library_call(&format!("{class}.{symbol}"), Some(&base), args, site)
                        }
                        _ => self.unknown_call(Some(receiver), args, site.range),
                    },
                    _ => self.unknown_call(Some(receiver), args, site.range),
                }
            }
            _ => self.unknown_method(receiver, name, args, site),
        }
    }

    fn object_call(
        &mut self,
        receiver: &Abs<'a>,
        id: ObjectId,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        match self.object(id).class.clone() {
            Class::Own(ty) => self.instance_call(receiver, id, ty, name, args, site),
            Class::Library(class) => self.library_call(&format!("{class}.{name}"), Some(receiver), args, site),
            Class::Dict => match self.object(id).fields.get(name).cloned() {
                Some(value) => self.call_value(&value, args, site.range),
                None => self.unknown_method(receiver, name, args, site),
            },
        }
    }

    fn instance_call(
        &mut self,
        receiver: &Abs<'a>,
        id: ObjectId,
        ty: TypeId,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        let declared = self.program.method(ty, name);
        let is_abstract = declared.is_some_and(|method| self.program.function(method).ir.is_abstract);
        if let Some(method) = declared.filter(|_| !is_abstract) {
            return self.inline_declared(method, Some(receiver.clone()), args, site.range);
        }
        if let Some(value) = self.declared_call(receiver, ty, name, args, site) {
            return value;
        }
        if let Some(value) = self.accessor(receiver, id, ty, name, args) {
            return value;
        }
        if let Some(value) = self.object(id).fields.get(name).cloned()
            && !value.is_unknown()
        {
            return self.call_value(&value, args, site.range);
        }
        for base in self.program.library_bases(ty) {
            let symbol = format!("{base}.{name}");
            if self.knowledge.form(self.program.language, &symbol).is_some() {
                return self.library_call(&symbol, Some(receiver), args, site);
            }
        }
        if self.knowledge.words(self.program.language).type_methods.iter().any(|it| it == name) {
            return self.run_time_type(id, ty);
        }
        if let Some(value) = self.embedded_call(id, ty, name, args, site) {
            return value;
        }
        let promised = declared.is_some() || self.program.promises(ty, name);
        let implementations = if promised { self.implementations(ty) } else { Vec::new() };
        if !implementations.is_empty() {
            let options: Vec<Abs<'a>> =
                implementations.into_iter().map(|ty| Kind::Object(self.class_object(ty)).into()).collect();
            return self.alternatives_call(&Rc::new(options), site.range, |this, option| {
                this.method_call(option, name, args, site)
            });
        }
        self.unknown_method(receiver, name, args, site)
    }

    /// A method of something the type embeds.
    fn embedded_call(
        &mut self,
        id: ObjectId,
        ty: TypeId,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        let declared = self.program.ty(ty);
        for base in &declared.ir.bases {
            let last = base.rsplit('.').next().unwrap_or(base);
            let inner = match self.object(id).fields.get(last).cloned() {
                Some(inner) => inner,
                None => self.typed(declared.module, base),
            };
            let knows = match &inner.kind {
                Kind::Object(inner) => match &self.object(*inner).class {
                    Class::Own(ty) => self.program.method(*ty, name).is_some() || self.program.promises(*ty, name),
                    Class::Library(class) => {
                        self.knowledge.form(self.program.language, &format!("{class}.{name}")).is_some()
                    }
                    Class::Dict => false,
                },
                _ => false,
            };
            if knows && self.embedded < EMBEDDED_MAX {
                self.embedded += 1;
                let value = self.method_call(&inner, name, args, site);
                self.embedded -= 1;
                return Some(value);
            }
        }
        None
    }

    /// `Class.method(...)`.
    fn class_call(
        &mut self,
        ty: TypeId,
        class: &Abs<'a>,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        if let Some(value) = self.variant_call(ty, name, args) {
            return value;
        }
        match self.program.method(ty, name) {
            Some(method) => {
                let declared = self.program.function(method).ir;
                let decorated = declared.decorators.iter().any(|d| d.dotted().is_some_and(|d| d == "classmethod"));
                if decorated || declared.receiver.is_empty() {
                    return self.inline_declared(method, Some(class.clone()), args, site.range);
                }
                let (first, rest) = match args.split_first() {
                    Some((first, rest)) => (Some(first.value.clone()), rest),
                    None => (None, args),
                };
                self.inline_declared(method, first, rest, site.range)
            }
            None => {
                let value = self.field(class, name);
                if !value.is_unknown() {
                    return self.call_value(&value, args, site.range);
                }
                for base in self.program.library_bases(ty) {
                    let symbol = format!("{base}.{name}");
                    if self.knowledge.form(self.program.language, &symbol).is_some() {
                        return self.library_call(&symbol, Some(class), args, site);
                    }
                }
                self.unknown_method(class, name, args, site)
            }
        }
    }

    /// `super().method(...)`.
    fn super_call(&mut self, base: &'a Expr, name: &'a str, call: &'a Call, range: Range) -> Option<Abs<'a>> {
        let ExprKind::Call(inner) = &base.kind else { return None };
        if !matches!(&inner.callee.kind, ExprKind::Name(name) if name == "super") || self.is_go() {
            return None;
        }
        let function = self.active.last()?.function?;
        let owner = self.program.named_type(self.module(), function.owner.as_ref()?)?;
        let receiver = self.read_name(&function.receiver);
        let args = self.arguments(call);
        let parent = self
            .program
            .lineage(owner)
            .into_iter()
            .skip(1)
            .find_map(|ty| self.program.ty(ty).methods.get(name).copied());
        Some(match parent {
            Some(method) => self.inline_declared(method, Some(receiver), &args, range),
            None => {
                let bases = self.program.library_bases(owner);
                let symbol = bases.first().map_or_else(String::new, |base| format!("{base}.{name}"));
                self.library_call(&symbol, Some(&receiver), &args, Site { receiver_expr: None, range })
            }
        })
    }

    /// A method of a function value: handlers are functions with a method, tasks too.
    fn function_method(&mut self, receiver: &Abs<'a>, name: &'a str, args: &[Argument<'a>], site: Site<'a>) -> Abs<'a> {
        match name {
            "ServeHTTP" | "Call" | "__call__" => self.call_value(receiver, args, site.range),
            "bind" if self.manners.callbacks => receiver.clone(),
            _ if self.knowledge.words(self.program.language).function_methods.iter().any(|it| it == name) => {
                self.call_value(receiver, args, site.range)
            }
            "call" if self.manners.callbacks => self.call_value(receiver, args.get(1..).unwrap_or(&[]), site.range),
            _ if self.does(&format!("closure.{name}")).is_some() => {
                self.library_call(&format!("closure.{name}"), Some(receiver), args, site)
            }
            _ => match self.task_call(receiver, name, args, site.range) {
                Some(value) => value,
                None => self.unknown_call(Some(receiver), args, site.range),
            },
        }
    }

    /// A method of something not known: a logger by its name, else nothing that is understood.
    pub(super) fn unknown_method(
        &mut self,
        receiver: &Abs<'a>,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        let from = receiver.from.clone();
        if let Some(value) = self.each_call(receiver, name, args, site.range) {
            return value;
        }
        if let Some(value) = self.route_by_name(name, args, site) {
            return value;
        }
        if self.log_call(name, site) {
            self.logged.extend(taint_of(args).data());
            return receiver.clone();
        }
        self.note_key(&from, getter(name), site.range);
        let value = self.unknown_call(Some(receiver), args, site.range);
        value.with(&super::fields::requested(&from, getter(name)))
    }

    /// A log line, recognised by the names the language's community uses.
    pub(super) fn log_call(&mut self, name: &str, site: Site<'a>) -> bool {
        let words = self.knowledge.words(self.program.language);
        let has = |list: &[String], word: &str| list.iter().any(|item| item == word);
        let logger = site
            .receiver_expr
            .is_some_and(|expr| chain_names(expr).iter().any(|part| has(&words.loggers, part.trim_start_matches('_'))));
        if !logger {
            return false;
        }
        if has(&words.fatal_methods, name) {
            self.watch.logged = true;
            self.crash();
            return true;
        }
        self.watch.logged |= has(&words.log_methods, name);
        true
    }

    pub(super) fn crash(&mut self) {
        self.watch.crashed = true;
        self.diverged = Some(Exit::Raises);
    }

    /// A call nothing is known about: its result depends on everything it was given; function literals
    /// among its arguments are taken to be called.
    pub(super) fn unknown_call(&mut self, receiver: Option<&Abs<'a>>, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let mut from = receiver.map(|receiver| receiver.from.clone()).unwrap_or_default();
        self.look_at(&from);
        self.look_at(&taint_of(args));
        for arg in args {
            from = from.union(&arg.value.from);
            if let (Kind::Closure(closure), false) = (&arg.value.kind, self.starting) {
                let closure = closure.clone();
                let value = self.inline_closure(&closure, &[], range);
                self.diverged = None;
                from = from.union(&value.from);
            }
        }
        // `row.Adapt<Order>()`, `reader.Get<Order>()`: what comes back is what was asked for.
        let asked = args.iter().find(|arg| arg.name == "<0>").map(|arg| arg.value.kind.clone());
        match asked {
            Some(Kind::Type(ty)) if !self.starting && receiver.is_some() => {
                Abs { kind: Kind::Object(self.new_object(Class::Own(ty), None)), from }
            }
            _ => Abs::tainted(from),
        }
    }

    /// The handler a middleware wraps gives the wrapping closure its name.
    fn name_wrapped(&mut self, result: Abs<'a>, args: &[Argument<'a>]) -> Abs<'a> {
        let Kind::Closure(closure) = &result.kind else { return result };
        if closure.wraps.is_some() {
            return result;
        }
        let Some(wraps) = args.iter().find_map(|arg| self.handler_name(&arg.value)) else { return result };
        let wrapped = crate::lower::values::Closure {
            function: closure.function,
            frame: closure.frame,
            module: closure.module,
            wraps: Some(wraps),
        };
        Abs { kind: Kind::Closure(Rc::new(wrapped)), from: result.from }
    }

    /// Whether a name is a registered form of the language's own, such as `print`.
    pub(super) fn does(&self, symbol: &str) -> Option<Does> {
        self.knowledge.form(self.program.language, symbol).map(|found| found.form.does)
    }
}

/// Where a call stands.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(super) receiver_expr: Option<&'a Expr>,
    pub(super) range: Range,
}

/// The names along a chain of fields and calls: `app.logger`, `log.WithField(..).Info`.
fn chain_names(expr: &Expr) -> Vec<&str> {
    let mut names = Vec::new();
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Name(name) => {
                names.push(name.as_str());
                return names;
            }
            ExprKind::Field(base, name) => {
                names.push(name);
                expr = base;
            }
            ExprKind::Call(call) => expr = &call.callee,
            ExprKind::Index(base, _) => expr = base,
            _ => return names,
        }
    }
}

/// The property a protobuf getter reads: `GetOrderId` is `OrderId`.
fn getter(name: &str) -> &str {
    name.strip_prefix("Get").unwrap_or("")
}

/// Everything a set of arguments was computed from.
pub(super) fn taint_of(args: &[Argument<'_>]) -> Taint {
    args.iter().fold(Taint::default(), |taint, arg| taint.union(&arg.value.from))
}
