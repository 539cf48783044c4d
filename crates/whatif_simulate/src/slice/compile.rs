//! A flow as steps of the explorer.

use super::assemble::{Assembler, to};
use super::build::{Built, READ, USED, item_name, proven};
use super::certain;
use super::entity::{self, Entity};
use crate::explore::{
    Applies, CallMode, EffectId, Exit, Guard, InFlight, ItemId, KeyPassing, Label, Mark, OperationId as Index, Origin,
    Peer, Scope, SpendPromise, Step as Line, StepKind, TableId, WriteKind as Change,
};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{
    Effect, EffectId as EffectRef, EffectKind, Identity, OnError, Outcome, Step, Target, WriteKind,
};
use whatif_model::system::{Node, OperationId};

/// Most steps of one operation; what lies behind is not explored, and the answer says so.
const STEPS_MAX: usize = 160;

/// What surrounds the steps being compiled.
#[derive(Clone, Copy)]
pub(super) struct Around {
    /// Where a failure goes.
    pub(super) failure: Exit,
    /// Whether every successful run passes here.
    pub(super) always: bool,
    /// Inside something that repeats calls.
    pub(super) retried: bool,
}

/// What a local transaction does when it commits. Its writes become visible together, so one of them stands
/// for all that do no harm when repeated.
#[derive(Default)]
pub(super) struct Commit {
    /// Whether a step for an effect was written.
    pub(super) shown: bool,
    /// A harmless write that was left out, to stand for the transaction if nothing else does.
    pub(super) harmless: Option<(String, Origin, bool)>,
    /// Where the transaction commits.
    pub(super) end: Option<Label>,
}

pub(super) struct Compiler<'b, 'm> {
    pub(super) built: &'b mut Built<'m>,
    pub(super) id: OperationId,
    pub(super) out: Assembler,
    depth: usize,
    /// Whether something was changed already: before that, failing leaves nothing behind.
    pub(super) changed: bool,
    /// Whether a message was acknowledged.
    acknowledged: bool,
    /// Queries whose failure is that of the operation: where they go, and their place.
    failures: Vec<(Label, Evidence)>,
    /// Inside a local transaction: what it does so far.
    pub(super) transaction: Option<Commit>,
    /// Tables the request's key was recorded in.
    marked: Vec<TableId>,
    /// Items read so far; the value is in [`READ`].
    read: Vec<(Node, String)>,
    /// What the operation uses up; the version it read is in [`USED`].
    entity: Option<(Entity, ItemId)>,
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
        transaction: None,
        marked: Vec::new(),
        read: Vec::new(),
        entity: None,
    };
    compiler.entity = entity::of(compiler.built.system, operation).map(|entity| {
        let item = compiler.built.entity(entity.node, &entity.item, &entity.name);
        (entity, item)
    });
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

