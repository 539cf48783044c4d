//! Rows that object mappers read, hand out as live objects, and put back whole.

use super::library::Use;
use super::state::Interpreter;
use crate::ir::Expr;
use crate::lower::program::TypeId;
use crate::lower::values::Abs;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::Span;
use whatif_model::flow::{EffectId, EffectKind, RowWrite, WriteKind};

/// What one run did to rows it had read; effects by their number.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The fields changed since each read, and whether their new value was computed from that read.
    changed: BTreeMap<u32, BTreeMap<String, bool>>,
    /// Reads whose rows the commit puts back whole when anything of them was changed.
    whole: BTreeSet<u32>,
    written: Vec<(u32, RowWrite)>,
}

impl Rows {
    pub(crate) fn put_back_at_commit(&mut self, reads: &[u32]) {
        self.whole.extend(reads);
    }

    /// The fields that were changed since a read, in name order.
    pub(crate) fn fields_changed(&self, read: u32) -> Vec<String> {
        self.changed.get(&read).into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }

    /// The rows that were put back, by the effects of a flow whose first has the number `base`.
    pub(crate) fn finish(self, base: u32) -> Vec<RowWrite> {
        let of_flow = |(number, row): (u32, RowWrite)| {
            number.checked_sub(base).map(|at| RowWrite { effect: EffectId(at), ..row })
        };
        self.written.into_iter().filter_map(of_flow).collect()
    }
}

impl<'a> Interpreter<'a> {
    /// `read.field = value`; of a live object it is written when the unit of work is committed.
    pub(super) fn touch_live(&mut self, base: &Abs<'a>, field: &str, value: &Abs<'a>) {
        for read in base.from.data() {
            let computed = value.from.data().any(|data| data == read);
            *self.run.rows.changed.entry(read).or_default().entry(field.to_owned()).or_default() |= computed;
            if self.live.contains(&read) {
                let from_read = computed && (self.derives || !self.manners.injects);
                self.note_changed(read, field, value, from_read);
            }
        }
    }

    /// Objects that were read and changed are written where an annotated transaction ends
    /// (<https://jakarta.ee/specifications/persistence/3.1/jakarta-persistence-spec-3.1#a1955>).
    pub(super) fn write_changed(&mut self) {
        for changed in std::mem::take(&mut self.dirty) {
            let read = changed.read;
            let Some(effect) = self.effect(read) else { continue };
            let EffectKind::Read { item, .. } = &effect.kind else { continue };
            let item = item.clone();
            let how = match self.versioned.contains(&item) {
                true => WriteKind::Conditional,
                false if changed.from_read => WriteKind::SetFromRead,
                false => WriteKind::Set,
            };
            let kind = EffectKind::Write { item: item.clone(), how };
            let (target, policy, span, via) =
                (effect.target.clone(), effect.policy.clone(), effect.span, effect.via.clone());
            let mut written = self.new_effect(kind, target, span);
            written.policy = policy;
            written.via = via;
            written.fields = changed.fields;
            written.values = changed.values;
            // What is changed was decided where it was changed.
            written.basis = changed.basis;
            let number = self.push_effect(written);
            if self.run.rows.whole.contains(&read) {
                self.note_row(number, read, &item);
            }
        }
    }

    /// The read whose row an explicit write puts back.
    pub(super) fn row_written(&self, call: &Use<'a, '_>, item: &str) -> Option<u32> {
        call.set("row")?;
        super::call::taint_of(call.args).data().find(|read| self.reads(*read, item))
    }

    /// How putting back a row changes it: what matters is where the new values of its fields come from, not that the
    /// object was read. Without a change of its fields it may hold a changed list: in a document that is its own
    /// value, in tables it is rows of their own.
    pub(super) fn row_kind(&self, call: &Use<'a, '_>, read: u32, how: WriteKind) -> WriteKind {
        let in_tables = || {
            let id = call.object()?;
            self.object(id).fields.get("technology")?.as_text().filter(|technology| technology == "sql")
        };
        let computed = match self.run.rows.changed.get(&read) {
            Some(changed) => changed.values().any(|computed| *computed),
            None => in_tables().is_none(),
        };
        if how == WriteKind::SetFromRead && !computed { WriteKind::Set } else { how }
    }

    /// Notes that a write puts back the row of a read, unless the mapper writes only what was changed or refuses what
    /// is out of date.
    pub(super) fn note_row(&mut self, number: u32, read: u32, item: &str) {
        let locked =
            matches!(self.effect(read).map(|effect| &effect.kind), Some(EffectKind::Read { for_update: true, .. }));
        let entity = self.entities.get(item).copied();
        if locked || self.versioned.contains(item) || entity.is_some_and(|ty| self.writes_only_changes(ty)) {
            return;
        }
        let changed = self.run.rows.changed.get(&read).map(|fields| fields.keys().cloned().collect());
        let declared = entity.map(|ty| self.declaration(ty));
        let row = RowWrite { effect: EffectId(0), changed: changed.unwrap_or_default(), declared };
        self.run.rows.written.push((number, row));
    }

    fn declaration(&self, ty: TypeId) -> Span {
        let declared = self.program.ty(ty);
        self.program.span(declared.module, declared.ir.range)
    }

    /// Whether the class of a row says that only changed columns are written.
    fn writes_only_changes(&self, ty: TypeId) -> bool {
        let marks = &self.knowledge.words(self.program.language).partial_marks;
        let named = |decorator: &Expr| {
            decorator.dotted().is_some_and(|name| marks.iter().any(|mark| name.rsplit('.').next() == Some(mark)))
        };
        self.program.lineage(ty).into_iter().any(|ty| self.program.ty(ty).ir.decorators.iter().any(named))
    }
}
