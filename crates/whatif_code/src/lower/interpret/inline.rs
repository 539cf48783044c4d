//! Running an own function where it is called.

use super::call::Argument;
use super::state::{Activation, Exit, Interpreter};
use crate::ir::{Function, Stmt};
use crate::lower::program::FunctionId;
use crate::lower::values::{Abs, Closure, FrameId, Kind, ObjectId, Taint};
use std::rc::Rc;
use whatif_model::Range;
use whatif_model::facts::code::Trigger;
use whatif_model::limits::INLINE_DEPTH_MAX;

/// How often one function may be active at a time.
const RECURSION_MAX: usize = 1;

/// A function with where it is declared.
#[derive(Clone, Copy)]
pub(super) struct Callee<'a> {
    pub(super) function: &'a Function,
    pub(super) module: usize,
    pub(super) parent: Option<FrameId>,
}

/// Expressions and statements every module may take when it is loaded.
const MODULE_FUEL: usize = 4_000;

impl<'a> Interpreter<'a> {
    /// Runs a declared function.
    pub(super) fn inline_declared(
        &mut self,
        id: FunctionId,
        receiver: Option<Abs<'a>>,
        args: &[Argument<'a>],
        range: Range,
    ) -> Abs<'a> {
        let given = args.iter().filter(|arg| !arg.name.starts_with('<')).count();
        let id = self.program.overload(id, given);
        let declared = self.program.function(id);
        self.visit(id);
        let callee = Callee { function: declared.ir, module: declared.module, parent: None };
        self.inline(callee, receiver, args, range)
    }

