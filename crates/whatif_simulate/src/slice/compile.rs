//! A flow as steps of the explorer.

use super::assemble::{Assembler, to};
use super::build::{self, Built, READ, proven};
use crate::explore::{
    Applies, CallMode, EffectId, Exit, Guard, InFlight, Isolation, KeyPassing, Label, Mark, OperationId as Index,
    Origin, Scope, Step as Line, StepKind, WriteKind as Change,
};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Effect, EffectKind, Identity, Lock, LockKind, OnError, Outcome, Step, Target, WriteKind};
use whatif_model::system::{Node, OperationId};

/// Most steps of one operation; what lies behind is not explored, and the answer says so.
const STEPS_MAX: usize = 160;

/// What surrounds the steps being compiled.
#[derive(Clone, Copy)]
struct Around {
    /// Where a failure goes.
    failure: Exit,
    /// Whether every successful run passes here.
    always: bool,
    /// Inside something that repeats calls.
    retried: bool,
}

struct Compiler<'b, 'm> {
    built: &'b mut Built<'m>,
    id: OperationId,
    out: Assembler,
    depth: usize,
    /// Whether something was changed already: before that, failing leaves nothing behind.
    changed: bool,
    /// Whether a message was acknowledged.
    acknowledged: bool,
    /// Queries whose failure is that of the operation: where they go, and their place.
    failures: Vec<(Label, Evidence)>,
    /// Items read so far; the value is in [`READ`].
    read: Vec<(Node, String)>,
}

/// Compiles the flow of an operation.
pub(super) fn flow(built: &mut Built<'_>, id: OperationId, index: Index, depth: usize) -> Vec<Line> {
    let operation = &built.system[id];
    let is_message = matches!(operation.trigger, Trigger::Message { .. });
    let forgets = matches!(&operation.trigger, Trigger::Message { auto_ack, .. } if proven(auto_ack));
    let mut compiler = Compiler {
        built,
        id,
        out: Assembler::default(),
        depth,
        changed: false,
        acknowledged: false,
        failures: Vec::new(),
        read: Vec::new(),
    };
    if forgets {
        let place = operation.evidence.first().map_or(0, |place| compiler.built.origin(place.clone()));
        compiler.out.push(StepKind::Ack, place);
        compiler.acknowledged = true;
    }
    let around = Around { failure: Exit::ReplyError, always: index.index() == 0, retried: false };
    compiler.block(&operation.flow.steps, around);
    if is_message && !compiler.acknowledged {
        compiler.out.push(StepKind::Ack, 0);
    }
    if !is_message {
        compiler.out.push(StepKind::Respond { ok: true }, 0);
    }
    compiler.out.push(StepKind::End, 0);
    compiler.place_failures();
    if !operation.flow.cut.is_empty() {
        compiler.built.assumptions.push(format!("parts of `{}` that were not read change nothing", operation.address));
    }
    compiler.out.finish()
}

/// The item a read-modify-write, an increment or a conditional write is about.
pub(super) fn written_item(effect: &Effect) -> Option<(Node, String)> {
    match (&effect.kind, node(&effect.target)) {
        (EffectKind::Write { item, .. }, Some(node)) => Some((node, item.clone())),
        _ => None,
    }
}

fn node(target: &Target) -> Option<Node> {
    match target {
        Target::Service(id, _) => Some(Node::Service(*id)),
        Target::Store(id) => Some(Node::Store(*id)),
        Target::Topic(id) => Some(Node::Topic(*id)),
        Target::Broker(id) => Some(Node::Broker(*id)),
        Target::External(id) => Some(Node::External(*id)),
        Target::Symbolic(_) | Target::Own | Target::Unknown => None,
    }
}

