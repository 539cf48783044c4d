//! Walking a program's statements and expressions.

use super::{Expr, ExprKind, LoopHead, Stmt, StmtKind};

/// Calls `visit` with every expression of the statements, nested ones included.
pub fn each_expr<'a>(stmts: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr)) {
    for stmt in stmts {
        let (exprs, blocks) = parts(stmt);
        exprs.into_iter().for_each(|expr| each_inner(expr, visit));
        blocks.into_iter().for_each(|block| each_expr(block, visit));
    }
}

/// The expressions and blocks directly inside a statement.
pub fn parts(stmt: &Stmt) -> (Vec<&Expr>, Vec<&[Stmt]>) {
    let mut exprs: Vec<&Expr> = Vec::new();
    let mut blocks: Vec<&[Stmt]> = Vec::new();
    match &stmt.kind {
        StmtKind::Expr(expr) | StmtKind::Defer(expr) | StmtKind::Go(expr) => exprs.push(expr),
        StmtKind::Assign { targets, values, .. } => exprs.extend(targets.iter().chain(values)),
        StmtKind::If { cond, then, otherwise } => {
            exprs.push(cond);
            blocks.extend([then.as_slice(), otherwise]);
        }
        StmtKind::Loop { head, body } => {
            match head {
                LoopHead::Each { iterable, .. } => exprs.push(iterable),
                LoopHead::While(cond) => exprs.push(cond),
                LoopHead::Count { cond, setup } => {
                    exprs.extend(cond);
                    blocks.push(setup);
                }
                LoopHead::Forever => {}
            }
            blocks.push(body);
        }
        StmtKind::Switch { subject, arms, .. } => {
            exprs.extend(subject);
            for arm in arms {
                exprs.extend(&arm.patterns);
                blocks.push(&arm.body);
            }
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            blocks.push(body);
            blocks.extend(handlers.iter().map(|handler| handler.body.as_slice()));
            blocks.extend([otherwise.as_slice(), finally]);
        }
        StmtKind::With { items, body } => {
            exprs.extend(items.iter().map(|(manager, _)| manager));
            blocks.push(body);
        }
        StmtKind::Return(values) => exprs.extend(values),
        StmtKind::Raise(value) => exprs.extend(value),
        StmtKind::Send { channel, value } => exprs.extend([channel, value]),
        StmtKind::Function(function) => blocks.push(&function.body),
        StmtKind::Block(body) => blocks.push(body),
        StmtKind::Break | StmtKind::Continue => {}
    }
    (exprs, blocks)
}

/// Calls `visit` with an expression and every one nested in it.
pub fn each_inner<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Template(parts) | ExprKind::List(parts) | ExprKind::Unknown(parts) => {
            parts.iter().for_each(|part| each_inner(part, visit));
        }
        ExprKind::Field(base, _) | ExprKind::Await(base) | ExprKind::Unary(_, base) => each_inner(base, visit),
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => [a, b].into_iter().for_each(|e| each_inner(e, visit)),
        ExprKind::Call(call) => {
            each_inner(&call.callee, visit);
            call.args.iter().for_each(|arg| each_inner(&arg.value, visit));
        }
        ExprKind::Composite { entries, .. } => entries.iter().for_each(|(_, value)| each_inner(value, visit)),
        ExprKind::Lambda(function) => each_expr(&function.body, visit),
        ExprKind::Conditional(a, b, c) => [a, b, c].into_iter().for_each(|e| each_inner(e, visit)),
        ExprKind::Comprehension(element, rest) => {
            each_inner(element, visit);
            rest.iter().for_each(|part| each_inner(part, visit));
        }
        ExprKind::Name(_) | ExprKind::Str(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Nil => {}
    }
}
