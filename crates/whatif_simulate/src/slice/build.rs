//! Collects what a slice needs: callees, handlers, competitors, and the table of evidence.

use super::compile;
use crate::explore::{
    Applies, Client, Effect, EffectId, Exit, Guard, Isolation, Item, ItemId, KeyPassing, Lock, LockId, Operation,
    Origin, Register, ServiceId, Slice, Step, StepKind, StoreId, Table, TableId, Topic, TopicId, Unknown, UnknownId,
    WriteKind,
};
use crate::explore::{Literal, OperationId as Index};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Fact};
use whatif_model::facts::code::Trigger;
use whatif_model::promise::Promise;
use whatif_model::system::{self, Node, OperationId, System};

/// Deepest chain of calls that is explored; what lies below is an opaque effect.
const DEPTH_MAX: usize = 3;

/// Most operations in one slice.
const OPERATIONS_MAX: usize = 12;

/// Most unknowns of one slice; further ones are taken at their worst, and the answer says so.
pub(super) const UNKNOWNS_MAX: usize = 5;

/// A slice and what its numbers stand for.
pub(super) struct Built<'m> {
    pub(super) system: &'m System,
    pub(super) id: OperationId,
    pub(super) slice: Slice,
    /// Evidence by origin; origin 0 stands for no place.
    pub(super) evidence: Vec<Evidence>,
    /// Address and attribute of each unknown.
    pub(super) unknowns: Vec<(String, String)>,
    /// What was assumed beyond the facts.
    pub(super) assumptions: Vec<String>,
    operations: BTreeMap<OperationId, Index>,
    items: BTreeMap<(Node, String), ItemId>,
    tables: BTreeMap<String, TableId>,
    topics: BTreeMap<Node, TopicId>,
    entities: Vec<ItemId>,
    /// Operations that change something and whose code was not read.
    pub(super) unread: Vec<String>,
    /// Effects every successful run has.
    pub(super) essential: Vec<EffectId>,
    /// Whether repeats come one after the other, so that what was changed by the first is seen by the next.
    pub(super) one_by_one: bool,
    /// What the users promise.
    pub(super) promises: &'m [Promise],
    /// Which of them each promise stated in the slice is.
    pub(super) stated: Vec<usize>,
    /// Which effects happen only where the bound of which promise is not kept.
    pub(super) passed: Vec<(usize, EffectId)>,
}

/// Builds the slice of one operation. `one_by_one`: repeats come after the first attempt has ended.
pub(super) fn build<'m>(system: &'m System, promises: &'m [Promise], id: OperationId, one_by_one: bool) -> Built<'m> {
    let mut built = Built {
        system,
        id,
        slice: Slice::default(),
        evidence: Vec::new(),
        unknowns: Vec::new(),
        assumptions: Vec::new(),
        operations: BTreeMap::new(),
        items: BTreeMap::new(),
        tables: BTreeMap::new(),
        topics: BTreeMap::new(),
        entities: Vec::new(),
        unread: Vec::new(),
        essential: Vec::new(),
        one_by_one,
        promises,
        stated: Vec::new(),
        passed: Vec::new(),
    };
    let entry = built.operation(id, 0);
    let declared = &system[id];
    let origin = declared.evidence.first().map_or(0, |place| built.origin(place.labelled("")));
    built.slice.client = client(declared, origin);
    built.slice.entry = Some(if is_message(declared) { built.producer(declared, entry, origin) } else { entry });
    built.competitors(id, entry);
    if built.essential.len() > 1 {
        // What stops halfway and may be repeated as a whole is finished by its caller's next try.
        if built.slice.program.effects.iter().all(|effect| effect.idempotent) {
            built.assumptions.push("its caller repeats a failed request until it works".to_owned());
        } else {
            built.slice.promises.sagas.push(built.essential.clone());
        }
    }
    built.slice.promises.acknowledged = built.essential.clone();
    built.promise();
    built
}

fn is_message(operation: &system::Operation) -> bool {
    matches!(operation.trigger, Trigger::Message { .. })
}

