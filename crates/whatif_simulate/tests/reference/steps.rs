//! What a thread does in one step.

use super::state::{Caller, Cell, Mark3, Packet, State, Thread, Transaction, Waiting};
use super::{Count, Next, Rules};
use whatif_simulate::explore::*;

/// How a step left the state: where the thread goes, or that it is gone.
enum Went {
    To(usize),
    Gone,
}

impl Rules<'_> {
    pub fn thread(&self, state: &State, index: usize, next: &mut Vec<Next>) {
        if state.threads[index].waiting.is_some() {
            return self.waiting(state, index, next);
        }
        let unreachable = self.unreachable(state, &state.threads[index]).is_some();
        let one_moment = !unreachable
            && matches!(self.kind(&state.threads[index]), StepKind::Begin { isolation: Isolation::Serializable, .. });
        if self.count == Count::EveryStep {
            let mut emit = |(state, cost): (State, usize)| next.push(Next { state: state.sorted(), cost });
            if one_moment {
                return self.whole_transaction(state, index).into_iter().for_each(emit);
            }
            return self.one_step(state, index).into_iter().for_each(|state| emit((state, 1)));
        }
        let notice = self.is_noticed(&state.threads[index]);
        let ends = self.kind(&state.threads[index]) == StepKind::End;
        let unpaid = !state.threads[index].noticed;
        // Starting up to the step that fails is a step of its own.
        let cost = usize::from(notice || (ends && unpaid)) + usize::from(unreachable && unpaid);
        let mut from = state.clone();
        from.threads[index].noticed |= notice;
        let after = if one_moment {
            self.whole_transaction(&from, index).into_iter().map(|(state, _)| state).collect()
        } else {
            self.one_step(&from, index)
        };
        next.extend(after.into_iter().map(|state| Next { state: state.sorted(), cost }));
    }

    /// Whether others can tell that the thread takes its next step.
    fn is_noticed(&self, thread: &Thread) -> bool {
        let steps = &self.steps[thread.operation];
        let looks = |kind: &StepKind| matches!(kind, StepKind::Read { .. } | StepKind::DedupCheck { .. });
        let open = thread.transaction.as_ref();
        let closed_room = open.is_some_and(|open| !steps[open.begin..open.commit].iter().any(looks));
        match self.kind(thread) {
            // Whether it reached what it needs is noticed.
            _ if self.bounds.timely && self.need(thread).is_some() => true,
            StepKind::Skip | StepKind::Rollback | StepKind::Branch { .. } | StepKind::Goto { .. } | StepKind::End => {
                false
            }
            StepKind::Respond { .. } => thread.reply_to.is_some(),
            StepKind::Ack => thread.message.is_some(),
            StepKind::Commit => open.is_some() && !closed_room,
            StepKind::Write { .. }
            | StepKind::DedupMark { .. }
            | StepKind::Outbox { .. }
            | StepKind::SagaLog { .. } => open.is_none(),
            _ => !closed_room,
        }
    }

    fn kind(&self, thread: &Thread) -> StepKind {
        self.steps[thread.operation][thread.at]
    }

    /// Runs a serialisable transaction in one go, along each branch.
    fn whole_transaction(&self, state: &State, index: usize) -> Vec<(State, usize)> {
        let mut open: Vec<(State, usize)> = self.one_step(state, index).into_iter().map(|state| (state, 1)).collect();
        let mut done = Vec::new();
        while let Some((state, cost)) = open.pop() {
            if state.threads[index].transaction.is_none() {
                done.push((state, cost));
            } else {
                open.extend(self.one_step(&state, index).into_iter().map(|state| (state, cost + 1)));
            }
        }
        done
    }

    /// Takes the next step; several results for a branch, none if blocked.
    /// The thread keeps its index.
    fn one_step(&self, state: &State, index: usize) -> Vec<State> {
        let thread = &state.threads[index];
        let at = thread.at;
        if let Some(exit) = self.unreachable(state, thread) {
            let felt = State { felt: true, ..state.clone() };
            return vec![self.moved(felt, index, self.target(thread.operation, at, exit))];
        }
        if let StepKind::Branch { to } = self.kind(thread) {
            if self.bounds.timely && self.need(thread).is_some() {
                // It fails only when it is cut off.
                return vec![self.moved(state.clone(), index, at + 1)];
            }
            let other = self.target(thread.operation, at, to);
            return [at + 1, other].map(|to| self.moved(state.clone(), index, to)).to_vec();
        }
        let mut after = state.clone();
        match self.execute(&mut after, index) {
            Some(Went::To(to)) => vec![self.moved(after, index, to)],
            Some(Went::Gone) => vec![after],
            None => Vec::new(),
        }
    }

    /// Leaving a transaction other than by `Commit` rolls it back.
    fn moved(&self, mut state: State, index: usize, to: usize) -> State {
        let thread = &mut state.threads[index];
        thread.at = to;
        let inside = |transaction: &Transaction| (transaction.begin + 1..=transaction.commit).contains(&to);
        if thread.transaction.as_ref().is_some_and(|transaction| !inside(transaction)) {
            thread.transaction = None;
        }
        state
    }

    fn execute(&self, state: &mut State, index: usize) -> Option<Went> {
        let thread = state.threads[index].clone();
        let goes = |exit: Exit| Some(Went::To(self.target(thread.operation, thread.at, exit)));
        match self.kind(&thread) {
            StepKind::Skip | StepKind::Branch { .. } => {}
            StepKind::Begin { .. } => state.threads[index].transaction = self.opened(&thread),
            StepKind::Commit => return Some(self.commit(state, index)),
            StepKind::Rollback => state.threads[index].transaction = None,
            StepKind::Read { item, into, .. } => {
                let value = self.seen(state, &thread, item.index()).value;
                state.threads[index].registers[into.index()] = value;
                self.note_version(state, thread.request, item, value);
            }
            StepKind::Write { .. }
            | StepKind::DedupMark { .. }
            | StepKind::Outbox { .. }
            | StepKind::SagaLog { .. } => match &mut state.threads[index].transaction {
                Some(transaction) => transaction.writes.push(thread.at),
                None => return self.change(state, &thread, thread.at).map_or_else(goes, |()| goes(Exit::Next)),
            },
            StepKind::DedupCheck { table, scope, on_hit, in_flight } => {
                let seen = self.with_own_writes(state, &thread);
                let found = seen.keys.get(&row(&thread, table, scope)).filter(|_| key_of(&thread, scope) != 0);
                match (found, in_flight) {
                    (Some(Mark3::Done), _) => return goes(on_hit),
                    (Some(Mark3::InFlight), InFlight::Leave(exit)) => return goes(exit),
                    (Some(Mark3::InFlight), InFlight::Wait) => return None,
                    (None, _) => {}
                }
            }
            StepKind::Call { mode, .. } => self.call(state, index, mode),
            StepKind::Publish { topic, payload, key } => {
                let payload = payload.map_or(0, |from| thread.registers[from.index()]);
                let key = passed(state, &thread, key);
                self.broadcast(state, topic.index(), thread.request, key, payload);
            }
            StepKind::Ack if !self.hears_the_broker(state, self.service_of(thread.operation)) => {
                state.felt |= thread.message.is_some();
            }
            StepKind::Ack => state.threads[index].message = None,
            StepKind::Lock { lock, into } => lock_up(state, index, lock.index(), into.index())?,
            StepKind::Unlock { lock, token } => unlock(state, index, lock.index(), token.index()),
            StepKind::Respond { ok } => {
                if let Some(to) = state.threads[index].reply_to.take() {
                    let (operation, request) = (thread.operation, thread.request);
                    state.network.push(Packet::Reply { operation, request, to: Some(to), failed: !ok });
                }
            }
            StepKind::Goto { to } => return Some(Went::To(to.index())),
            StepKind::End => {
                let dead = state.threads.remove(index);
                state.queue.extend(dead.message);
                return Some(Went::Gone);
            }
        }
        goes(if state.threads[index].waiting.is_some() { Exit::Goto(label(thread.at)) } else { Exit::Next })
    }

    fn opened(&self, thread: &Thread) -> Option<Transaction> {
        let steps = &self.steps[thread.operation];
        let commit = (thread.at + 1..steps.len()).find(|at| steps[*at] == StepKind::Commit)?;
        Some(Transaction { begin: thread.at, commit, writes: Vec::new() })
    }

    /// All writes, or none and the exit of the first that is refused.
    fn commit(&self, state: &mut State, index: usize) -> Went {
        let mut thread = state.threads[index].clone();
        let Some(transaction) = thread.transaction.take() else { return Went::To(thread.at + 1) };
        state.threads[index].transaction = None;
        let mut after = state.clone();
        for at in transaction.writes {
            if let Err(exit) = self.change(&mut after, &thread, at) {
                return Went::To(self.target(thread.operation, at, exit));
            }
        }
        *state = after;
        Went::To(thread.at + 1)
    }

    fn with_own_writes(&self, state: &State, thread: &Thread) -> State {
        let mut seen = state.clone();
        for at in thread.transaction.iter().flat_map(|transaction| &transaction.writes) {
            if self.change(&mut seen, thread, *at).is_err() {
                break;
            }
        }
        seen
    }

    /// An item as the thread sees it.
    pub fn seen(&self, state: &State, thread: &Thread, item: usize) -> Cell {
        let seen = self.with_own_writes(state, thread);
        seen.items.get(&self.cell(item, thread.request)).copied().unwrap_or_default()
    }

    fn cell(&self, item: usize, request: usize) -> (usize, usize) {
        if self.slice.program.items[item].shared { (item, 0) } else { (item, request) }
    }

    /// Applies one change, or says which exit a refusal takes.
    fn change(&self, state: &mut State, thread: &Thread, at: usize) -> Result<(), Exit> {
        match self.steps[thread.operation][at] {
            StepKind::Write { .. } => self.write(state, thread, at)?,
            StepKind::DedupMark { table, scope, mark, unique, on_conflict } if key_of(thread, scope) != 0 => {
                let place = row(thread, table, scope);
                match state.keys.get(&place) {
                    // Nothing is there to replay while work is in flight.
                    Some(Mark3::InFlight) if unique && on_conflict == Exit::ReplyOk => return Err(Exit::ReplyError),
                    Some(_) if unique => return Err(on_conflict),
                    _ => {}
                }
                let mark = if mark == Mark::Done { Mark3::Done } else { Mark3::InFlight };
                state.keys.insert(place, mark);
            }
            StepKind::Outbox { topic, payload } => {
                let payload = payload.map_or(0, |from| thread.registers[from.index()]);
                state.outboxes.entry((topic.index(), thread.request)).or_default().payloads.push(payload);
            }
            StepKind::SagaLog { stage } => {
                state.logs.insert((thread.operation, thread.request), stage.unwrap_or(0));
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&self, state: &mut State, thread: &Thread, at: usize) -> Result<(), Exit> {
        let StepKind::Write { item, kind, guard, token, effect, on_conflict } = self.steps[thread.operation][at] else {
            return Ok(());
        };
        let register = |register: Register| thread.registers[register.index()];
        if let Some(item) = item {
            let cell = state.items.entry(self.cell(item.index(), thread.request)).or_default();
            let admitted = match guard {
                Guard::None => true,
                Guard::Cas(read) => cell.value == register(read),
                Guard::Version(version) => register(version) > cell.value,
                Guard::Fence(token) => register(token) >= cell.fence,
            };
            if !admitted {
                return Err(on_conflict);
            }
            if let Guard::Fence(token) = guard {
                cell.fence = register(token);
            }
            store(cell, kind, register);
            if let Some(token) = token {
                state.stale_writer |= register(token) < cell.newest_token;
                cell.newest_token = cell.newest_token.max(register(token));
            }
        }
        if let Some(Applies { effect, undo }) = effect {
            let counts = state.effects.entry((effect.index(), thread.request)).or_default();
            if undo { counts.1 += 1 } else { counts.0 += 1 }
        }
        Ok(())
    }

    fn called(&self, thread: &Thread) -> Option<usize> {
        match self.kind(thread) {
            StepKind::Call { operation, .. } => Some(operation.index()),
            _ => None,
        }
    }

    fn call(&self, state: &mut State, index: usize, mode: CallMode) {
        let mut from = None;
        if mode == CallMode::Sync {
            let call = state.free_call();
            let tries = state.threads[index].waiting.map_or(0, |waiting| waiting.tries);
            state.threads[index].waiting = Some(Waiting { call, tries: tries + 1 });
            from = Some(Caller::Thread(call));
        }
        let thread = state.threads[index].clone();
        let StepKind::Call { operation, key, .. } = self.kind(&thread) else { return };
        let key = passed(state, &thread, key);
        state.network.push(Packet::Request { operation: operation.index(), request: thread.request, key, from });
    }

    /// A caller gets its reply, or stops waiting for it.
    fn waiting(&self, state: &State, index: usize, next: &mut Vec<Next>) {
        let thread = &state.threads[index];
        let Waiting { call, tries } = thread.waiting.unwrap();
        let StepKind::Call { attempts, retry_on_error, until_ok, on_error, on_timeout, .. } = self.kind(thread) else {
            return;
        };
        let more = tries < attempts.min(self.bounds.call_attempts).min(3);
        let own = Caller::Thread(call);
        let mut goes_on = |mut state: State, again: bool, exit: Exit| {
            state.disown(own);
            if again {
                self.call(&mut state, index, CallMode::Sync);
            } else {
                let thread = &mut state.threads[index];
                thread.waiting = None;
                thread.at = self.target(thread.operation, thread.at, exit);
            }
            next.push(Next { state: state.sorted(), cost: 1 });
        };
        for (at, packet) in state.network.iter().enumerate() {
            let Packet::Reply { to, failed, .. } = packet else { continue };
            if *to != Some(own) || self.crosses(state, packet) {
                continue;
            }
            let mut received = state.clone();
            received.network.remove(at);
            let again = *failed && (until_ok || (retry_on_error && more));
            goes_on(received, again, if *failed { on_error } else { Exit::Next });
        }
        // A call repeated for ever waits until the last try is really gone.
        let callee = self.called(thread).map_or(0, |callee| self.service_of(callee));
        let in_time = self.bounds.timely && !self.is_apart(state, self.service_of(thread.operation), callee);
        if !state.is_under_way(own) || !(in_time || (until_ok && !more)) {
            let mut state = state.clone();
            self.hang_up(&mut state, own);
            goes_on(state, more || until_ok, on_timeout);
        }
    }
}

/// Takes a free lock and a token newer than all before.
fn lock_up(state: &mut State, index: usize, lock: usize, into: usize) -> Option<()> {
    let cell = &mut state.locks[lock];
    if cell.holder != 0 {
        return None;
    }
    cell.last += 1;
    cell.holder = cell.last;
    state.threads[index].registers[into] = cell.last;
    state.threads[index].locks.insert(lock, cell.last);
    Some(())
}

/// Only its holder frees a lock.
fn unlock(state: &mut State, index: usize, lock: usize, token: usize) {
    let mine = state.threads[index].locks.remove(&lock).is_some();
    if mine && state.locks[lock].holder == state.threads[index].registers[token] {
        state.locks[lock].holder = 0;
    }
}

fn label(at: usize) -> Label {
    Label(u16::try_from(at).unwrap())
}

fn store(cell: &mut Cell, kind: WriteKind, register: impl Fn(Register) -> u64) {
    let commits = cell.commits;
    if let WriteKind::Clear(read) = kind {
        cell.unseen |= register(read) != cell.value;
    }
    (cell.value, cell.commits) = match kind {
        WriteKind::Set(value) => (u64::from(value), u64::from(value)),
        WriteKind::Inc => (cell.value + 1, commits + 1),
        WriteKind::Dec => (cell.value.saturating_sub(1), commits.saturating_sub(1)),
        WriteKind::PutNext(from) => (register(from) + 1, commits + 1),
        WriteKind::Put(from) => (register(from), register(from)),
        WriteKind::Clear(_) => (cell.value + 1, commits + 1),
    };
}

/// The key a thread is known by; 0 is none.
fn key_of(thread: &Thread, scope: Scope) -> u8 {
    if scope == Scope::Request { 1 } else { thread.key }
}

fn row(thread: &Thread, table: TableId, scope: Scope) -> (usize, usize, u8) {
    (table.index(), thread.request, key_of(thread, scope))
}

fn passed(state: &mut State, thread: &Thread, key: KeyPassing) -> u8 {
    match key {
        KeyPassing::None => 0,
        KeyPassing::Forward => thread.key,
        KeyPassing::Derived => 1,
        KeyPassing::PerTry => state.fresh_key(thread.request),
    }
}
