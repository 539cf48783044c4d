//! Bounds a wait that nothing bounds.

use crate::fix::{Edit, Fix, Safety};
use crate::idiom::{Saying, tell};
use crate::repair::Cited;
use std::collections::BTreeSet;
use whatif_code::ir::{Expr, ExprKind};
use whatif_model::evidence::{How, Stage};
use whatif_model::text::Span;

/// Where nobody said how long is too long: what keeps a person's attention (J. Nielsen, Usability Engineering,
/// 1993, chapter 5: 10 s).
const LIMIT_MS: u64 = 10_000;

/// Every place of the finding that can be told gets the limit: the call, or the client it goes through. Which limit is
/// right only the callers know, so it is never applied unasked.
pub(crate) fn fix(cited: &Cited<'_>) -> Option<Fix> {
    let library = cited.finding.evidence.iter().find_map(|evidence| match &evidence.how {
        How::Default { of, .. } => Some(of.as_str()),
        _ => None,
    });
    let places = cited.finding.evidence.iter().filter(|evidence| evidence.stage == Stage::Code);
    let told = places.filter_map(|evidence| at(cited, evidence.span, library, Saying::TimeLimit(LIMIT_MS)));
    let edits: BTreeSet<Edit> = told.flatten().collect();
    let title = format!("wait at most {} s; choose what the callers can afford", LIMIT_MS / 1_000);
    (!edits.is_empty()).then(|| Fix { title, safety: Safety::Unsafe, edits: edits.into_iter().collect() })
}

fn at(cited: &Cited<'_>, span: Span, library: Option<&str>, limit: Saying) -> Option<Vec<Edit>> {
    let source = cited.files.get(span.file)?;
    let is_told =
        |expr: &Expr| matches!(expr.kind, ExprKind::Call(_) | ExprKind::Composite { .. } | ExprKind::Await(_));
    let expr = source.expression_at(span.range).filter(|expr| is_told(expr))?;
    tell(source, expr, library, limit)
}