impl<'m> Compiler<'_, 'm> {
    /// Returns whether the block always ends the operation. Depth is bounded by the flow's own.
    fn block(&mut self, steps: &'m [Step], around: Around) -> bool {
        for step in steps {
            if self.out.len() > STEPS_MAX {
                self.built.assumptions.push("only the first steps of a long operation were explored".to_owned());
                return false;
            }
            if self.step(step, around) {
                return true;
            }
        }
        false
    }

    fn step(&mut self, step: &'m Step, around: Around) -> bool {
        match step {
            Step::Effect(id) => {
                let flow = &self.built.system[self.id].flow;
                if let Some(effect) = flow.effect(*id) {
                    self.effect(effect, around);
                }
                false
            }
            Step::Branch { arms, span } => self.branch(arms, self.derived(*span, "may go either way"), around),
            Step::Loop { body, kind, .. } => {
                let retried = around.retried || matches!(kind, whatif_model::flow::LoopKind::Retry(_));
                // A loop over nothing changes nothing, so its effects are not those of every run.
                let always = around.always && retried;
                self.block(body, Around { retried, always, ..around });
                false
            }
            Step::Try { body, handler, finally, .. } => self.guarded(body, handler, finally, around),
            Step::Transaction { body, store, span } => {
                self.transaction(body, store.as_ref(), self.derived(*span, "transaction"), around)
            }
            Step::Locked { body, lock, span } => self.locked(body, lock, self.derived(*span, "locked"), around),
            Step::Spawn { body, .. } => {
                self.block(body, Around { failure: Exit::Next, always: false, ..around });
                false
            }
            Step::Return { outcome, span } => {
                let origin = self.built.origin(Evidence::stated(Stage::Code, *span, "answers here"));
                self.respond(*outcome, origin);
                self.out.push(StepKind::End, 0);
                true
            }
        }
    }

    fn derived(&self, span: whatif_model::Span, label: &str) -> Evidence {
        Evidence::stated(Stage::Code, span, label)
    }

    fn branch(&mut self, arms: &'m [Vec<Step>], place: Evidence, around: Around) -> bool {
        // The path on which every check passed is the one every successful run takes.
        let leaving = |arm: &&Vec<Step>| matches!(arm.last(), Some(Step::Return { .. })) && !self.may_change(arm);
        let only = arms.iter().filter(|arm| !leaving(arm)).count() == 1;
        let passing: Vec<bool> = arms.iter().map(|arm| only && !leaving(&arm)).collect();
        if only && !self.changed {
            // Leaving before anything was changed leaves nothing behind.
            return arms
                .iter()
                .zip(&passing)
                .find(|(_, passes)| **passes)
                .is_some_and(|(arm, _)| self.block(arm, around));
        }
        let origin = self.built.origin(place);
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
        ends
    }

    /// Whether a block may change something. Depth is bounded by the flow's own.
    fn may_change(&self, steps: &[Step]) -> bool {
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
    fn call_changes(&self, effect: &Effect, operation: &str) -> bool {
        match &effect.target {
            Target::Service(_, Some(id)) => self.built.system[*id].mutates.may_hold(|mutates| *mutates),
            _ => !operation.starts_with("GET ") && !operation.starts_with("HEAD ") && !operation.is_empty(),
        }
    }

    fn guarded(&mut self, body: &'m [Step], handler: &'m [Step], finally: &'m [Step], around: Around) -> bool {
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

    fn transaction(&mut self, body: &'m [Step], store: Option<&Target>, place: Evidence, around: Around) -> bool {
        let origin = self.built.origin(place);
        let store =
            store.and_then(node).or_else(|| self.first_store(body)).map_or(crate::explore::StoreId(0), build::store);
        let locks_rows = self.locks_rows(body);
        let isolation = if locks_rows { Isolation::Serializable } else { Isolation::ReadCommitted };
        let failed = self.out.label();
        let done = self.out.label();
        self.out.push(StepKind::Begin { store, isolation }, origin);
        let ended = self.block(body, Around { failure: to(failed), ..around });
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
    fn locked(&mut self, body: &'m [Step], lock: &Lock, place: Evidence, around: Around) -> bool {
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

    fn respond(&mut self, outcome: Outcome, origin: Origin) {
        let is_message = matches!(self.built.system[self.id].trigger, Trigger::Message { .. });
        if !is_message {
            self.out.push(StepKind::Respond { ok: outcome != Outcome::Failure }, origin);
        } else if outcome != Outcome::Failure && !self.acknowledged {
            self.out.push(StepKind::Ack, origin);
        }
    }

    fn effect(&mut self, effect: &'m Effect, around: Around) {
        let origin = self.built.origin(Evidence::stated(Stage::Code, effect.span, String::new()));
        match &effect.kind {
            EffectKind::Call { operation, .. } => self.call(effect, operation, origin, around),
            EffectKind::Read { item, .. } => self.reads(effect, item, origin),
            EffectKind::Write { item, how } => self.write(effect, item, *how, origin, around),
            EffectKind::Publish { outbox } => self.publish(effect, *outbox, origin, around),
            EffectKind::Acknowledge { positive } => {
                if *positive {
                    self.out.push(StepKind::Ack, origin);
                    self.acknowledged = true;
                }
            }
            EffectKind::DedupCheck { item } => {
                let table = self.built.table(node(&effect.target), item);
                let scope = self.scope();
                let in_flight = InFlight::Leave(Exit::ReplyError);
                self.out.push(StepKind::DedupCheck { table, scope, on_hit: Exit::ReplyOk, in_flight }, origin);
            }
            EffectKind::DedupMark { item, unique } => self.mark(effect, item, unique, origin),
            EffectKind::Respond(outcome) => self.respond(*outcome, origin),
            EffectKind::KeyRead { .. } | EffectKind::NewIdentity | EffectKind::Sleep(_) | EffectKind::ClockRead => {}
        }
    }

    /// Handlers of messages know a message by its own id, everything else by the key of its request.
    fn scope(&self) -> Scope {
        let operation = &self.built.system[self.id];
        if matches!(operation.trigger, Trigger::Message { .. }) { Scope::Request } else { Scope::Key }
    }

    fn mark(&mut self, effect: &Effect, item: &str, unique: &Fact<bool>, origin: Origin) {
        let table = self.built.table(node(&effect.target), item);
        let scope = self.scope();
        let mark = |unique| StepKind::DedupMark { table, scope, mark: Mark::Done, unique, on_conflict: Exit::ReplyOk };
        if unique.is_unknown() {
            let address = self.built.system[self.id].address.clone();
            let words = format!("`{item}` refuses a second equal key");
            let unknown = self.built.unknown(&address, "unique-key", &words, origin);
            for value in [true, false] {
                let only_if = Some(crate::explore::Literal { unknown, value });
                self.out.push_step(Line { only_if, ..Line::new(mark(value), origin) });
            }
        } else {
            self.out.push(mark(proven(unique)), origin);
        }
    }

    /// Only items that are written back need their reads.
    fn reads(&mut self, effect: &Effect, item: &str, origin: Origin) {
        let Some(node) = node(&effect.target) else { return };
        let written_back = self.built.system[self.id].flow.effects.iter().any(|other| {
            let how =
                matches!(other.kind, EffectKind::Write { how: WriteKind::SetFromRead | WriteKind::Conditional, .. });
            how && written_item(other).is_some_and(|key| key == (node, item.to_owned()))
        });
        if written_back {
            let id = self.built.item(node, item);
            self.out.push(StepKind::Read { item: id, into: READ, from: crate::explore::Source::Primary }, origin);
            self.read.push((node, item.to_owned()));
        }
    }

    fn write(&mut self, effect: &Effect, item: &str, how: WriteKind, origin: Origin, around: Around) {
        let name = if item.is_empty() { "a write".to_owned() } else { item.to_owned() };
        let keyed = effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
        let node = node(&effect.target);
        let key = node.map(|node| (node, item.to_owned()));
        let was_read = key.as_ref().is_some_and(|key| self.read.contains(key));
        let counted = match (&key, how) {
            (Some((node, item)), WriteKind::SetFromRead | WriteKind::Conditional) if was_read => {
                Some(self.built.item(*node, item))
            }
            (Some((node, item)), WriteKind::Increment) => self.built.known_item(*node, item),
            _ => None,
        };
        let safe = how.is_naturally_idempotent() || (how == WriteKind::Insert && keyed);
        let essential = around.always && tolerated(effect).is_none();
        let (kind, guard) = match how {
            WriteKind::SetFromRead if counted.is_some() => (Change::PutNext(READ), Guard::None),
            WriteKind::Conditional if counted.is_some() => (Change::PutNext(READ), Guard::Cas(READ)),
            WriteKind::Increment if counted.is_some() => (Change::Inc, Guard::None),
            _ => (Change::Set(1), Guard::None),
        };
        let id = self.effect_of(&name, safe, essential);
        let write = StepKind::Write {
            item: counted,
            kind,
            guard,
            token: None,
            effect: Some(Applies { effect: id, undo: false }),
            on_conflict: around.failure,
        };
        self.out.push(write, origin);
        self.changed = true;
    }

    fn effect_of(&mut self, name: &str, idempotent: bool, essential: bool) -> EffectId {
        // Two writes of one item are two effects, but one promise.
        let promised = self.built.slice.program.effects.iter().any(|effect| effect.name == name);
        let id = self.built.effect(name, idempotent);
        if essential && !promised {
            self.built.essential.push(id);
        }
        id
    }

    fn publish(&mut self, effect: &Effect, outbox: bool, origin: Origin, around: Around) {
        let node = node(&effect.target);
        let name = node.map_or("a message".to_owned(), |node| self.built.system.address(node).to_owned());
        let topic = self.built.topic(node, &name, origin);
        if outbox {
            let service = self.built.slice.program.operations.first().map(|operation| operation.service);
            self.built.slice.program.topics[topic.index()].relay = service;
            self.out.push(StepKind::Outbox { topic, payload: None }, origin);
        } else {
            self.out.push(StepKind::Publish { topic, payload: None, key: KeyPassing::Derived }, origin);
        }
        if self.built.slice.program.topics[topic.index()].effect.is_none() {
            // What consumers do with a second message is their own row of the matrix.
            let essential = around.always && tolerated(effect).is_none();
            let sent = self.effect_of(&format!("message to {name}"), true, essential);
            self.built.slice.program.topics[topic.index()].effect = Some(sent);
        }
        self.changed = true;
    }

    fn call(&mut self, effect: &'m Effect, operation: &str, origin: Origin, around: Around) {
        let callee = match &effect.target {
            Target::Service(_, Some(id)) => Some(*id),
            _ => None,
        };
        let changes = self.call_changes(effect, operation);
        if !changes {
            self.may_fail(effect, origin, around);
            return;
        }
        let index = match callee {
            Some(id) => self.built.operation(id, self.depth + 1),
            None => self.outside(effect, operation, changes, origin),
        };
        if changes && around.always && tolerated(effect).is_none() {
            self.promise_of(index);
        }
        let exit = tolerated(effect).unwrap_or(around.failure);
        let attempts = if around.retried || retried(effect) { 2 } else { 1 };
        let key = match effect.identity.value() {
            Some(Identity::FromRequest(_)) => KeyPassing::Derived,
            Some(Identity::Fresh { in_retry: true }) => KeyPassing::PerTry,
            Some(Identity::Fresh { in_retry: false }) | None => KeyPassing::None,
        };
        let call = StepKind::Call {
            operation: index,
            mode: CallMode::Sync,
            attempts,
            retry_on_error: attempts > 1,
            until_ok: false,
            key,
            on_error: exit,
            on_timeout: exit,
        };
        self.out.push(call, origin);
        self.changed |= changes;
    }

    /// A query matters only by failing after something was changed: then the operation may fail half done.
    fn may_fail(&mut self, effect: &Effect, origin: Origin, around: Around) {
        match tolerated(effect).unwrap_or(around.failure) {
            _ if !self.changed => {}
            Exit::Next | Exit::ReplyOk => {}
            Exit::Goto(label) => self.out.push(StepKind::Branch { to: to(label) }, origin),
            Exit::ReplyError => {
                let failed = self.out.label();
                self.out.push(StepKind::Branch { to: to(failed) }, origin);
                let place = Evidence::stated(Stage::Code, effect.span, "fails or is too slow");
                self.failures.push((failed, place));
            }
        }
    }

    /// Where queries that fail end: the operation fails, and the answer cites the query.
    fn place_failures(&mut self) {
        for (label, place) in std::mem::take(&mut self.failures) {
            let origin = self.built.origin(place);
            self.out.place(label);
            self.respond(Outcome::Failure, origin);
            self.out.push(StepKind::End, 0);
        }
    }

    /// The first effect of a callee stands for the call having worked.
    fn promise_of(&mut self, index: Index) {
        let steps = &self.built.slice.program.operations[index.index()].steps;
        let first = steps.iter().filter(|step| step.only_if.is_none()).find_map(|step| match step.kind {
            StepKind::Write { effect: Some(applies), .. } => Some(applies.effect),
            _ => None,
        });
        if let Some(effect) = first.filter(|effect| !self.built.essential.contains(effect)) {
            self.built.essential.push(effect);
        }
    }

    /// A callee outside the model: if it changes something, whether it recognises repeats is not known.
    fn outside(&mut self, effect: &Effect, operation: &str, changes: bool, origin: Origin) -> Index {
        let whom = node(&effect.target)
            .map_or("an unknown service".to_owned(), |node| self.built.system.address(node).to_owned());
        let name = if operation.is_empty() { whom.clone() } else { format!("{operation} of {whom}") };
        let known = self.built.slice.program.operations.iter().position(|known| known.name == name);
        if let Some(at) = known {
            return Index(u8::try_from(at).unwrap_or(u8::MAX));
        }
        let mut steps = Vec::new();
        if changes {
            self.built.once(&mut steps, &whom, &name, None, origin, false);
        }
        steps.push(Line::new(StepKind::Respond { ok: true }, 0));
        steps.push(Line::new(StepKind::End, 0));
        self.built.outside(&name, &whom, steps)
    }
}

/// Where the operation goes on when a failure of the effect is not its own.
fn tolerated(effect: &Effect) -> Option<Exit> {
    matches!(effect.on_error, OnError::LogAndContinue | OnError::Discard).then_some(Exit::Next)
}

/// Whether the layer that makes the call repeats it.
fn retried(effect: &Effect) -> bool {
    effect.policy.retry.holds(|retry| {
        retry.attempts.may_hold(|attempts| !matches!(attempts, whatif_model::flow::Attempts::Limited(0 | 1)))
    })
}
