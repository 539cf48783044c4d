//! Constructs around steps: branches, handlers, transactions, locks.

use super::assemble::to;
use super::build;
use super::compile::{Around, Commit, Compiler, node, plain_write};
use crate::explore::{Exit, Isolation, Label, Peer, Step as Line, StepKind};
use whatif_model::evidence::Evidence;
use whatif_model::flow::{Effect, EffectKind, Lock, LockKind, Outcome, Step, Target};
use whatif_model::system::Node;

impl<'m> Compiler<'_, 'm> {
    pub(super) fn branch(&mut self, arms: &'m [Vec<Step>], place: Evidence, around: Around) -> bool {
        // The path on which every check passed is the one every successful run takes.
        let leaving = |arm: &&Vec<Step>| matches!(arm.last(), Some(Step::Return { .. })) && !self.may_change(arm);
        let only = arms.iter().filter(|arm| !leaving(arm)).count() == 1;
        let passing: Vec<bool> = arms.iter().map(|arm| only && !leaving(&arm)).collect();
        if only && (!self.changed || self.transaction.is_some()) {
            // Leaving before anything was changed, or before the commit, leaves nothing behind.
            return arms
                .iter()
                .zip(&passing)
                .find(|(_, passes)| **passes)
                .is_some_and(|(arm, _)| self.block(arm, around));
        }
        let origin = self.built.origin(place);
        let start = self.out.len();
        let end = self.out.label();
        let changed = self.changed;
        let mut any_changed = changed;
        let (mut next, mut ends) = (None::<Label>, !arms.is_empty());
        for (at, arm) in arms.iter().enumerate() {
            if let Some(label) = next.take() {
                self.out.place(label);
            }
            if at + 1 < arms.len() {
                let other = self.out.label();
                self.out.push(StepKind::Branch { to: to(other) }, origin);
                next = Some(other);
            }
            self.changed = changed;
            let ended = self.block(arm, Around { always: around.always && passing[at], ..around });
            any_changed |= self.changed;
            ends &= ended;
            if !ended && at + 1 < arms.len() {
                self.out.push(StepKind::Goto { to: end }, 0);
            }
        }
        self.changed = any_changed;
        self.out.place(end);
        self.out.drop_jumps(start);
        ends
    }

    /// Whether a block may change something. Depth is bounded by the flow's own.
    pub(super) fn may_change(&self, steps: &[Step]) -> bool {
        let flow = &self.built.system[self.id].flow;
        steps.iter().any(|step| match step {
            Step::Effect(id) => flow.effect(*id).is_some_and(|effect| match &effect.kind {
                EffectKind::Call { operation, .. } => self.call_changes(effect, operation),
                EffectKind::Write { .. } | EffectKind::Publish { .. } | EffectKind::DedupMark { .. } => true,
                _ => false,
            }),
            other => other.blocks().into_iter().any(|block| self.may_change(block)),
        })
    }

    /// Whether a call may change something: as far as known by its callee, else by its HTTP method.
    pub(super) fn call_changes(&self, effect: &Effect, operation: &str) -> bool {
        match &effect.target {
            Target::Service(_, Some(id)) => self.built.system[*id].mutates.may_hold(|mutates| *mutates),
            // Setting up a connection changes nothing; of HTTP, the safe methods of RFC 9110, 9.2.1, do not.
            _ => {
                !["connect", ""].contains(&operation)
                    && !operation.starts_with("GET ")
                    && !operation.starts_with("HEAD ")
            }
        }
    }

    pub(super) fn guarded(
        &mut self,
        body: &'m [Step],
        handler: &'m [Step],
        finally: &'m [Step],
        around: Around,
    ) -> bool {
        let (caught, end) = (self.out.label(), self.out.label());
        let ended = self.block(body, Around { failure: to(caught), ..around });
        if !ended {
            self.out.push(StepKind::Goto { to: end }, 0);
        }
        self.out.place(caught);
        let handled = self.block(handler, Around { always: false, ..around });
        self.out.place(end);
        let last = self.block(finally, around);
        (ended && handled) || last
    }

    pub(super) fn transaction(
        &mut self,
        body: &'m [Step],
        store: Option<&Target>,
        place: Evidence,
        around: Around,
    ) -> bool {
        let origin = self.built.origin(place);
        let store =
            store.and_then(node).or_else(|| self.first_store(body)).map_or(crate::explore::StoreId(0), build::store);
        let locks_rows = self.locks_rows(body);
        let isolation = if locks_rows { Isolation::Serializable } else { Isolation::ReadCommitted };
        let (failed, done, end) = (self.out.label(), self.out.label(), self.out.label());
        let begin = Line::new(StepKind::Begin { store, isolation }, origin);
        self.out.push_step(begin.needing(Peer::Stores, to(failed)));
        let outer = self.transaction.replace(Commit { end: Some(end), ..Commit::default() });
        let ended = self.block(body, Around { failure: to(failed), ..around });
        let commit = std::mem::replace(&mut self.transaction, outer).unwrap_or_default();
        if let (false, Some((name, origin, essential))) = (commit.shown, commit.harmless) {
            let id = self.effect_of(&name, true, essential);
            self.out.push(plain_write(id, to(failed)), origin);
        }
        self.out.place(end);
        if !ended {
            self.out.push(StepKind::Commit, origin);
            self.out.push(StepKind::Goto { to: done }, 0);
        }
        self.out.place(failed);
        self.out.push(StepKind::Rollback, origin);
        match around.failure {
            Exit::Goto(label) => self.out.push(StepKind::Goto { to: label }, 0),
            Exit::Next | Exit::ReplyOk => {}
            Exit::ReplyError => {
                self.respond(Outcome::Failure, 0);
                self.out.push(StepKind::End, 0);
            }
        }
        self.out.place(done);
        ended
    }

    /// The store of the first effect on one.
    fn first_store(&self, body: &[Step]) -> Option<Node> {
        body.iter().find_map(|step| match step {
            Step::Effect(id) => {
                let effect = self.built.system[self.id].flow.effect(*id)?;
                node(&effect.target).filter(|node| matches!(node, Node::Store(_)))
            }
            other => other.blocks().into_iter().find_map(|block| self.first_store(block)),
        })
    }

    fn locks_rows(&self, body: &[Step]) -> bool {
        body.iter().any(|step| match step {
            Step::Effect(id) => {
                let effect = self.built.system[self.id].flow.effect(*id);
                effect.is_some_and(|effect| matches!(effect.kind, EffectKind::Read { for_update: true, .. }))
            }
            Step::Locked { lock, body, .. } => lock.kind == LockKind::Row || self.locks_rows(body),
            other => other.blocks().into_iter().any(|block| self.locks_rows(block)),
        })
    }

    /// A mutex excludes only the threads of one process, so it protects nothing once there are replicas.
    pub(super) fn locked(&mut self, body: &'m [Step], lock: &Lock, place: Evidence, around: Around) -> bool {
        let service = &self.built.system[self.built.system[self.id].service];
        let single = service.replicas.holds(|replicas| *replicas <= 1) || service.replicas.is_unknown();
        let excludes = match lock.kind {
            LockKind::Process => single,
            LockKind::Distributed => true,
            LockKind::Row => false,
        };
        if lock.kind == LockKind::Process && single {
            self.built.assumptions.push(format!("one replica of `{}` runs", service.name));
        }
        let token = crate::explore::Register(2);
        let taken = if excludes { self.built.lock(&lock.name, lock.lease.value().is_some()) } else { None };
        let Some(taken) = taken else { return self.block(body, around) };
        let origin = self.built.origin(place);
        self.out.push(StepKind::Lock { lock: taken, into: token }, origin);
        let ended = self.block(body, around);
        self.out.push(StepKind::Unlock { lock: taken, token }, origin);
        ended
    }
}
