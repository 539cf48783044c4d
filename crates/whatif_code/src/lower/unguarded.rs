//! Callbacks of an event loop that parse what comes from outside and catch nothing.
//!
//! What a callback throws reaches nobody who waits: Node ends the process
//! (<https://nodejs.org/api/process.html#event-uncaughtexception>).

use super::syntax::{each_expr, each_inner, parts};
use super::telemetry::last_name;
use crate::ir::{Call, Expr, ExprKind, Function, Module, Stmt, StmtKind};
use whatif_model::{FileId, Range, Span};

/// Events that bring something from outside.
const EVENTS: [&str; 4] = ["message", "pmessage", "data", "end"];

/// Names of the first parameter of callbacks that are told of a failure first.
const ERRORS: [&str; 4] = ["err", "error", "e", "_err"];

/// Adds the places of a module.
pub(super) fn parses(module: &Module, file: FileId, found: &mut Vec<Span>) {
    let bodies = module.functions.iter().map(|function| function.body.as_slice()).chain([module.top.as_slice()]);
    for body in bodies {
        each_expr(body, &mut |expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            let Some(callback) = callback(call) else { return };
            if let Some(at) = parse_in(&callback.body) {
                let at = at.in_file(file);
                if !found.contains(&at) {
                    found.push(at);
                }
            }
        });
    }
}

/// Whether the program goes on after what nobody caught.
pub(super) fn goes_on(module: &Module) -> bool {
    let mut found = false;
    each_expr(&module.top, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Str(text) if text == "uncaughtException");
    });
    let inside = |function: &Function| {
        let mut found = false;
        each_expr(&function.body, &mut |expr| {
            found |= matches!(&expr.kind, ExprKind::Str(text) if text == "uncaughtException");
        });
        found
    };
    found || module.functions.iter().any(inside)
}

/// The function a call hands over to be run later, by an event or with a failure first.
fn callback(call: &Call) -> Option<&Function> {
    let ExprKind::Lambda(function) = &call.args.last()?.value.kind else { return None };
    let name = last_name(&call.callee)?;
    let event = matches!(call.args.first().map(|arg| &arg.value.kind), Some(ExprKind::Str(event)) if EVENTS.contains(&event.as_str()));
    let by_event = matches!(name, "on" | "once" | "addListener") && event;
    let by_failure = function.params.len() > 1 && ERRORS.contains(&function.params[0].name.as_str());
    // Express hands failures of a handler with four parameters to itself.
    let is_handler = function.params.len() == 4;
    (by_event || (by_failure && !is_handler) || (name == "consume" && !function.is_async)).then_some(function)
}

/// Where a body parses JSON itself, outside any `try`.
fn parse_in(body: &[Stmt]) -> Option<Range> {
    for stmt in body {
        let (exprs, blocks) = parts(stmt);
        if let Some(found) = exprs.into_iter().find_map(parse) {
            return Some(found);
        }
        let guarded = if let StmtKind::Try { body, .. } = &stmt.kind { Some(body.as_slice()) } else { None };
        let open = blocks.into_iter().filter(|block| guarded != Some(*block));
        if let Some(found) = open.filter(|_| !matches!(stmt.kind, StmtKind::Function(_))).find_map(parse_in) {
            return Some(found);
        }
    }
    None
}

/// A call of `JSON.parse` in an expression, and in no function inside it.
fn parse(expr: &Expr) -> Option<Range> {
    let (mut found, mut inner): (Vec<Range>, Vec<Range>) = (Vec::new(), Vec::new());
    each_inner(expr, &mut |expr| match &expr.kind {
        ExprKind::Call(call) if call.callee.dotted().as_deref() == Some("JSON.parse") => found.push(expr.range),
        ExprKind::Lambda(function) => inner.push(function.range),
        _ => {}
    });
    found.into_iter().find(|at| !inner.iter().any(|range| range.contains(*at)))
}
