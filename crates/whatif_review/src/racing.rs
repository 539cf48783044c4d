//! What keeps two runs of an operation apart between a read and the write that rests on it.

use crate::query::CallSite;
use crate::rule::Context;
use crate::sequence::Sequence;
use whatif_model::flow::{EffectKind, LockKind, Step};

/// Whether nothing else happens to what was read before it is written. Without the read it is looked for among those
/// before the write.
pub(crate) fn is_kept_apart(cx: &Context<'_>, read: Option<&CallSite<'_>>, write: &CallSite<'_>) -> bool {
    write.inside(|step| match step {
        // A mutex guards as far as the process reaches.
        Step::Locked { lock, .. } => {
            let reaches = || write.caller(cx.system).replicas.may_hold(|count| *count <= 1);
            is_around(step, read) && (lock.kind != LockKind::Process || reaches())
        }
        Step::Transaction { .. } => {
            locks_rows_in(cx, step, write) || (is_around(step, read) && !is_read_committed(cx, write))
        }
        _ => false,
    })
}

fn is_around(step: &Step, read: Option<&CallSite<'_>>) -> bool {
    read.is_none_or(|read| read.inside(|around| std::ptr::eq(around, step)))
}

/// Engines whose default isolation lets two transactions read and overwrite the same row: PostgreSQL's
/// READ COMMITTED (postgresql.org, 13.2.1), InnoDB's snapshot reads (dev.mysql.com, 17.7.2.3). What the
/// others do by default prevents it or is not known to us.
fn is_read_committed(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.store(cx.system).is_some_and(|store| ["postgresql", "mysql", "mariadb"].contains(&store.engine.as_str()))
}

/// A `SELECT ... FOR UPDATE` before it in the same transaction makes the second one wait.
fn locks_rows_in(cx: &Context<'_>, transaction: &Step, write: &CallSite<'_>) -> bool {
    let is_inside = |read: &&CallSite<'_>| read.inside(|around| std::ptr::eq(around, transaction));
    let locks = |read: &CallSite<'_>| matches!(read.visit.effect.kind, EffectKind::Read { for_update: true, .. });
    let mut before = reads_before(cx, write).filter(is_inside);
    before.any(locks) || has_row_lock(transaction)
}

/// Depth is bounded by construction, see [`whatif_model::limits::DEPTH_MAX`].
fn has_row_lock(step: &Step) -> bool {
    let is_row = |inner: &Step| matches!(inner, Step::Locked { lock, .. } if lock.kind == LockKind::Row);
    step.blocks().into_iter().flatten().any(|inner| is_row(inner) || has_row_lock(inner))
}

/// What may have been read of the same store before.
pub(crate) fn reads_before<'s, 'a>(
    cx: &'s Context<'a>,
    site: &'s CallSite<'a>,
) -> impl Iterator<Item = &'s CallSite<'a>> {
    let order = Sequence::of(&site.operation.flow);
    cx.sites.iter().filter(move |read| {
        read.id == site.id
            && read.edge.to == site.edge.to
            && matches!(read.visit.effect.kind, EffectKind::Read { .. })
            && order.precedes(read.visit.id, site.visit.id)
    })
}

/// What one process does in the background meets nobody, unless another operation writes the same item.
pub(crate) fn meets_another(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let elsewhere = || {
        cx.sites.iter().any(|other| {
            other.id != site.id
                && other.is_lasting_write(cx.system)
                && other.edge.to == site.edge.to
                && other.item() == site.item()
        })
    };
    let many = site.caller(cx.system).replicas.holds(|count| *count > 1);
    !site.operation.background || many || elsewhere()
}
