//! Randomises the pause of a retry. The new pause lies between half of the old one and all of it ("equal jitter" in
//! M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015), so nothing takes longer than before.

use crate::fix::{Edit, Fix, Safety};
use crate::idiom::{Saying, tell};
use crate::imports;
use crate::repair::Cited;
use crate::source::{Source, call_of};
use whatif_code::ir::{Expr, ExprKind};
use whatif_code::knowledge::{Does, Place};
use whatif_model::facts::code::Language;

pub(crate) fn fix(cited: &Cited<'_>) -> Option<Fix> {
    let place = cited.finding.evidence.first()?.span;
    let source = cited.files.get(place.file)?;
    let around = source.loop_around(place.range).map_or(place.range, |stmt| stmt.range.cover(place.range));
    let inside = source.expressions_in(place.range);
    let told =
        inside.iter().find_map(|expr| renamed(source, expr).or_else(|| tell(source, expr, None, Saying::Jitter)));
    let edits = match told {
        Some(edits) => edits,
        None => source.expressions_in(around).into_iter().find_map(|expr| spread_out(source, expr))?,
    };
    Some(Fix { title: "randomise the pause between half and all of it".to_owned(), safety: Safety::Safe, edits })
}

/// A schedule whose library has the same one with jitter under another name.
fn renamed(source: Source<'_>, expr: &Expr) -> Option<Vec<Edit>> {
    let call = call_of(expr)?;
    let jittered = &source.form(call)?.jittered;
    if jittered.is_empty() {
        return None;
    }
    match &call.callee.kind {
        ExprKind::Field(base, _) => {
            let name = whatif_model::Range { start: base.range.end + 1, end: call.callee.range.end };
            Some(vec![Edit::replace(source.file.id, name, jittered)])
        }
        ExprKind::Name(name) => {
            let import = source.module.imports.iter().find(|import| import.name == *name)?;
            // `from tenacity import retry, wait_exponential`: the name is imported as well.
            let at = source.text(import.range).find(name.as_str())?;
            let start = import.range.start as usize + at;
            let imported = Edit::replace(source.file.id, (start..start + name.len()).into(), jittered);
            let uses = source.file.text.matches(name.as_str()).count();
            let used = Edit::replace(source.file.id, call.callee.range, jittered);
            (uses == 2).then(|| vec![imported, used])
        }
        _ => None,
    }
}

/// `sleep(delay)` sleeps for a random part of it.
fn spread_out(source: Source<'_>, expr: &Expr) -> Option<Vec<Edit>> {
    let call = call_of(expr)?;
    let form = source.form(call).filter(|form| matches!(form.does, Does::Sleep | Does::Later))?;
    let Place::First(at) = form.args.get("pause")?.place? else { return None };
    let pause = &call.args.get(at)?.value;
    let text = source.text(pause.range);
    let simple =
        matches!(pause.kind, ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::Field(..) | ExprKind::Call(_));
    let group = if simple { text.to_owned() } else { format!("({text})") };
    let (spread, import) = match source.module.language {
        Language::Python => (format!("{group} * random.uniform(0.5, 1)"), Some("random")),
        Language::JavaScript => (format!("{group} * (0.5 + Math.random() / 2)"), None),
        Language::Go => (format!("time.Duration(float64({text}) * (0.5 + rand.Float64()/2))"), Some("math/rand")),
        Language::Java => (format!("(long) ({group} * (0.5 + Math.random() / 2))"), None),
        _ => return None,
    };
    let import = match import {
        Some(path) => imports::import(source, path)?,
        None => None,
    };
    let randomised = Edit::replace(source.file.id, pause.range, spread);
    Some(import.into_iter().chain([randomised]).collect())
}
