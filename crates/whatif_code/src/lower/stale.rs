//! Flags of a health check that can only ever turn good.

use super::syntax::{each_expr, each_inner, parts};
use crate::ir::{Expr, ExprKind, Module, Stmt, StmtKind};
use std::collections::BTreeMap;
use whatif_model::facts::telemetry::StaleFlag;
use whatif_model::{FileId, Range};

/// Name parts of what answers health checks.
const HEALTH: [&str; 3] = ["health", "ready", "live"];

/// Variables of a module that begin as `false`, are set to `true` when something is connected, never become
/// anything else, and are read by a health check.
pub(super) fn flags(module: &Module, file: FileId, found: &mut Vec<StaleFlag>) {
    let begun: BTreeMap<&str, Range> = module.top.iter().filter_map(begins_false).collect();
    if begun.is_empty() {
        return;
    }
    let bodies: Vec<&[Stmt]> =
        module.functions.iter().map(|function| function.body.as_slice()).chain([module.top.as_slice()]).collect();
    let mut set: BTreeMap<&str, Vec<(bool, Range)>> = BTreeMap::new();
    for body in &bodies {
        assignments(body, &mut set);
    }
    for (name, begin) in begun {
        let changed = set.get(name).into_iter().flatten().filter(|(_, range)| *range != begin);
        let changed: Vec<&(bool, Range)> = changed.collect();
        let only_good = changed.iter().all(|(good, _)| *good);
        let Some((_, good)) = changed.first().filter(|_| only_good) else { continue };
        let mut by_name = module.functions.iter().filter(|function| says_health(&function.name));
        let by_name = by_name.find_map(|function| reads(&function.body, name));
        if let Some(read) = by_name.or_else(|| bodies.iter().find_map(|body| read_by_route(body, name))) {
            found.push(StaleFlag { name: name.to_owned(), set: good.in_file(file), read: read.in_file(file) });
        }
    }
}

/// `let connected = false` at the top of a module. Front ends keep what such a variable begins as to themselves
/// where it changes later; one that never turns bad is stale however it begins.
fn begins_false(stmt: &Stmt) -> Option<(&str, Range)> {
    let StmtKind::Assign { targets, values, .. } = &stmt.kind else { return None };
    let ([target], [value]) = (targets.as_slice(), values.as_slice()) else { return None };
    let untold = matches!(&value.kind, ExprKind::Bool(false)) || value.kind == ExprKind::Unknown(Vec::new());
    match &target.kind {
        ExprKind::Name(name) if untold && name.to_lowercase().contains("connect") => Some((name, target.range)),
        _ => None,
    }
}

/// Every assignment to a name, functions inside functions included.
fn assignments<'a>(body: &'a [Stmt], set: &mut BTreeMap<&'a str, Vec<(bool, Range)>>) {
    for stmt in body {
        if let StmtKind::Assign { targets, values, .. } = &stmt.kind {
            for (at, target) in targets.iter().enumerate() {
                if let ExprKind::Name(name) = &target.kind {
                    let good = values.get(at).is_some_and(|value| value.kind == ExprKind::Bool(true));
                    set.entry(name).or_default().push((good, target.range));
                }
            }
        }
        let (exprs, blocks) = parts(stmt);
        for expr in exprs {
            each_inner(expr, &mut |inner| {
                if let ExprKind::Lambda(function) = &inner.kind {
                    assignments(&function.body, set);
                }
            });
        }
        blocks.into_iter().for_each(|block| assignments(block, set));
    }
}

/// Where a handler registered for a health path reads a name: `app.get('/health', () => ...)`.
fn read_by_route(body: &[Stmt], name: &str) -> Option<Range> {
    let mut found = None;
    each_expr(body, &mut |expr| {
        let ExprKind::Call(call) = &expr.kind else { return };
        let path = call.args.iter().any(|arg| matches!(&arg.value.kind, ExprKind::Str(path) if says_health(path)));
        if !path || found.is_some() {
            return;
        }
        for arg in &call.args {
            if let ExprKind::Lambda(handler) = &arg.value.kind {
                found = found.or_else(|| reads(&handler.body, name));
            }
        }
    });
    found
}

fn reads(body: &[Stmt], name: &str) -> Option<Range> {
    let mut found = None;
    each_expr(body, &mut |expr: &Expr| {
        if matches!(&expr.kind, ExprKind::Name(read) if read == name) {
            found.get_or_insert(expr.range);
        }
    });
    found
}

fn says_health(text: &str) -> bool {
    let text = text.to_lowercase();
    HEALTH.iter().any(|part| text.contains(part))
}
