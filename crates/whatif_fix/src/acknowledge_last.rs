//! Moves an acknowledgement behind the work it stands before.

use crate::fix::{Edit, Fix, Safety};
use crate::repair::Cited;
use crate::source::Source;
use whatif_code::ir::walk::parts;
use whatif_code::ir::{Stmt, StmtKind};
use whatif_model::text::Range;

/// Only where the acknowledgement is a statement of its own, the work follows in the same block, and nothing returns
/// on the way: whether an early return has done the work, and so has to acknowledge as well, is not for us to say.
pub(crate) fn fix(cited: &Cited<'_>) -> Option<Fix> {
    let [ack, ..] = cited.finding.evidence.as_slice() else { return None };
    let source = cited.files.get(ack.span.file)?;
    let (block, at) = source.blocks_around(ack.span.range).into_iter().next_back()?;
    let acknowledges = matches!(&block[at].kind, StmtKind::Expr(expr) if expr.range.contains(ack.span.range));
    let last = block.iter().rposition(|stmt| !leaves(stmt)).filter(|last| acknowledges && *last > at)?;
    if block[at + 1..=last].iter().any(returns) {
        return None;
    }
    let (own, end) = (lines(source, block[at].range)?, lines(source, block[last].range)?);
    let text = source.text(own).to_owned();
    let text = if text.ends_with('\n') { text } else { format!("{text}\n") };
    let behind = if source.text(end).ends_with('\n') { text } else { format!("\n{}", text.trim_end_matches('\n')) };
    let edits = vec![Edit::replace(source.file.id, own, ""), Edit::insert(source.file.id, end.end, behind)];
    let title = "acknowledge after the work; the handler will see repeats".to_owned();
    Some(Fix { title, safety: Safety::Unsafe, edits })
}

fn leaves(stmt: &Stmt) -> bool {
    matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Continue | StmtKind::Break)
}

fn returns(stmt: &Stmt) -> bool {
    let within = |block: &[Stmt]| block.iter().any(returns);
    matches!(stmt.kind, StmtKind::Return(_)) || parts(stmt).1.into_iter().any(within)
}

/// The whole lines of a statement, unless it shares one with something else.
fn lines(source: Source<'_>, range: Range) -> Option<Range> {
    let (first, _) = source.file.position(range.start);
    let (last, _) = source.file.position(range.end.saturating_sub(1).max(range.start));
    let whole = Range { start: source.file.line_start(first), end: source.file.line_start(last + 1) };
    let rest = |range: Range| source.text(range).trim();
    let before = rest(Range { start: whole.start, end: range.start });
    let after = rest(Range { start: range.end, end: whole.end });
    (before.is_empty() && matches!(after, "" | ";")).then_some(whole)
}
