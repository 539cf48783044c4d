//! Leaves out what no property under check can see.
//!
//! Steps are replaced by `Skip`, so labels stay valid. A call into nothing
//! relevant becomes a free choice between its exits: the callee may answer or
//! the caller may time out, and no difference between the two remains.

use super::Property;
use super::code::{exits_of, used};
use super::program::{
    CallMode, EffectId, Exit, Guard, ItemId, Need, Operation, OperationId, Peer, Register, ServiceId, Slice, StepKind,
    TopicId, WriteKind,
};
use super::property::{counts_updates, relevant_effects};

/// The slice without irrelevant steps.
pub(super) fn cone(slice: &Slice, properties: &[Property]) -> Slice {
    let cone = Cone::of(slice, properties);
    let mut reduced = slice.clone();
    let spent = spent_items(slice, properties);
    for operation in &mut reduced.program.operations {
        for step in &mut operation.steps {
            let kept = cone.kept(slice, step.kind);
            if let (StepKind::Call { operation, .. }, StepKind::Branch { to }) = (step.kind, kept) {
                step.needs = service_of(slice, operation).map(|peer| Need { peer: Peer::Service(peer), or_else: to });
            }
            step.kind = kept;
        }
        drop_dead_reads(operation, &spent);
        drop_empty_transactions(operation);
    }
    reduced
}

struct Cone {
    effects: Vec<bool>,
    items: Vec<bool>,
    topics: Vec<bool>,
    /// Tables that steer a relevant operation.
    tables: Vec<bool>,
    operations: Vec<bool>,
    stuck: bool,
}

impl Cone {
    fn of(slice: &Slice, properties: &[Property]) -> Cone {
        let program = &slice.program;
        let mut cone = Cone {
            effects: relevant_effects(slice, properties),
            items: relevant_items(slice, properties),
            topics: vec![false; program.topics.len()],
            tables: vec![false; program.tables.len()],
            operations: vec![false; program.operations.len()],
            stuck: properties.contains(&Property::NothingStuck),
        };
        if properties.contains(&Property::Convergence) {
            for copy in &slice.promises.copies {
                set(&mut cone.topics, copy.topic.index());
            }
        }
        while cone.widen(slice) {}
        cone
    }

    /// One round of the fixpoint; says whether anything was added.
    fn widen(&mut self, slice: &Slice) -> bool {
        let program = &slice.program;
        let mut changed = false;
        for (index, operation) in program.operations.iter().enumerate() {
            let relevant = operation.steps.iter().any(|step| self.matters(step.kind));
            changed |= relevant && set(&mut self.operations, index);
            if self.operations.get(index) == Some(&true) {
                changed |= self.steer(operation);
            }
        }
        for (index, topic) in program.topics.iter().enumerate() {
            let counted = topic.effect.is_some_and(|effect| self.counts(effect));
            let handled = topic.consumers.iter().any(|consumer| self.operations.get(consumer.index()) == Some(&true));
            changed |= (counted || handled) && set(&mut self.topics, index);
        }
        changed
    }

    /// Notes the tables that steer an operation; says whether one is new.
    fn steer(&mut self, operation: &Operation) -> bool {
        let mut changed = false;
        for step in &operation.steps {
            if let StepKind::DedupCheck { table, .. } | StepKind::DedupMark { table, .. } = step.kind {
                changed |= set(&mut self.tables, table.index());
            }
        }
        changed
    }

    /// Whether the step makes its operation relevant.
    fn matters(&self, kind: StepKind) -> bool {
        match kind {
            StepKind::Write { .. } => self.writes(kind),
            StepKind::Lock { .. } => true,
            StepKind::SagaLog { .. } => self.stuck,
            StepKind::DedupMark { table, .. } => self.stuck || self.tables.get(table.index()) == Some(&true),
            StepKind::Call { operation, .. } => self.operations.get(operation.index()) == Some(&true),
            StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. } => self.carries(topic),
            _ => false,
        }
    }

    fn kept(&self, slice: &Slice, kind: StepKind) -> StepKind {
        match kind {
            StepKind::Write { .. } if !self.writes(kind) => StepKind::Skip,
            StepKind::Write { .. } => self.written(kind),
            StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. } if !self.carries(topic) => StepKind::Skip,
            StepKind::Call { .. } if !self.matters(kind) => choice(slice, kind),
            _ => kind,
        }
    }

    /// A write of an item nobody looks at is only its effect.
    fn written(&self, kind: StepKind) -> StepKind {
        match kind {
            StepKind::Write { item: Some(item), guard: Guard::None, effect, on_conflict, .. }
                if self.items.get(item.index()) != Some(&true) =>
            {
                let kind = WriteKind::Set(1);
                StepKind::Write { item: None, kind, guard: Guard::None, token: None, effect, on_conflict }
            }
            _ => kind,
        }
    }

    fn writes(&self, kind: StepKind) -> bool {
        let StepKind::Write { item, effect, guard, .. } = kind else {
            return false;
        };
        guard != Guard::None
            || effect.is_some_and(|applies| self.counts(applies.effect))
            || item.is_some_and(|item| self.items.get(item.index()) == Some(&true))
    }

    fn counts(&self, effect: EffectId) -> bool {
        self.effects.get(effect.index()) == Some(&true)
    }

    fn carries(&self, topic: TopicId) -> bool {
        self.topics.get(topic.index()) == Some(&true)
    }
}

