//! Objects that hold the options of a client and are never given to one: what they limit is not limited.

use super::program::Program;
use super::syntax::each_expr;
use crate::ir::{Call, Expr, ExprKind, Function, Stmt, StmtKind, walk};
use crate::knowledge::{Does, Found, Knowledge};
use whatif_model::Span;

/// Time limits that are set on such an object and bound nothing, with their length in milliseconds.
pub(super) fn unused_limits(program: &Program<'_>, knowledge: &Knowledge) -> Vec<(Option<u64>, Span)> {
    let mut found = Vec::new();
    for declared in program.functions.iter().filter(|declared| !program.modules[declared.module].is_test) {
        let reader = Reader { program, knowledge, module: declared.module, function: declared.ir };
        reader.made(&declared.ir.body, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

struct Reader<'p, 'a> {
    program: &'p Program<'a>,
    knowledge: &'p Knowledge,
    module: usize,
    function: &'a Function,
}

impl<'p> Reader<'p, '_> {
    /// Options that are made and given a name. Depth is that of the text, which front ends limit.
    fn made(&self, stmts: &[Stmt], found: &mut Vec<(Option<u64>, Span)>) {
        for stmt in stmts {
            if let StmtKind::Assign { targets, values, .. } = &stmt.kind
                && let ([target], [value]) = (targets.as_slice(), values.as_slice())
                && let (ExprKind::Name(name), ExprKind::Call(call)) = (&target.kind, &value.kind)
                && self.makes_options(call)
                && let Some(limit) = self.limit(name, value)
            {
                found.push((limit, self.program.span(self.module, value.range)));
            }
            walk::parts(stmt).1.into_iter().for_each(|block| self.made(block, found));
        }
    }

    fn form(&self, callee: &Expr) -> Option<Found<'p>> {
        let dotted = callee.dotted()?;
        let (head, rest) = dotted.split_once('.').map_or((dotted.as_str(), ""), |(head, rest)| (head, rest));
        let path = self.program.import(self.module, head)?;
        let symbol = if rest.is_empty() { path.to_owned() } else { format!("{path}.{rest}") };
        self.knowledge.form(self.program.language, &symbol)
    }

    fn makes_options(&self, call: &Call) -> bool {
        let mut first = call;
        while let ExprKind::Field(base, _) = &first.callee.kind
            && let ExprKind::Call(inner) = &base.kind
        {
            first = inner;
        }
        self.form(&first.callee).is_some_and(|found| found.form.set.contains_key("options"))
    }

    /// The limit that is set on it, when setting limits is all that is done with it.
    fn limit(&self, name: &str, made: &Expr) -> Option<Option<u64>> {
        let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(found) if found == name);
        let (mut uses, mut harmless, mut limits) = (0_usize, 0_usize, Vec::new());
        let mut set_by = |call: &Call| limits.extend(call.args.iter().filter_map(|arg| number(&arg.value)));
        each_expr(&self.function.body, &mut |expr| {
            uses += usize::from(is_it(expr));
            let ExprKind::Call(call) = &expr.kind else { return };
            let onto = call.args.first().is_some_and(|arg| is_it(&arg.value));
            let sets = |found: Found<'_>| found.form.does == Does::SetProperty && found.form.args.contains_key("onto");
            let is_setter =
                matches!(&call.callee.kind, ExprKind::Field(base, method) if is_it(base) && method.starts_with("set"));
            let in_chain = made.range.start <= expr.range.start && expr.range.end <= made.range.end;
            if is_setter || (onto && self.form(&call.callee).is_some_and(sets)) {
                harmless += 1;
                set_by(call);
            } else if in_chain {
                set_by(call);
            }
        });
        let mut declared = 0;
        targets(&self.function.body, &mut |target| declared += usize::from(is_it(target)));
        // A name that is declared again may mean something else.
        (declared == 1 && uses == harmless + declared && !limits.is_empty()).then(|| limits.first().copied())
    }
}

fn targets(stmts: &[Stmt], visit: &mut dyn FnMut(&Expr)) {
    for stmt in stmts {
        if let StmtKind::Assign { targets, .. } = &stmt.kind {
            targets.iter().for_each(&mut *visit);
        }
        walk::parts(stmt).1.into_iter().for_each(|block| targets(block, visit));
    }
}

/// A whole number of milliseconds.
fn number(expr: &Expr) -> Option<u64> {
    if let ExprKind::Number(text) = &expr.kind { text.trim_end_matches(['l', 'L']).parse().ok() } else { None }
}
