//! Reads, writes, keys and logs.

use super::super::environment::SAGA_CLOSED;
use super::super::fault::Fault;
use super::super::layout::Field;
use super::super::limits::MAX_VALUE;
use super::super::machine::Machine;
use super::super::program::{
    Applies, Exit, Guard, InFlight, ItemId, Mark, Register, Scope, Source, StepKind, StoreId, TableId, WriteKind,
};
use super::super::state::{Slot, State};
use super::Flow;

/// Rows of a key table.
pub(in super::super) const IN_FLIGHT: u64 = 1;
const DONE: u64 = 2;

impl Machine<'_> {
    pub(super) fn read(
        &self,
        state: &mut State,
        index: usize,
        (item, into, from): (ItemId, Register, Source),
        stale: &mut bool,
    ) -> Flow {
        let slot = state.slot(index);
        let request = slot.of_request();
        let Some(field) = self.layout.items[item.index()].value else {
            return self.goes_on(state, index, Flow::Visible);
        };
        let mut value = self.seen(state, slot).get(field, request);
        if *stale && from == Source::Replica && value > 0 && self.spend(state, Fault::Stale) {
            *stale = false;
            value -= 1;
        }
        self.note_version(state, request, item, value);
        state.put(index, slot.with_register(into.0, value));
        self.goes_on(state, index, Flow::Visible)
    }

    /// Keeps which version a request goes by, until the effect is there.
    fn note_version(&self, state: &mut State, request: usize, item: ItemId, version: u64) {
        for (spend, field) in self.code.promises.spends.iter().zip(&self.layout.spends) {
            let applied =
                self.layout.effects[spend.effect.index()].map_or(0, |effect| state.get(effect.applied, request));
            if let (Some(field), true, 0) = (field, spend.item == item, applied) {
                state.set(*field, request, (version + 1).min(MAX_VALUE));
            }
        }
    }

    pub(super) fn check(
        &self,
        state: &mut State,
        index: usize,
        (table, scope): (TableId, Scope),
        on_hit: Exit,
        in_flight: InFlight,
    ) -> Flow {
        let slot = state.slot(index);
        let row = self.row(slot, table, scope);
        let value = row.map_or(0, |row| self.seen(state, slot).get(row, slot.of_request()));
        let exit = match (value, in_flight) {
            (DONE, _) => on_hit,
            (IN_FLIGHT, InFlight::Leave(exit)) => exit,
            (IN_FLIGHT, InFlight::Wait) => return Flow::Blocked,
            _ => Exit::Next,
        };
        let target = self.code.target(slot.at(), exit);
        state.put(index, self.moved(slot, target));
        Flow::Visible
    }

    /// A step that changes a store: at once, or buffered until `Commit`.
    pub(super) fn change(&self, state: &mut State, index: usize) -> Flow {
        let slot = state.slot(index);
        if slot.in_transaction() == 1 {
            state.put(index, slot.with_buffered(slot.buffered() | self.buffer_bit(slot)));
            return self.goes_on(state, index, Flow::Local);
        }
        if self.is_shut(state, index, self.store_of(slot.at())) {
            return Flow::Blocked;
        }
        match self.apply(state, slot, slot.at()) {
            Ok(()) => self.goes_on(state, index, Flow::Visible),
            Err(target) => {
                state.put(index, self.moved(slot, target));
                Flow::Visible
            }
        }
    }

    /// Applies the change at `pc`, or says where a refused one leads to.
    pub(super) fn apply(&self, state: &mut State, slot: Slot, pc: usize) -> Result<(), u16> {
        let request = slot.of_request();
        match self.code.steps[pc] {
            StepKind::Write { .. } => self.write(state, slot, pc),
            StepKind::DedupMark { table, scope, mark, unique, on_conflict } => {
                let row = self.row(slot, table, scope);
                self.mark(state, slot, pc, (row, mark, unique, on_conflict))
            }
            StepKind::Outbox { topic, payload } => {
                if let Some(outbox) = self.layout.outboxes[topic.index()] {
                    state.bump(outbox.pending, request);
                    let version = payload.map_or(0, |from| slot.register(from.0));
                    state.set(outbox.payload, request, version);
                }
                Ok(())
            }
            StepKind::SagaLog { stage } => {
                if let Some(log) = self.layout.sagas[self.code.operation_of[pc]] {
                    state.set(log, request, stage.map_or(SAGA_CLOSED, u64::from));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The store a change goes to, if it is one others can lock.
    pub(super) fn store_of(&self, pc: usize) -> Option<StoreId> {
        let program = &self.code.program;
        match self.code.steps[pc] {
            StepKind::Write { item, .. } => item.map(|item| program.items[item.index()].store),
            StepKind::DedupMark { table, .. } => Some(program.tables[table.index()].store),
            _ => None,
        }
    }

    fn write(&self, state: &mut State, slot: Slot, pc: usize) -> Result<(), u16> {
        let StepKind::Write { item, kind, guard, token, effect, on_conflict } = self.code.steps[pc] else {
            return Ok(());
        };
        if let Some(item) = item {
            if !self.admits(state, slot, item, guard) {
                return Err(self.code.target(pc, on_conflict));
            }
            self.store(state, slot, item, kind);
            if let Some(token) = token {
                self.note_token(state, slot, item, token);
            }
        }
        if let Some(Applies { effect, undo }) = effect
            && let Some(fields) = self.layout.effects[effect.index()]
        {
            let field = if undo { fields.undone } else { fields.applied };
            state.bump(field, slot.of_request());
        }
        Ok(())
    }

    fn admits(&self, state: &mut State, slot: Slot, item: ItemId, guard: Guard) -> bool {
        let fields = self.layout.items[item.index()];
        let request = slot.of_request();
        let value = |state: &State| fields.value.map_or(0, |field| state.get(field, request));
        match guard {
            Guard::None => true,
            Guard::Cas(from) => value(state) == slot.register(from.0),
            Guard::Version(from) => slot.register(from.0) > value(state),
            Guard::Fence(from) => {
                let Some(fence) = fields.fence else {
                    return true;
                };
                let token = slot.register(from.0);
                let admitted = token >= state.get(fence, request);
                if admitted {
                    state.set(fence, request, token);
                }
                admitted
            }
        }
    }

    fn store(&self, state: &mut State, slot: Slot, item: ItemId, kind: WriteKind) {
        let fields = self.layout.items[item.index()];
        let request = slot.of_request();
        let now = |field: Option<Field>| field.map_or(0, |field| state.get(field, request));
        let (value, commits) = (now(fields.value), now(fields.commits));
        let next = match kind {
            WriteKind::Set(value) => u64::from(value),
            WriteKind::Inc => value + 1,
            WriteKind::Dec => value.saturating_sub(1),
            WriteKind::PutNext(from) => slot.register(from.0) + 1,
            WriteKind::Put(from) => slot.register(from.0),
            WriteKind::Clear(_) => value + 1,
        }
        .min(MAX_VALUE);
        let committed = match kind {
            WriteKind::Set(_) | WriteKind::Put(_) => next,
            WriteKind::Inc | WriteKind::PutNext(_) | WriteKind::Clear(_) => (commits + 1).min(MAX_VALUE),
            WriteKind::Dec => commits.saturating_sub(1),
        };
        if let (WriteKind::Clear(read), Some(unseen)) = (kind, fields.unseen)
            && slot.register(read.0) != value
        {
            state.set(unseen, request, 1);
        }
        if let Some(field) = fields.value {
            state.set(field, request, next);
        }
        if let Some(field) = fields.commits {
            state.set(field, request, committed);
        }
    }

    fn note_token(&self, state: &mut State, slot: Slot, item: ItemId, token: Register) {
        let Some(newest) = self.layout.items[item.index()].newest_token else {
            return;
        };
        let request = slot.of_request();
        let token = slot.register(token.0);
        if token < state.get(newest, request) {
            state.set(self.layout.stale_writer, 0, 1);
        } else {
            state.set(newest, request, token);
        }
    }

    fn mark(
        &self,
        state: &mut State,
        slot: Slot,
        pc: usize,
        (row, mark, unique, on_conflict): (Option<Field>, Mark, bool, Exit),
    ) -> Result<(), u16> {
        let Some(row) = row else { return Ok(()) };
        let request = slot.of_request();
        let there = state.get(row, request);
        if unique && there != 0 {
            let entries = &self.code.entries[self.code.operation_of[pc]];
            let target = self.code.target(pc, on_conflict);
            // There is no saved response to replay while work is in flight.
            let replays_nothing = there == IN_FLIGHT && target == entries.reply_ok;
            return Err(if replays_nothing { entries.reply_error } else { target });
        }
        let value = match mark {
            Mark::InFlight => IN_FLIGHT,
            Mark::Done => DONE,
        };
        state.set(row, request, value);
        Ok(())
    }

    /// The row of the thread's key; none when it has no key.
    fn row(&self, slot: Slot, table: TableId, scope: Scope) -> Option<Field> {
        let key = match scope {
            Scope::Key => usize::try_from(slot.key()).unwrap_or(0),
            Scope::Request => 1,
        };
        let rows = &self.layout.rows[table.index()];
        rows.get(key.checked_sub(1)?).copied()
    }
}
