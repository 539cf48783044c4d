//! Questions about the text of a program that need no interpretation.

pub(crate) use crate::ir::walk::{each_expr, each_inner, parts};
use crate::ir::{Expr, ExprKind, Stmt, StmtKind};
use std::collections::BTreeSet;

/// Whether evaluating an expression has no effect: names and fields only.
pub(crate) fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Field(base, _) => is_plain(base),
        _ => false,
    }
}

/// Names that the statements change in terms of themselves: counters and growing pauses.
pub(crate) fn counters(stmts: &[Stmt]) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    collect_counters(stmts, &mut found);
    found
}

fn collect_counters<'a>(stmts: &'a [Stmt], found: &mut BTreeSet<&'a str>) {
    for stmt in stmts {
        if let StmtKind::Assign { targets, values, op, .. } = &stmt.kind {
            for (target, value) in targets.iter().zip(values) {
                let ExprKind::Name(name) = &target.kind else { continue };
                if !op.is_empty() || mentions(value, name) {
                    found.insert(name);
                }
            }
        }
        let (_, blocks) = parts(stmt);
        blocks.into_iter().for_each(|block| collect_counters(block, found));
    }
}

/// Whether an expression mentions a name.
pub(crate) fn mentions(expr: &Expr, name: &str) -> bool {
    let mut seen = false;
    each_inner(expr, &mut |inner| seen |= matches!(&inner.kind, ExprKind::Name(found) if found == name));
    seen
}

/// Calls `visit` with every name of an expression.
pub(crate) fn each_name<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a str)) {
    each_inner(expr, &mut |inner| {
        if let ExprKind::Name(name) = &inner.kind {
            visit(name);
        }
    });
}

/// Whether a body is empty or only answers with a name.
pub(crate) fn does_nothing(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Return(values) => values.iter().all(is_plain),
        StmtKind::Block(inner) => inner.is_empty(),
        _ => false,
    })
}
