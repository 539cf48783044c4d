//! Log lines that tell a secret: a password, a card number, or a whole request that holds one.

use super::syntax::each_expr;
use super::telemetry::{last_name, plain};
use crate::ir::{Arg, Expr, ExprKind, Function, Stmt};
use whatif_model::facts::telemetry::Leak;
use whatif_model::{FileId, Range};

/// Names, in lower case and without separators, of what must not be in a log
/// (OWASP Logging Cheat Sheet, "Data to exclude";
/// <https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude>).
const SECRETS: [&str; 19] = [
    "password",
    "passwd",
    "plainpassword",
    "newpassword",
    "oldpassword",
    "cvv",
    "cvc",
    "cvv2",
    "cardnumber",
    "creditcardnumber",
    "creditcardcvv",
    "ssn",
    "privatekey",
    "secretkey",
    "clientsecret",
    "apisecret",
    "accesstoken",
    "refreshtoken",
    "creditcard",
];

/// Name parts of functions whose result tells nothing.
const VEILS: [&str; 12] =
    ["mask", "redact", "hash", "len", "sanitize", "obfuscate", "encrypt", "censor", "omit", "hide", "valid", "bool"];

/// Bodies of requests as frameworks name them.
const WHOLE: [&str; 8] = [
    "call.request",
    "req.body",
    "request.body",
    "ctx.request.body",
    "request.data",
    "request.json",
    "request.form",
    "event.body",
];

/// Adds what a log line tells.
pub(super) fn of_log_line(
    args: &[Arg],
    around: &[Stmt],
    function: Option<&Function>,
    file: FileId,
    range: Range,
    leaks: &mut Vec<Leak>,
) {
    let mut told = Vec::new();
    for arg in args {
        tell(&arg.value, &mut told);
    }
    let Some(first) = told.into_iter().next() else { return };
    let span = range.in_file(file);
    let at = function.map(|function| function.name_range.in_file(file));
    let leak = match first {
        Told::Secret(what) => Leak { what, whole: false, function: at, span },
        Told::Whole(what) => match secret_of(&what, innermost(around, range)) {
            Some(secret) => Leak { what: format!("{what} with its {secret}"), whole: false, function: at, span },
            None => Leak { what, whole: true, function: at, span },
        },
    };
    if leaks.iter().all(|known| known.span != leak.span) {
        leaks.push(leak);
    }
}

/// Whether a name is one of a secret.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&plain(name).as_str())
}

enum Told {
    Secret(String),
    Whole(String),
}

/// What the value of an expression tells when it is written down. Nested calls are few: front ends bound depth.
fn tell(expr: &Expr, told: &mut Vec<Told>) {
    match &expr.kind {
        ExprKind::Name(name) if is_secret(name) => told.push(Told::Secret(name.clone())),
        ExprKind::Field(_, name) => {
            let dotted = expr.dotted();
            if is_secret(name) {
                told.push(Told::Secret(dotted.unwrap_or_else(|| name.clone())));
            } else if let Some(whole) = dotted.filter(|dotted| WHOLE.contains(&dotted.as_str())) {
                told.push(Told::Whole(whole));
            }
        }
        ExprKind::Index(_, key) => {
            if let ExprKind::Str(key) = &key.kind
                && is_secret(key)
            {
                told.push(Told::Secret(key.clone()));
            }
        }
        ExprKind::Call(call) => {
            let name = last_name(&call.callee).map(plain).unwrap_or_default();
            if VEILS.iter().any(|veil| name.contains(veil)) {
                return;
            }
            if call.args.is_empty() && name.strip_prefix("get").is_some_and(is_secret) {
                told.push(Told::Secret(name));
            }
            call.args.iter().for_each(|arg| tell(&arg.value, told));
        }
        ExprKind::Template(parts) | ExprKind::List(parts) | ExprKind::Unknown(parts) => {
            parts.iter().for_each(|part| tell(part, told));
        }
        ExprKind::Composite { entries, .. } => entries.iter().for_each(|(_, value)| tell(value, told)),
        ExprKind::Binary(op, left, right) if op == "+" || op == "%" => [left, right].iter().for_each(|e| tell(e, told)),
        ExprKind::Conditional(_, yes, no) => [yes, no].iter().for_each(|e| tell(e, told)),
        ExprKind::Await(inner) => tell(inner, told),
        _ => {}
    }
}

/// The body of the function without a name that is nearest around a place, else all of it.
fn innermost(around: &[Stmt], place: Range) -> &[Stmt] {
    let mut nearest: Option<&Function> = None;
    each_expr(around, &mut |expr| {
        let ExprKind::Lambda(function) = &expr.kind else { return };
        let holds = function.range.start <= place.start && place.end <= function.range.end;
        // Inner ones are seen after those around them.
        if holds {
            nearest = Some(function);
        }
    });
    nearest.map_or(around, |function| &function.body)
}

/// A secret that the code around takes out of a request.
fn secret_of(whole: &str, around: &[Stmt]) -> Option<String> {
    let mut found = None;
    each_expr(around, &mut |expr| {
        if let ExprKind::Field(base, name) = &expr.kind
            && is_secret(name)
            && base.dotted().is_some_and(|base| base == whole)
        {
            found.get_or_insert_with(|| name.clone());
        }
    });
    found
}
