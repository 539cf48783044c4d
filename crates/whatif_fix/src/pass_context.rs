//! Hands the request's context on where a fresh one is made.

use crate::fix::{Edit, Fix};
use crate::imports;
use crate::repair::Cited;
use crate::source::{Source, call_of};
use whatif_code::ir::walk::{each_expr, parts};
use whatif_code::ir::{Expr, ExprKind, Function, Stmt, StmtKind};
use whatif_code::knowledge::{Does, Knowledge};
use whatif_model::text::Range;

/// The type whose values are contexts.
const CONTEXT: &str = "context.Context";

/// Every fresh context of the finding is replaced, or none is.
pub(crate) fn fix(cited: &Cited<'_>) -> Option<Fix> {
    let mut edits = Vec::new();
    for evidence in &cited.finding.evidence {
        let Some(source) = cited.files.get(evidence.span.file) else { continue };
        let fresh = source.expressions_in(evidence.span.range).into_iter().find(|expr| is_fresh(source, expr));
        let Some(fresh) = fresh else { continue };
        let function = source.function_around(fresh.range).filter(|function| runs_within(function, fresh.range))?;
        let context = context_of(source, function)?;
        edits.push(Edit::replace(source.file.id, fresh.range, context));
        edits.extend(forgotten(source, fresh));
    }
    edits.sort();
    edits.dedup();
    let title = "pass the request's context on".to_owned();
    (!edits.is_empty()).then(|| Fix { title, safety: cited.safety_of_ending_early(), edits })
}

fn is_fresh(source: Source<'_>, expr: &Expr) -> bool {
    call_of(expr).and_then(|call| source.form(call)).is_some_and(|form| form.does == Does::ContextBackground)
}

/// Whether the place runs while the function does: not in what is started, deferred or handed over, which may outlive
/// the request.
fn runs_within(function: &Function, place: Range) -> bool {
    let mut handed_over = false;
    each_expr(&function.body, &mut |expr| {
        handed_over |= matches!(expr.kind, ExprKind::Lambda(_)) && expr.range.contains(place);
    });
    !handed_over && !is_left_running(&function.body, place)
}

fn is_left_running(block: &[Stmt], place: Range) -> bool {
    block.iter().filter(|stmt| stmt.range.contains(place)).any(|stmt| {
        matches!(stmt.kind, StmtKind::Go(_) | StmtKind::Defer(_) | StmtKind::Function(_))
            || parts(stmt).1.into_iter().any(|inner| is_left_running(inner, place))
    })
}

/// How the function names the context it was given: a parameter, or what the tables say a parameter carries.
fn context_of(source: Source<'_>, function: &Function) -> Option<String> {
    let named = |name: &str| !name.is_empty() && name != "_";
    function.params.iter().filter(|param| named(&param.name)).find_map(|param| {
        let (package, ty) = param.ty.split_once('.')?;
        let import = source.module.imports.iter().find(|import| import.name == package)?;
        let symbol = format!("{}.{ty}", import.path);
        if symbol == CONTEXT {
            return Some(param.name.clone());
        }
        let methods = ["Context", "Request.Context"].into_iter();
        let carried = methods.map(|method| (method, format!("{symbol}.{method}")));
        let language = source.module.language;
        let gives = |symbol: &str| {
            Knowledge::built_in().form(language, symbol).is_some_and(|found| found.form.does == Does::ContextInbound)
        };
        let (method, _) = carried.into_iter().find(|(_, symbol)| gives(symbol))?;
        Some(format!("{}.{method}()", param.name))
    })
}

/// The import of the fresh context's package goes when nothing else uses it.
fn forgotten(source: Source<'_>, fresh: &Expr) -> Option<Edit> {
    let name = call_of(fresh)?.callee.dotted()?.split('.').next()?.to_owned();
    let import = source.module.imports.iter().find(|import| import.name == name)?;
    let uses = source.file.text.matches(&format!("{name}.")).count();
    (uses == 1).then(|| imports::forget(source, import))
}