    /// Runs a closure.
    pub(super) fn inline_closure(&mut self, closure: &Closure<'a>, args: &[Argument<'a>], range: Range) -> Abs<'a> {
        let callee = Callee { function: closure.function, module: closure.module, parent: Some(closure.frame) };
        self.inline(callee, None, args, range)
    }

    /// Runs a function with what is known about its arguments, and returns what it returns.
    pub(super) fn inline(
        &mut self,
        callee: Callee<'a>,
        receiver: Option<Abs<'a>>,
        args: &[Argument<'a>],
        range: Range,
    ) -> Abs<'a> {
        let taint = args.iter().fold(Taint::default(), |taint, arg| taint.union(&arg.value.from)).without_failures();
        if self.is_active(callee.function) {
            return Abs::tainted(taint);
        }
        if self.active.len() >= self.depth_base + INLINE_DEPTH_MAX * self.manners.layers {
            self.cut(range, "calls nested deeper than are followed");
            return Abs::tainted(taint);
        }
        let wraps = self.decorated(callee);
        if wraps.is_empty() {
            return self.enter(callee, receiver, args, Some(range));
        }
        self.run_wrapped(wraps, |this| this.enter(callee, receiver, args, Some(range)))
    }

    fn is_active(&self, function: &Function) -> bool {
        let same =
            |activation: &&Activation<'a>| activation.function.is_some_and(|active| std::ptr::eq(active, function));
        self.active.iter().filter(same).count() >= RECURSION_MAX
    }

    /// Runs the body in a frame of its own.
    pub(super) fn enter(
        &mut self,
        callee: Callee<'a>,
        receiver: Option<Abs<'a>>,
        args: &[Argument<'a>],
        call: Option<Range>,
    ) -> Abs<'a> {
        let call = call.map(|range| self.span(range));
        let frame = self.new_frame(callee.parent);
        self.push_activation(Some(callee.function), callee.module, frame, call);
        if let Some(receiver) = receiver
            && !callee.function.receiver.is_empty()
        {
            self.frame(frame).names.insert(&callee.function.receiver, receiver);
        }
        self.enter_class(frame, callee.function, callee.module);
        self.bind_types(frame, callee.function, args);
        self.bind(callee, frame, args);
        let before = self.watch;
        let exit = self.exec(&callee.function.body);
        self.run_defers();
        let activation = self.active.pop();
        self.watch.returned_failure = before.returned_failure;
        self.watch.returned = before.returned;
        self.watch.assigned = before.assigned;
        if matches!(exit, Exit::Raises) {
            self.diverged = Some(Exit::Raises);
        }
        let value = activation.and_then(|activation| activation.returns);
        value.unwrap_or_else(|| if self.is_go() { Abs::unknown() } else { Abs::nil() })
    }

    pub(crate) fn push_activation(
        &mut self,
        function: Option<&'a Function>,
        module: usize,
        frame: FrameId,
        call: Option<whatif_model::Span>,
    ) {
        let loops = self.loops.len();
        self.active.push(Activation {
            function,
            module,
            frame,
            call,
            returns: None,
            defers: Vec::new(),
            loops,
            tries: 0,
            held: self.held(),
        });
    }

    /// Runs what was deferred, last first.
    fn run_defers(&mut self) {
        let Some(activation) = self.active.last_mut() else { return };
        let defers = std::mem::take(&mut activation.defers);
        let diverged = self.diverged.take();
        let watch = self.watch;
        for expr in defers.into_iter().rev() {
            self.eval(expr);
            self.diverged = None;
        }
        self.watch = watch;
        self.diverged = diverged;
    }

    /// Binds parameters: by position, by keyword, by default, else by declared type.
    fn bind(&mut self, callee: Callee<'a>, frame: FrameId, args: &[Argument<'a>]) {
        let mut positional = args.iter().filter(|arg| arg.name.is_empty());
        let params = &callee.function.params;
        for (at, param) in params.iter().enumerate() {
            let name = param.name.as_str();
            let bare = name.trim_start_matches('*');
            let variadic = bare.len() != name.len() || param.ty.starts_with("...");
            let value = if variadic && !name.starts_with("**") {
                let rest: Vec<Abs<'a>> = positional.by_ref().map(|arg| arg.value.clone()).collect();
                Some(match rest.as_slice() {
                    [only] if args.last().is_some_and(|arg| arg.spread) => only.clone(),
                    _ => Kind::List(Rc::new(rest)).into(),
                })
            } else {
                let by_name = args.iter().find(|arg| !arg.name.is_empty() && arg.name == bare);
                let arg = by_name.or_else(|| if name.starts_with("**") { None } else { positional.next() });
                if let Some(place) = arg.and_then(|arg| arg.place.clone()) {
                    self.frame(frame).places.insert(bare, place);
                }
                arg.map(|arg| arg.value.clone())
            };
            let value = match (value, &param.default) {
                (Some(value), _) if value.is_unknown() && !param.ty.is_empty() => {
                    self.typed(callee.module, &param.ty).with(&value.from)
                }
                (Some(value), _) => value,
                (None, Some(default)) => self.default_of(default, callee.module, &param.ty),
                (None, None) => self.missing(callee, at),
            };
            self.frame(frame).names.insert(bare, value);
        }
    }

    /// A default, evaluated in the function's module.
    fn default_of(&mut self, default: &'a crate::ir::Expr, module: usize, ty: &str) -> Abs<'a> {
        let value = self.eval(default);
        if value.is_unknown() { self.typed(module, ty).with(&value.from) } else { value }
    }

    /// A parameter nobody gave: what an entry point is given by its framework.
    fn missing(&mut self, callee: Callee<'a>, at: usize) -> Abs<'a> {
        let param = &callee.function.params[at];
        let written = self.configured(&param.decorators, callee.module);
        if let Some(value) = written.or_else(|| self.header_value(callee.module, param)) {
            return value;
        }
        let value = self.given(callee.module, &param.name, &param.ty);
        // gRPC's generated Python code calls every servicer method with the request and the context
        // (<https://grpc.github.io/grpc/python/grpc.html#grpc.ServicerContext>).
        let is_context = at == 1 && self.is_python() && matches!(self.run.trigger, Some(Trigger::Rpc { .. }));
        if is_context && matches!(value.kind, Kind::Unknown) {
            return self.library_object("grpc.ServicerContext", None).with(&value.from);
        }
        value
    }

    /// A parameter that an annotation fills from a header of the request.
    fn header_value(&mut self, module: usize, param: &'a crate::ir::Param) -> Option<Abs<'a>> {
        self.run.trigger.as_ref()?;
        let annotations = &self.knowledge.words(self.program.language).header_annotations;
        let named = |expr: &crate::ir::Expr| annotations.iter().any(|name| expr.dotted().as_deref() == Some(name));
        let found = param.decorators.iter().find(|decorator| match &decorator.kind {
            crate::ir::ExprKind::Call(call) => named(&call.callee),
            _ => named(decorator),
        })?;
        let text = match &found.kind {
            crate::ir::ExprKind::Call(call) => call.args.iter().find_map(|arg| match &arg.value.kind {
                crate::ir::ExprKind::Str(text) => Some(text.as_str()),
                _ => None,
            }),
            _ => None,
        };
        let name = text.unwrap_or(&param.name);
        let span = self.program.span(module, found.range);
        self.key_read(name, span);
        Some(Abs::tainted(Taint::one(crate::lower::values::Origin::Request(Rc::from(name)))))
    }

    /// The top level of a Python module, and what its imports run; once.
    pub(crate) fn load(&mut self, package: usize) {
        if self.manners.starts_in_main || !self.loaded.insert(package) {
            return;
        }
        let frame = self.globals[package];
        for module in self.program.packages[package].modules.clone() {
            let ir = self.program.modules[module];
            if ir.is_generated {
                continue;
            }
            // A large program must not run out at its first modules.
            self.run.fuel = self.run.fuel.max(MODULE_FUEL);
            self.top_level(module, frame, &ir.top);
        }
    }

    /// Runs the statements of a module, then its decorators.
    pub(crate) fn top_level(&mut self, module: usize, frame: FrameId, stmts: &'a [Stmt]) {
        let call = None;
        let watch = self.watch;
        self.push_activation(None, module, frame, call);
        let ir = self.program.modules[module];
        if !self.manners.starts_in_main {
            for import in &ir.imports {
                if let crate::lower::program::Imported::Own(package, _) = self.program.resolve(module, &import.path) {
                    self.load(package);
                }
            }
        }
        self.exec(stmts);
        self.diverged = None;
        if !self.manners.starts_in_main {
            self.decorate_module(module);
        }
        self.active.pop();
        self.watch = watch;
    }

    fn decorate_module(&mut self, module: usize) {
        let program = self.program;
        for (at, declared) in program.functions.iter().enumerate() {
            let is_component = self.manners.injects && declared.ir.owner.is_some();
            if declared.module != module || declared.ir.decorators.is_empty() || is_component {
                continue;
            }
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let value: Abs<'a> = match &declared.ir.owner {
                Some(owner) => match program.named_type(module, owner) {
                    Some(ty) => {
                        let receiver: Abs<'a> = Kind::Object(self.class_object(ty)).into();
                        Kind::Function(id, Some(Rc::new(receiver))).into()
                    }
                    None => continue,
                },
                None => Kind::Function(id, None).into(),
            };
            self.decorate(&declared.ir.decorators, &value, module, declared.ir.name_range);
        }
    }

    /// Class attributes.
    pub(super) fn run_class_body(&mut self, id: ObjectId, module: usize, body: &'a [Stmt]) {
        let parent = self.globals[self.program.package_of[module]];
        let frame = self.new_frame(Some(parent));
        self.push_activation(None, module, frame, None);
        self.exec(body);
        self.active.pop();
        let names = std::mem::take(&mut self.frame(frame).names);
        let fields = &mut self.heap[id.0 as usize].fields;
        for (name, value) in names {
            fields.entry(Rc::from(name)).or_insert(value);
        }
    }
}

impl<'a> Interpreter<'a> {
    /// Runs a declared function as the operation itself.
    pub(crate) fn enter_root(&mut self, id: FunctionId, receiver: Option<Abs<'a>>, args: &[Argument<'a>]) {
        let declared = self.program.function(id);
        self.visit(id);
        let callee = Callee { function: declared.ir, module: declared.module, parent: None };
        self.enter_wrapped(callee, receiver, args);
    }

    /// Runs a closure as the operation itself.
    pub(crate) fn enter_closure(&mut self, closure: &Closure<'a>, args: &[Argument<'a>]) {
        let callee = Callee { function: closure.function, module: closure.module, parent: Some(closure.frame) };
        self.enter_wrapped(callee, None, args);
    }

    fn enter_wrapped(&mut self, callee: Callee<'a>, receiver: Option<Abs<'a>>, args: &[Argument<'a>]) {
        let frame = self.globals[self.program.package_of[callee.module]];
        self.push_activation(None, callee.module, frame, None);
        let wraps = self.decorated(callee);
        self.active.pop();
        if wraps.is_empty() {
            self.enter(callee, receiver, args, None);
        } else {
            self.run_wrapped(wraps, |this| this.enter(callee, receiver, args, None));
        }
    }

    /// The type of the program an object is an instance of.
    pub(crate) fn own_class(&self, id: ObjectId) -> Option<crate::lower::program::TypeId> {
        if let super::state::Class::Own(ty) = self.object(id).class { Some(ty) } else { None }
    }
}