pub(super) fn node(target: &Target) -> Option<Node> {
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
    pub(super) fn block(&mut self, steps: &'m [Step], around: Around) -> bool {
        for (at, step) in steps.iter().enumerate() {
            if matches!(steps.get(at + 1), Some(Step::Branch { .. })) && self.claims(step) {
                continue;
            }
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

    /// A write that finds out whether the request was there before (a row claimed by its own id, a state that is
    /// left only once), directly followed by a test of its result: what follows it happens once.
    fn claims(&mut self, step: &'m Step) -> bool {
        let Step::Effect(id) = step else { return false };
        let Some(effect) = self.built.system[self.id].flow.effect(*id) else { return false };
        let end = self.transaction.as_ref().and_then(|transaction| transaction.end);
        let (EffectKind::Write { item, how: WriteKind::Upsert | WriteKind::Conditional }, Some(end)) =
            (&effect.kind, end)
        else {
            return false;
        };
        let key = node(&effect.target).map(|node| (node, item.clone()));
        if key.is_none_or(|key| self.read.contains(&key)) {
            return false;
        }
        let origin = self.built.origin(Evidence::stated(Stage::Code, effect.span, String::new()));
        let table = self.built.table(node(&effect.target), &format!("row of {item}"));
        let mark =
            StepKind::DedupMark { table, scope: Scope::Request, mark: Mark::Done, unique: true, on_conflict: to(end) };
        self.out.push(mark, origin);
        self.changed = true;
        self.built
            .assumptions
            .push(format!("the test after the write of `{item}` skips the rest when the row was there"));
        true
    }

    fn step(&mut self, step: &'m Step, around: Around) -> bool {
        match step {
            Step::Effect(id) => {
                let flow = &self.built.system[self.id].flow;
                if let Some(effect) = flow.effect(*id) {
                    self.uses(*id, effect);
                    self.effect(effect, around);
                    self.spends(*id);
                }
                false
            }
            Step::Branch { arms, span } => self.branch(arms, self.derived(*span, "may go either way"), around),
            Step::Loop { body, kind, .. } => {
                let repeats = |retry: &whatif_model::flow::Retry| !retry.is_idle();
                let retried =
                    around.retried || matches!(kind, whatif_model::flow::LoopKind::Retry(retry) if repeats(retry));
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

    pub(super) fn respond(&mut self, outcome: Outcome, origin: Origin) {
        let is_message = matches!(self.built.system[self.id].trigger, Trigger::Message { .. });
        if !is_message {
            self.out.push(StepKind::Respond { ok: outcome != Outcome::Failure }, origin);
        } else if outcome != Outcome::Failure && !self.acknowledged {
            self.out.push(StepKind::Ack, origin);
        }
    }

    /// Before an effect that reads or takes away what the operation uses up.
    fn uses(&mut self, id: EffectRef, effect: &Effect) {
        let Some((entity, item)) = &self.entity else { return };
        let item = *item;
        if entity.read == id && entity.once && self.built.one_by_one {
            return self.finds_it_done(effect, item);
        }
        let kind = if entity.spend.is_none() {
            return;
        } else if entity.read == id {
            StepKind::Read { item, into: USED, from: crate::explore::Source::Primary }
        } else if entity.clear == id {
            let (kind, guard, on_conflict) = (Change::Clear(USED), Guard::None, Exit::Next);
            StepKind::Write { item: Some(item), kind, guard, token: None, effect: None, on_conflict }
        } else {
            return;
        };
        let origin = self.built.origin(Evidence::stated(Stage::Code, effect.span, String::new()));
        self.out.push(kind, origin);
    }

    /// A repeat that comes after the first run finds what it would change changed already, and does nothing.
    fn finds_it_done(&mut self, effect: &Effect, item: ItemId) {
        let origin = self.built.origin(Evidence::stated(Stage::Code, effect.span, "finds it done"));
        let name = self.built.slice.program.items[item.index()].name.clone();
        let table = self.built.table(node(&effect.target), &format!("state of {name}"));
        let is_message = matches!(self.built.system[self.id].trigger, Trigger::Message { .. });
        let on_conflict = if is_message { Exit::ReplyOk } else { Exit::ReplyError };
        let mark = StepKind::DedupMark { table, scope: Scope::Request, mark: Mark::Done, unique: true, on_conflict };
        self.out.push(mark, origin);
        self.built
            .assumptions
            .push("a repeat comes after the first attempt has ended; two at once are asked by `together`".to_owned());
    }

    /// Behind the effect it is used up for.
    fn spends(&mut self, id: EffectRef) {
        let Some((entity, item)) = &self.entity else { return };
        if entity.spend != Some(id) || self.built.one_by_one {
            return;
        }
        let (item, program) = (*item, &self.built.slice.program);
        let effect = match self.out.last() {
            Some(StepKind::Call { operation, .. }) => program.operations[operation.index()].first_effect(),
            Some(StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. }) => {
                program.topics[topic.index()].effect
            }
            Some(StepKind::Write { effect, .. }) => effect.map(|applies| applies.effect),
            _ => None,
        };
        if let Some(effect) = effect {
            self.built.slice.promises.spends.push(SpendPromise { item, effect });
        }
    }

    fn effect(&mut self, effect: &'m Effect, around: Around) {
        let origin = self.built.origin(Evidence::stated(Stage::Code, effect.span, String::new()));
        match &effect.kind {
            EffectKind::Call { operation, .. } => self.call(effect, operation, origin, around),
            EffectKind::Read { item, .. } => self.reads(effect, item, origin, around),
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
                if self.marked.contains(&table) {
                    // The row is its own: what is read back is how far the work has come.
                    return;
                }
                let scope = self.scope();
                let in_flight = InFlight::Leave(Exit::ReplyError);
                let check = StepKind::DedupCheck { table, scope, on_hit: Exit::ReplyOk, in_flight };
                self.at_store(effect, Line::new(check, origin), around);
            }
            EffectKind::DedupMark { item, unique } => self.mark(effect, item, unique, origin, around),
            EffectKind::Respond(outcome) => self.respond(*outcome, origin),
            EffectKind::KeyRead { .. } | EffectKind::NewIdentity | EffectKind::Sleep(_) | EffectKind::ClockRead => {}
        }
    }

    /// Handlers of messages know a message by its own id, everything else by the key of its request.
    fn scope(&self) -> Scope {
        let operation = &self.built.system[self.id];
        if matches!(operation.trigger, Trigger::Message { .. }) { Scope::Request } else { Scope::Key }
    }

    fn mark(&mut self, effect: &Effect, item: &str, unique: &Fact<bool>, origin: Origin, around: Around) {
        let table = self.built.table(node(&effect.target), item);
        self.marked.push(table);
        let scope = self.scope();
        let mark = |unique| StepKind::DedupMark { table, scope, mark: Mark::Done, unique, on_conflict: Exit::ReplyOk };
        if unique.is_unknown() {
            let address = self.built.system[self.id].address.clone();
            let words = format!("`{item}` refuses a second equal key");
            let unknown = self.built.unknown(&address, "unique-key", &words, origin);
            for value in [true, false] {
                let only_if = Some(crate::explore::Literal { unknown, value });
                self.at_store(effect, Line { only_if, ..Line::new(mark(value), origin) }, around);
            }
        } else {
            self.at_store(effect, Line::new(mark(proven(unique)), origin), around);
        }
    }

    /// A step at a store, which fails when the store cannot be reached. Inside a transaction only its beginning
    /// can: what is not committed did not happen.
    fn at_store(&mut self, effect: &Effect, step: Line, around: Around) {
        let stored = matches!(effect.target, Target::Store(_)) && self.transaction.is_none();
        let or_else = tolerated(effect).unwrap_or(around.failure);
        self.out.push_step(if stored { step.needing(Peer::Stores, or_else) } else { step });
    }

    /// Only items that are written back need their reads; after a change, others may fail.
    fn reads(&mut self, effect: &Effect, item: &str, origin: Origin, around: Around) {
        let Some(node) = node(&effect.target) else { return };
        let written_back = self.built.system[self.id].flow.effects.iter().any(|other| {
            let how =
                matches!(other.kind, EffectKind::Write { how: WriteKind::SetFromRead | WriteKind::Conditional, .. });
            how && written_item(other).is_some_and(|key| key == (node, item.to_owned()))
        });
        if written_back {
            let id = self.built.item(node, item);
            let read = StepKind::Read { item: id, into: READ, from: crate::explore::Source::Primary };
            self.at_store(effect, Line::new(read, origin), around);
            self.read.push((node, item.to_owned()));
        } else if self.changed && self.transaction.is_none() {
            self.at_store(effect, Line::new(StepKind::Skip, origin), around);
        }
    }

    fn write(&mut self, effect: &Effect, item: &str, how: WriteKind, origin: Origin, around: Around) {
        let keyed = effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
        let node = node(&effect.target);
        let name = match node {
            Some(node) if !item.is_empty() => item_name(self.built.system, node, item),
            _ if item.is_empty() => "a write".to_owned(),
            _ => item.to_owned(),
        };
        let key = node.map(|node| (node, item.to_owned()));
        let was_read = key.as_ref().is_some_and(|key| self.read.contains(key));
        let counted = match (&key, how) {
            (Some((node, item)), WriteKind::SetFromRead | WriteKind::Conditional) if was_read => {
                Some(self.built.item(*node, item))
            }
            (Some((node, item)), WriteKind::Increment) => self.built.known_item(*node, item),
            (Some((node, item)), _) if self.entity.is_none() => self.built.known_entity(*node, item),
            _ => None,
        };
        let safe = how.is_naturally_idempotent() || (how == WriteKind::Insert && keyed);
        let essential = around.always && tolerated(effect).is_none();
        self.changed = true;
        if let (Some(transaction), true, None) = (&mut self.transaction, safe, counted) {
            transaction.harmless.get_or_insert((name, origin, essential));
            return;
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.shown = true;
        }
        let (kind, guard) = match how {
            WriteKind::SetFromRead if counted.is_some() && was_read => (Change::PutNext(READ), Guard::None),
            WriteKind::Conditional if counted.is_some() && was_read => (Change::PutNext(READ), Guard::Cas(READ)),
            _ if counted.is_some() => (Change::Inc, Guard::None),
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
        self.at_store(effect, Line::new(write, origin), around);
        if how == WriteKind::Increment
            && let Some(passing) = self.built.passing(item, origin)
        {
            let passed = plain_write(passing.effect, around.failure);
            let only_if = Some(crate::explore::Literal { unknown: passing.unknown, value: false });
            self.out.push_step(Line { only_if, ..Line::new(passed, origin) });
        }
    }

    pub(super) fn effect_of(&mut self, name: &str, idempotent: bool, essential: bool) -> EffectId {
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
            let publish = StepKind::Publish { topic, payload: None, key: KeyPassing::Derived };
            let or_else = tolerated(effect).unwrap_or(around.failure);
            self.out.push_step(Line::new(publish, origin).needing(Peer::Broker, or_else));
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
            Exit::Goto(label) => self.query(effect, to(label), origin),
            Exit::ReplyError => {
                let failed = self.out.label();
                self.query(effect, to(failed), origin);
                let place = Evidence::stated(Stage::Code, effect.span, "fails or is too slow");
                self.failures.push((failed, place));
            }
        }
    }

    fn query(&mut self, effect: &Effect, failed: Exit, origin: Origin) {
        let whom = self.whom(effect);
        let peer = Peer::Service(self.built.service(&whom));
        self.out.push_step(Line::new(StepKind::Branch { to: failed }, origin).needing(peer, failed));
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

    /// The first certain effect of a callee stands for the call having worked.
    fn promise_of(&mut self, index: Index) {
        let first = certain::effect(&self.built.slice.program.operations[index.index()]);
        if let Some(effect) = first.filter(|effect| !self.built.essential.contains(effect)) {
            self.built.essential.push(effect);
        }
    }

    /// The service a call goes to.
    fn whom(&self, effect: &Effect) -> String {
        match &effect.target {
            Target::Service(id, _) => self.built.system[*id].name.clone(),
            target => {
                let unnamed = || format!("{} -> ?", self.built.system[self.id].address);
                node(target).map_or_else(unnamed, |node| self.built.system.address(node).to_owned())
            }
        }
    }

    /// A callee outside the model: if it changes something, whether it recognises repeats is not known.
    fn outside(&mut self, effect: &Effect, operation: &str, changes: bool, origin: Origin) -> Index {
        let whom = self.whom(effect);
        let name = if operation.is_empty() { whom.clone() } else { format!("{operation} of {whom}") };
        let known = self.built.slice.program.operations.iter().position(|known| known.name == name);
        if let Some(at) = known {
            return Index(u8::try_from(at).unwrap_or(u8::MAX));
        }
        let mut steps = Vec::new();
        if changes {
            if matches!(effect.target, Target::Service(..)) {
                self.built.unread.push(name.clone());
            }
            let recognises = match &effect.target {
                Target::External(id) => self.built.system[*id].deduplicates_by.value().is_some(),
                _ => false,
            };
            // Recognising repeats by a key helps only a caller that sends the same one again.
            let keyed = !effect.identity.holds(|identity| matches!(identity, Identity::Fresh { .. }));
            let protected = (recognises && keyed).then_some(true);
            self.built.once(&mut steps, &whom, &name, protected, origin, false);
        }
        steps.push(Line::new(StepKind::Respond { ok: true }, 0));
        steps.push(Line::new(StepKind::End, 0));
        self.built.outside(&name, &whom, steps)
    }
}

/// A write of no item in particular.
pub(super) fn plain_write(effect: EffectId, on_conflict: Exit) -> StepKind {
    let effect = Some(Applies { effect, undo: false });
    StepKind::Write { item: None, kind: Change::Set(1), guard: Guard::None, token: None, effect, on_conflict }
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
