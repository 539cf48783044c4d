//! Sagas as orchestrators define them: a chain of calls that lists steps, what they do and what undoes them.

use super::program::{Program, TypeId};
use super::syntax::each_expr;
use crate::ir::{Call, Expr, ExprKind, Stmt, bare, type_arguments};
use crate::knowledge::{Knowledge, SagaPart};
use whatif_model::facts::code::{Saga, SagaAction, SagaStep};

/// The sagas of a program, in the order of its types.
pub(super) fn sagas(program: &Program<'_>, knowledge: &Knowledge) -> Vec<Saga> {
    let libraries = &knowledge.words(program.language).saga_libraries;
    let ids = (0..program.types.len()).map(|at| TypeId(u32::try_from(at).unwrap_or(u32::MAX)));
    let defines = |ty: &TypeId| {
        let bases = program.library_bases(*ty);
        bases.iter().any(|base| libraries.iter().any(|library| base.starts_with(library.as_str())))
    };
    if libraries.is_empty() {
        return Vec::new();
    }
    let found = ids.filter(defines).map(|ty| Reader { program, knowledge, ty }.saga());
    found.filter(|saga| !saga.steps.is_empty()).collect()
}

struct Reader<'p, 'a> {
    program: &'p Program<'a>,
    knowledge: &'p Knowledge,
    ty: TypeId,
}

impl<'a> Reader<'_, 'a> {
    fn saga(&self) -> Saga {
        let declared = self.program.ty(self.ty);
        let words = self.knowledge.words(self.program.language);
        let mut calls: Vec<(u32, SagaPart, &'a Call)> = Vec::new();
        for block in self.blocks() {
            each_expr(block, &mut |expr: &'a Expr| {
                if let ExprKind::Call(call) = &expr.kind
                    && let Some(part) = last_name(&call.callee).and_then(|name| words.saga_methods.get(name))
                {
                    calls.push((expr.range.end, *part, call));
                }
            });
        }
        // Of a chain of calls the first ends first.
        calls.sort_by_key(|(end, ..)| *end);
        calls.dedup_by_key(|(end, ..)| *end);
        let mut steps: Vec<SagaStep> = Vec::new();
        for (_, part, call) in calls {
            if part == SagaPart::Step {
                steps.push(SagaStep::default());
                continue;
            }
            let (Some(step), Some(arg)) = (steps.last_mut(), call.args.first()) else { continue };
            let action = self.action(&arg.value, part == SagaPart::Local);
            match part {
                SagaPart::Compensation => step.compensation = Some(action),
                _ => step.action = Some(action),
            }
        }
        Saga { name: declared.ir.name.clone(), span: self.program.span(declared.module, declared.ir.range), steps }
    }

    /// What the class evaluates when it is made, and its methods.
    fn blocks(&self) -> Vec<&'a [Stmt]> {
        let declared = self.program.ty(self.ty);
        let methods = declared.methods.values().flat_map(|first| self.program.overloads(*first));
        let bodies = methods.map(|method| self.program.function(method).ir.body.as_slice());
        std::iter::once(declared.ir.body.as_slice()).chain(bodies).collect()
    }

    fn action(&self, expr: &'a Expr, local: bool) -> SagaAction {
        let module = self.program.ty(self.ty).module;
        let command = match &expr.kind {
            ExprKind::Field(base, name) => match &base.kind {
                ExprKind::Name(this) if this == "this" => self.sent_by(name),
                ExprKind::Name(proxy) => self.command_of(proxy, name),
                _ => None,
            },
            _ => None,
        };
        SagaAction { span: self.program.span(module, expr.range), local, command }
    }

    /// The command a method of the saga builds: `send(new CancelTicket(..))`.
    fn sent_by(&self, method: &str) -> Option<String> {
        let words = &self.knowledge.words(self.program.language).saga_commands;
        let method = self.program.function(self.program.method(self.ty, method)?);
        let mut sent: Option<String> = None;
        each_expr(&method.ir.body, &mut |expr: &'a Expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            let sends = last_name(&call.callee).is_some_and(|name| words.iter().any(|word| word == name));
            if let (true, Some(ExprKind::Call(made))) = (sends, call.args.first().map(|arg| &arg.value.kind)) {
                sent = sent.take().or_else(|| last_name(&made.callee).map(|name| bare(name).to_owned()));
            }
        });
        sent
    }

    /// The command that a member of a proxy is for: `CommandEndpoint<CreateTicket> create`.
    fn command_of(&self, proxy: &str, member: &str) -> Option<String> {
        let declared = self.program.ty(self.ty);
        let fields = declared.ir.fields.iter().map(|field| (&field.name, &field.ty));
        let methods = declared.methods.values().flat_map(|first| self.program.overloads(*first));
        let params = methods.flat_map(|method| self.program.function(method).ir.params.iter());
        let mut named = fields.chain(params.map(|param| (&param.name, &param.ty)));
        let (_, ty) = named.find(|(name, _)| *name == proxy)?;
        let proxy = self.program.ty(self.program.named_type(declared.module, ty)?);
        let field = proxy.ir.fields.iter().find(|field| field.name == member)?;
        type_arguments(&field.ty).first().map(|command| bare(command).to_owned())
    }
}

/// The name of what is called.
fn last_name(callee: &Expr) -> Option<&str> {
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Field(_, name) => Some(name),
        _ => None,
    }
}