/// Who triggers the operation repeats it once; with the same key if the operation takes one.
fn client(operation: &system::Operation, origin: Origin) -> Client {
    let keyed = operation.idempotency.read.value().is_some() || operation.idempotency.declared.value().is_some();
    let key = if keyed { KeyPassing::Derived } else { KeyPassing::None };
    let attempts = if is_message(operation) { 1 } else { 2 };
    Client { attempts, key, origin, ..Client::default() }
}

impl Built<'_> {
    /// The origin that stands for a piece of evidence.
    pub(super) fn origin(&mut self, evidence: Evidence) -> Origin {
        self.evidence.push(evidence);
        u32::try_from(self.evidence.len()).unwrap_or(0)
    }

    /// The evidence of an origin.
    pub(super) fn place(&self, origin: Origin) -> Option<&Evidence> {
        self.evidence.get((origin as usize).checked_sub(1)?)
    }

    /// The explorer's operation for one of the model's, compiled once.
    pub(super) fn operation(&mut self, id: OperationId, depth: usize) -> Index {
        if let Some(index) = self.operations.get(&id) {
            return *index;
        }
        let declared = &self.system[id];
        let service = self.service(&self.system[declared.service].name);
        let index = self.add(&declared.address, service);
        self.operations.insert(id, index);
        let deep = depth >= DEPTH_MAX || self.slice.program.operations.len() >= OPERATIONS_MAX;
        let steps = if declared.implemented && !deep && has_effects(declared) {
            compile::flow(self, id, index, depth)
        } else {
            self.opaque(id)
        };
        self.slice.program.operations[index.index()].steps = steps;
        index
    }

    /// An operation whose inside is not known or not followed: if it changes state, it does so once.
    fn opaque(&mut self, id: OperationId) -> Vec<Step> {
        let declared = &self.system[id];
        let origin = declared.evidence.first().map_or(0, |place| self.origin(place.clone()));
        let mut steps = Vec::new();
        if declared.mutates.may_hold(|mutates| *mutates) {
            if !declared.implemented {
                self.unread.push(declared.address.clone());
            }
            let natural = declared.idempotency.natural.value().is_some();
            let dedup = &declared.idempotency.dedup;
            // Its key, if any, is the only way to tell repeats apart that a caller can see.
            let keyless = declared.idempotency.declared.is_absent() && declared.implemented;
            let protected = if natural || dedup.value().is_some() {
                Some(true)
            } else if dedup.is_absent() || keyless {
                Some(false)
            } else {
                None
            };
            let essential = self.operations.get(&id).is_some_and(|index| index.index() == 0);
            self.once(&mut steps, &declared.address, &declared.name, protected, origin, essential);
        }
        steps.push(Step::new(StepKind::Respond { ok: true }, 0));
        steps.push(Step::new(StepKind::End, 0));
        steps
    }

    /// One effect; whether repeating it does harm is known or becomes an unknown.
    pub(super) fn once(
        &mut self,
        steps: &mut Vec<Step>,
        address: &str,
        name: &str,
        protected: Option<bool>,
        origin: Origin,
        essential: bool,
    ) {
        let write = |effect: EffectId| StepKind::Write {
            item: None,
            kind: WriteKind::Set(1),
            guard: Guard::None,
            token: None,
            effect: Some(Applies { effect, undo: false }),
            on_conflict: Exit::Next,
        };
        let protected = protected.or_else(|| (self.unknowns.len() >= UNKNOWNS_MAX).then_some(false));
        let effect = self.effect(name, protected != Some(false));
        if essential {
            self.essential.push(effect);
        }
        let Some(_) = protected else {
            // Whether repeats are recognised is not known: beside the effect as such, which the promises are
            // about, one that counts, present only where they are not.
            let unknown = self.unknown(address, "deduplicates-by", &format!("`{address}` recognises repeats"), origin);
            let counted = self.effect(name, false);
            let only_if = Some(Literal { unknown, value: false });
            let begin = StepKind::Begin { store: StoreId(u8::MAX), isolation: Isolation::Serializable };
            steps.push(Step::new(begin, origin));
            steps.push(Step::new(write(effect), origin));
            steps.push(Step { only_if, ..Step::new(write(counted), origin) });
            steps.push(Step::new(StepKind::Commit, origin));
            return;
        };
        steps.push(Step::new(write(effect), origin));
    }

    /// A pseudo operation that sends one message to the handler.
    fn producer(&mut self, declared: &system::Operation, handler: Index, origin: Origin) -> Index {
        let service = self.service("the producer");
        let topic = self.topic(declared.source, &declared.trigger.display(), origin);
        self.slice.program.topics[topic.index()].consumers.push(handler);
        let index = self.add("the producer", service);
        let publish = StepKind::Publish { topic, payload: None, key: KeyPassing::Derived };
        let steps = [publish, StepKind::Respond { ok: true }, StepKind::End];
        self.slice.program.operations[index.index()].steps = steps.map(|kind| Step::new(kind, origin)).to_vec();
        index
    }

    /// Other operations that write an item this one reads and writes.
    fn competitors(&mut self, id: OperationId, entry: Index) {
        let counted: Vec<(Node, String)> = self.items.keys().cloned().collect();
        if counted.is_empty() {
            return;
        }
        for (other, operation) in self.system.operation_ids().filter(|(other, _)| *other != id) {
            let writes = operation
                .flow
                .effects
                .iter()
                .any(|effect| compile::written_item(effect).is_some_and(|key| counted.contains(&key)));
            if writes && operation.implemented && !is_message(operation) && self.slice.concurrent.len() < 2 {
                let index = self.operation(other, DEPTH_MAX - 1);
                if index != entry {
                    self.slice.concurrent.push(index);
                }
            }
        }
    }

    /// A new operation without steps.
    fn add(&mut self, name: &str, service: ServiceId) -> Index {
        let operations = &mut self.slice.program.operations;
        operations.push(Operation { name: name.to_owned(), service, steps: Vec::new(), resumes: false });
        Index(last(operations))
    }

    pub(super) fn service(&mut self, name: &str) -> ServiceId {
        let services = &mut self.slice.program.services;
        if let Some(at) = services.iter().position(|known| known == name) {
            return ServiceId(u8::try_from(at).unwrap_or(u8::MAX));
        }
        services.push(name.to_owned());
        ServiceId(last(services))
    }

    /// A new effect.
    pub(super) fn effect(&mut self, name: &str, idempotent: bool) -> EffectId {
        let effects = &mut self.slice.program.effects;
        effects.push(Effect { name: name.to_owned(), idempotent });
        EffectId(last(effects))
    }

    /// An item that is read and written back, one for all requests.
    pub(super) fn item(&mut self, node: Node, name: &str) -> ItemId {
        let key = (node, name.to_owned());
        if let Some(id) = self.items.get(&key) {
            return *id;
        }
        let items = &mut self.slice.program.items;
        let name = item_name(self.system, node, name);
        items.push(Item { name, store: store(node), shared: true, counted: true, expires: false, starts: 0 });
        let id = ItemId(last(items));
        self.items.insert(key, id);
        id
    }

    /// Something that is used up; one for all requests, which compete for it.
    pub(super) fn entity(&mut self, node: Node, item: &str, name: &str) -> ItemId {
        let id = self.item(node, item);
        name.clone_into(&mut self.slice.program.items[id.index()].name);
        self.entities.push(id);
        id
    }

    /// The item, if something uses it up.
    pub(super) fn known_entity(&self, node: Node, name: &str) -> Option<ItemId> {
        self.known_item(node, name).filter(|id| self.entities.contains(id))
    }

    /// The item of a store, if something reads and writes it back.
    pub(super) fn known_item(&self, node: Node, name: &str) -> Option<ItemId> {
        self.items.get(&(node, name.to_owned())).copied()
    }

    /// A table of keys.
    pub(super) fn table(&mut self, node: Option<Node>, name: &str) -> TableId {
        if let Some(id) = self.tables.get(name) {
            return *id;
        }
        let tables = &mut self.slice.program.tables;
        tables.push(Table { name: name.to_owned(), store: node.map_or(StoreId(0), store), volatile_in: None });
        let id = TableId(last(tables));
        self.tables.insert(name.to_owned(), id);
        id
    }

    /// A topic with the handlers the model knows.
    pub(super) fn topic(&mut self, node: Option<Node>, name: &str, origin: Origin) -> TopicId {
        if let Some(id) = node.and_then(|node| self.topics.get(&node)) {
            return *id;
        }
        let topics = &mut self.slice.program.topics;
        topics.push(Topic {
            name: name.to_owned(),
            consumers: Vec::new(),
            ordered: false,
            effect: None,
            relay: None,
            origin,
        });
        let id = TopicId(last(topics));
        if let Some(node) = node {
            self.topics.insert(node, id);
        }
        id
    }

    /// A lock between processes.
    pub(super) fn lock(&mut self, name: &str, lease: bool) -> Option<LockId> {
        let locks = &mut self.slice.program.locks;
        if let Some(at) = locks.iter().position(|known| known.name == name) {
            return u8::try_from(at).ok().map(LockId);
        }
        if locks.len() >= crate::explore::limits::MAX_LOCKS {
            return None;
        }
        locks.push(Lock { name: name.to_owned(), lease });
        Some(LockId(last(locks)))
    }

    /// An attribute nothing states.
    pub(super) fn unknown(&mut self, address: &str, attribute: &str, words: &str, origin: Origin) -> UnknownId {
        let key = (address.to_owned(), attribute.to_owned());
        if let Some(at) = self.unknowns.iter().position(|known| *known == key) {
            return UnknownId(u8::try_from(at).unwrap_or(u8::MAX));
        }
        self.unknowns.push(key);
        let unknowns = &mut self.slice.unknowns;
        unknowns.push(Unknown { name: words.to_owned(), origin });
        UnknownId(last(unknowns))
    }
}