/// Sets an entry; says whether it was new.
fn set(entries: &mut [bool], index: usize) -> bool {
    entries.get_mut(index).is_some_and(|entry| !std::mem::replace(entry, true))
}

/// Items a property looks at, and those whose value may reach one or steer
/// a thread.
fn relevant_items(slice: &Slice, properties: &[Property]) -> Vec<bool> {
    let program = &slice.program;
    let counts = properties.contains(&Property::NoLostUpdate);
    let fences = properties.contains(&Property::FencedWrites);
    let unseen = properties.contains(&Property::NoUnseenRemoval);
    let converges = properties.contains(&Property::Convergence);
    let items = program.items.iter();
    let mut relevant: Vec<bool> = items.map(|item| counts && item.counted).collect();
    if converges {
        for copy in &slice.promises.copies {
            set(&mut relevant, copy.item.index());
        }
    }
    for item in spent_items(slice, properties) {
        set(&mut relevant, item.index());
    }
    for item in (0u8..).map(ItemId).take(program.items.len()) {
        if counts_updates(slice, properties, item) {
            set(&mut relevant, item.index());
        }
    }
    for promise in slice.promises.caches.iter().filter(|_| properties.contains(&Property::CurrentCache)) {
        set(&mut relevant, promise.cache.index());
        set(&mut relevant, promise.source.index());
    }
    for step in program.operations.iter().flat_map(|operation| &operation.steps) {
        let StepKind::Write { item: Some(item), kind, guard, token, .. } = step.kind else { continue };
        let removes = unseen && matches!(kind, WriteKind::Clear(_));
        if guard != Guard::None || removes || (fences && token.is_some()) {
            set(&mut relevant, item.index());
        }
    }
    while program.operations.iter().any(|operation| widen_items(operation, converges, &mut relevant)) {}
    relevant
}

/// Adds items that are read for what is relevant; says whether one is new.
fn widen_items(operation: &Operation, converges: bool, relevant: &mut [bool]) -> bool {
    let mut wanted = 0;
    for step in &operation.steps {
        wanted |= match step.kind {
            StepKind::Write { item, .. } if item.is_some_and(|item| relevant.get(item.index()) == Some(&true)) => {
                used(step.kind)
            }
            StepKind::Publish { .. } | StepKind::Outbox { .. } if converges => used(step.kind),
            StepKind::Unlock { .. } => used(step.kind),
            _ => 0,
        };
    }
    let mut changed = false;
    for step in &operation.steps {
        if let StepKind::Read { item, into, .. } = step.kind {
            changed |= wanted & (1 << into.0) != 0 && set(relevant, item.index());
        }
    }
    changed
}

/// Items whose version a property asks for.
fn spent_items(slice: &Slice, properties: &[Property]) -> Vec<ItemId> {
    let asked = properties.contains(&Property::SpentOnce);
    slice.promises.spends.iter().filter(|_| asked).map(|spend| spend.item).collect()
}

fn uses(operation: &Operation, register: Register) -> bool {
    let mut steps = operation.steps.iter();
    steps.any(|step| used(step.kind) & (1 << register.0) != 0)
}

fn service_of(slice: &Slice, operation: OperationId) -> Option<ServiceId> {
    slice.program.operations.get(operation.index()).map(|operation| operation.service)
}

/// What is left of a call into nothing relevant.
fn choice(slice: &Slice, call: StepKind) -> StepKind {
    let StepKind::Call { operation, mode, until_ok, on_error, on_timeout, .. } = call else {
        return call;
    };
    let callee = slice.program.operations.get(operation.index());
    let answers = |ok: bool| {
        callee.is_some_and(|callee| {
            let mut steps = callee.steps.iter();
            steps.any(|step| step.kind == StepKind::Respond { ok })
        })
    };
    if mode == CallMode::Async {
        return StepKind::Skip;
    }
    let may_fail = callee.is_some_and(fails) || answers(false);
    if !answers(true) || (may_fail && on_error != on_timeout) {
        return call;
    }
    if until_ok || on_timeout == Exit::Next { StepKind::Skip } else { StepKind::Branch { to: on_timeout } }
}

/// Whether an operation may leave through an exit that answers failure.
fn fails(operation: &Operation) -> bool {
    let mut steps = operation.steps.iter();
    steps.any(|step| exits_of(step.kind).any(|exit| exit == Exit::ReplyError))
}

fn drop_dead_reads(operation: &mut Operation, spent: &[ItemId]) {
    for index in 0..operation.steps.len() {
        if let StepKind::Read { item, into, .. } = operation.steps[index].kind
            && !uses(operation, into)
            && !spent.contains(&item)
        {
            operation.steps[index].kind = StepKind::Skip;
        }
    }
}

fn drop_empty_transactions(operation: &mut Operation) {
    let steps = &mut operation.steps;
    for begin in 0..steps.len() {
        if !matches!(steps[begin].kind, StepKind::Begin { .. }) {
            continue;
        }
        let body = steps[begin + 1..].iter();
        let Some(length) = body
            .take_while(|step| matches!(step.kind, StepKind::Skip | StepKind::Commit))
            .position(|step| step.kind == StepKind::Commit)
        else {
            continue;
        };
        steps[begin].kind = StepKind::Skip;
        steps[begin + 1 + length].kind = StepKind::Skip;
    }
}
