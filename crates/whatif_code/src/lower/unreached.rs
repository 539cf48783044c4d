//! What no entry point was seen to reach: handlers of frameworks nobody described, and libraries.
//!
//! Such functions are run by themselves, callers before callees, with nothing known about their arguments.
//! What they do is looked at like everything else, except that nobody is known to wait for it.

use crate::ir::{Expr, ExprKind, TypeKind};
use crate::lower::entries::is_main_guard;
use crate::lower::interpret::Interpreter;
use crate::lower::program::FunctionId;
use crate::lower::syntax;
use std::collections::BTreeSet;
use whatif_model::Span;
use whatif_model::facts::code::{Entry, Trigger};
use whatif_model::flow::{EffectKind, Flow, OnError, Step};

/// Most functions of one unit that are run by themselves.
const FUNCTIONS_MAX: usize = 3_000;

/// Expressions and statements one of them may take: enough for a long method, too little for a whole application.
const FUEL: usize = 8_000;

/// Expressions and statements all of them together may take.
const FUEL_ALL: usize = 1_500_000;

impl<'a> Interpreter<'a> {
    /// The names of all functions that were run so far.
    pub(super) fn reached(&self) -> Vec<Span> {
        let spans = self.visited.iter().map(|id| {
            let declared = self.program.function(FunctionId(*id));
            self.program.span(declared.module, declared.ir.name_range)
        });
        let mut reached: Vec<Span> = spans.collect();
        reached.sort();
        reached
    }

    /// Runs the functions nobody reached; those that do something worth a look are kept.
    pub(super) fn run_rest(&mut self) -> Vec<Entry> {
        let mut fuel = FUEL_ALL;
        let mut found = Vec::new();
        let used = self.used_names();
        for id in self.rest().into_iter().take(FUNCTIONS_MAX) {
            if self.visited.contains(&id.0) || fuel == 0 {
                continue;
            }
            let flow = self.run_by_itself(id, &mut fuel);
            if flow.effects.iter().any(|effect| is_remote(&effect.kind)) || holds_lock(&flow) {
                found.push(self.entry_of(id, flow, &used));
            }
        }
        found
    }

    /// Unreached functions: those no other one names first, so that callees are run inside their callers.
    fn rest(&self) -> Vec<FunctionId> {
        let all = (0..self.program.functions.len()).map(|at| FunctionId(u32::try_from(at).unwrap_or(u32::MAX)));
        let unreached: Vec<FunctionId> = all.filter(|id| self.is_left(*id)).collect();
        let mut called: BTreeSet<&str> = BTreeSet::new();
        for id in &unreached {
            let own = self.program.function(*id).ir;
            syntax::each_expr(&own.body, &mut |expr: &'a Expr| {
                let name = match &expr.kind {
                    ExprKind::Call(call) => match &call.callee.kind {
                        ExprKind::Field(_, name) | ExprKind::Name(name) => name,
                        _ => return,
                    },
                    _ => return,
                };
                if *name != own.name {
                    called.insert(name);
                }
            });
        }
        let is_called = |id: &FunctionId| called.contains(self.program.function(*id).ir.name.as_str());
        let (inner, outer): (Vec<_>, Vec<_>) = unreached.into_iter().partition(is_called);
        outer.into_iter().chain(inner).collect()
    }

    fn is_left(&self, id: FunctionId) -> bool {
        let declared = self.program.function(id);
        let module = self.program.modules[declared.module];
        let test = module.is_test
            || module.is_generated
            || declared.ir.name.starts_with("test")
            || self.program.borrowed.contains(&declared.module);
        !test && !declared.ir.body.is_empty() && !self.visited.contains(&id.0)
    }

    fn run_by_itself(&mut self, id: FunctionId, fuel: &mut usize) -> Flow {
        // Without a trigger nothing is taken for a part of a request.
        self.begin_run(None);
        let given = FUEL.min(*fuel);
        self.run.fuel = given;
        self.run_function_id(id);
        *fuel -= given - self.run.fuel.min(given);
        // Nobody was seen to call it, so nobody was seen to drop its failures either.
        self.finish_run(if self.manners.errors_are_values { OnError::Unknown } else { OnError::Propagate })
    }

    /// Every name that code outside tests uses in an expression, and every word of its texts.
    fn used_names(&self) -> BTreeSet<&'a str> {
        let mut used = BTreeSet::new();
        let mut note = |expr: &'a Expr| match &expr.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => drop(used.insert(name.as_str())),
            ExprKind::Str(text) => used.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_')),
            _ => {}
        };
        for module in self.program.modules.iter().filter(|module| !module.is_test) {
            syntax::each_expr(&module.top, &mut note);
            for ty in &module.types {
                syntax::each_expr(&ty.body, &mut note);
            }
            for function in &module.functions {
                syntax::each_expr(&function.body, &mut note);
                let defaults = function.params.iter().filter_map(|param| param.default.as_ref());
                function.decorators.iter().chain(defaults).for_each(|expr| syntax::each_inner(expr, &mut note));
            }
        }
        used
    }

    /// Whether somebody names a function, or may find it without its name: by an annotation, by overriding a method
    /// of a class or interface, or by convention.
    fn is_named(&self, id: FunctionId, used: &BTreeSet<&str>) -> bool {
        let declared = self.program.function(id);
        let (function, module) = (declared.ir, self.program.modules[declared.module]);
        let lower = function.name.to_lowercase();
        let by_convention = function.name.starts_with("__")
            || ["test", "mock", "fake", "example"].iter().any(|word| lower.contains(word))
            || module.top.iter().any(is_main_guard)
            || ["main", "init", "handler", "run", "default"].contains(&function.name.as_str())
            || function.name.chars().all(|c| c.is_ascii_uppercase());
        let by_class = function.owner.as_deref().is_some_and(|owner| {
            let ty = module.types.iter().find(|ty| ty.name == owner);
            ty.is_none_or(|ty| !ty.bases.is_empty() || !ty.decorators.is_empty() || ty.kind != TypeKind::Class)
        });
        !function.decorators.is_empty() || by_convention || by_class || used.contains(function.name.as_str())
    }

    fn entry_of(&self, id: FunctionId, flow: Flow, used: &BTreeSet<&str>) -> Entry {
        let declared = self.program.function(id);
        let name = match &declared.ir.owner {
            Some(owner) => format!("{owner}.{}", declared.ir.name),
            None => declared.ir.name.clone(),
        };
        let span = self.program.span(declared.module, declared.ir.name_range);
        Entry { name, trigger: Trigger::Unseen { named: self.is_named(id, used) }, span, flow }
    }
}

fn is_remote(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Call { .. } | EffectKind::Read { .. } | EffectKind::Write { .. } | EffectKind::Publish { .. }
    )
}

fn holds_lock(flow: &Flow) -> bool {
    flow.steps.iter().any(|step| matches!(step, Step::Locked { .. }))
}