fn has_effects(operation: &system::Operation) -> bool {
    use whatif_model::flow::EffectKind as Kind;
    operation.flow.effects.iter().any(|effect| {
        matches!(effect.kind, Kind::Call { .. } | Kind::Write { .. } | Kind::Publish { .. } | Kind::DedupMark { .. })
    })
}

/// A number for the database a node is.
pub(super) fn store(node: Node) -> StoreId {
    let (kind, id) = match node {
        Node::Store(id) => (0, id.0),
        Node::Service(id) => (64, id.0),
        Node::Topic(id) => (128, id.0),
        Node::Broker(id) => (160, id.0),
        Node::External(id) => (192, id.0),
    };
    StoreId(u8::try_from(kind + id % 64).unwrap_or(u8::MAX))
}

/// Holds the version of what an operation uses up; handlers do not look at their payload.
pub(super) const USED: Register = Register(0);

/// An item as people know it; a bare placeholder says nothing without its store.
pub(super) fn item_name(system: &System, node: Node, item: &str) -> String {
    match item {
        "" => system.address(node).to_owned(),
        _ if item.starts_with('{') && item.ends_with('}') => format!("{item} of {}", system.address(node)),
        _ => item.to_owned(),
    }
}

/// The first register of a thread; handlers find the payload there.
pub(super) const READ: Register = Register(1);

/// Whether a fact is proven true.
pub(super) fn proven(fact: &Fact<bool>) -> bool {
    fact.holds(|yes| *yes)
}

fn last<T>(items: &[T]) -> u8 {
    u8::try_from(items.len().saturating_sub(1)).unwrap_or(u8::MAX)
}

impl Built<'_> {
    /// An operation of a system outside the model.
    pub(super) fn outside(&mut self, name: &str, whom: &str, steps: Vec<Step>) -> Index {
        let service = self.service(whom);
        let index = self.add(name, service);
        self.slice.program.operations[index.index()].steps = steps;
        index
    }
}
