//! Bounds a wait that nothing bounds.

use crate::fix::{Fix, Safety};
use crate::idiom::{Saying, tell};
use crate::repair::Cited;
use std::collections::BTreeMap;
use whatif_code::ir::{Expr, ExprKind};
use whatif_model::evidence::{How, Stage};
use whatif_model::text::Span;

/// Where nobody said how long is too long: what keeps a person's attention (J. Nielsen, Usability Engineering,
/// 1993, chapter 5: 10 s).
const LIMIT_MS: u64 = 10_000;

/// Every place of the finding gets a limit, or none does.
pub(crate) fn fix(cited: &Cited<'_>) -> Option<Fix> {
    let library = cited.finding.evidence.iter().find_map(|evidence| match &evidence.how {
        How::Default { of, .. } => Some(of.as_str()),
        _ => None,
    });
    let patience = cited.patience();
    let limit = Saying::TimeLimit(patience.unwrap_or(LIMIT_MS));
    let mut edits = BTreeMap::new();
    for evidence in cited.finding.evidence.iter().filter(|evidence| evidence.stage == Stage::Code) {
        let told = at(cited, evidence.span, library, limit);
        edits.extend(told.into_iter().flatten().map(|edit| (edit, ())));
    }
    let edits: Vec<_> = edits.into_keys().collect();
    let (title, safety) = match patience {
        Some(ms) => (format!("wait at most {ms} ms, as long as the callers do"), Safety::Safe),
        None => (format!("wait at most {} s; choose what the callers can afford", LIMIT_MS / 1_000), Safety::Unsafe),
    };
    (!edits.is_empty()).then_some(Fix { title, safety, edits })
}

fn at(cited: &Cited<'_>, span: Span, library: Option<&str>, limit: Saying) -> Option<Vec<crate::Edit>> {
    let source = cited.files.get(span.file)?;
    let is_told =
        |expr: &Expr| matches!(expr.kind, ExprKind::Call(_) | ExprKind::Composite { .. } | ExprKind::Await(_));
    let expr = source.expression_at(span.range).filter(|expr| is_told(expr))?;
    tell(source, expr, library, limit)
}
