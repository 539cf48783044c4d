//! What the explorer executes: operations, their steps, and what they share.
//!
//! The types hold no behaviour. Indices are positions in the vectors of
//! [`Program`]; labels are positions in the steps of the same operation.

/// Index into a table of evidence held by whoever built the slice. The
/// explorer never looks at it, only copies it into the trace.
pub type Origin = u32;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident: $inner:ty),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position as a `usize`.
            #[must_use]
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}

index! {
    /// Position in [`Program::services`].
    ServiceId: u8,
    /// Position in [`Program::operations`].
    OperationId: u8,
    /// Position in [`Program::items`].
    ItemId: u8,
    /// Position in [`Program::tables`].
    TableId: u8,
    /// Position in [`Program::topics`].
    TopicId: u8,
    /// Position in [`Program::locks`].
    LockId: u8,
    /// Position in [`Program::effects`].
    EffectId: u8,
    /// A database that commits atomically; any number the builder likes.
    StoreId: u8,
    /// A register of a thread, below [`super::limits::MAX_REGISTERS`]. A
    /// message handler starts with the payload in register 0.
    Register: u8,
    /// Position of a step within its operation.
    Label: u16,
    /// Position in [`Slice::unknowns`].
    UnknownId: u8,
}

/// One operation and everything it can reach, with what was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The operations, stores and channels.
    pub program: Program,
    /// The operation the question is about; requests enter here.
    pub entry: Option<OperationId>,
    /// How the caller of the entry operation behaves.
    pub client: Client,
    /// Other operations that touch an item of this slice, tried as the second
    /// request of `together`. The entry operation itself is always tried.
    pub concurrent: Vec<OperationId>,
    /// What must be true.
    pub promises: Promises,
    /// Attributes nothing states; [`Step::only_if`] refers to them.
    pub unknowns: Vec<Unknown>,
}

/// Operations and what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Units of crash.
    pub services: Vec<String>,
    /// Entry points, handlers and compensations.
    pub operations: Vec<Operation>,
    /// Stored values that are read, compared or counted.
    pub items: Vec<Item>,
    /// Tables of idempotency keys or message ids.
    pub tables: Vec<Table>,
    /// Topics and queues.
    pub topics: Vec<Topic>,
    /// Locks and leases.
    pub locks: Vec<Lock>,
    /// Business effects, counted per request.
    pub effects: Vec<Effect>,
}

/// One operation: a straight list of steps with labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Name for people.
    pub name: String,
    /// Where it runs.
    pub service: ServiceId,
    /// Its steps; falling off the end is `End`.
    pub steps: Vec<Step>,
    /// Whether something restarts it from its saga log after a crash.
    pub resumes: bool,
}

/// One step and where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Evidence, passed through.
    pub origin: Origin,
    /// Present only when the unknown has this value.
    pub only_if: Option<Literal>,
    /// What must be reachable for it, and where it goes when that is cut off.
    pub needs: Option<Need>,
}

/// What a step needs to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// What.
    pub peer: Peer,
    /// Where the thread goes when it cannot be reached.
    pub or_else: Exit,
}

/// What can be cut off from a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Its stores, all at once.
    Stores,
    /// The broker.
    Broker,
    /// Another service, asked for something that changes nothing.
    Service(ServiceId),
}

pub use super::promise::{CachePromise, Client, CopyPromise, EventPromise, Promises, SpendPromise, Stated, Unknown};
use super::unknown::Literal;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Nothing.
    Skip,
    /// Opens a local transaction.
    Begin {
        /// Store of the transaction.
        store: StoreId,
        /// Its isolation.
        isolation: Isolation,
    },
    /// Makes the writes since `Begin` visible at once; the first conflicting
    /// write rolls all of them back and takes its own exit.
    Commit,
    /// Forgets the writes since `Begin`.
    Rollback,
    /// Reads an item into a register.
    Read {
        /// What is read.
        item: ItemId,
        /// Where the value goes.
        into: Register,
        /// Which copy is read.
        from: Source,
    },
    /// Changes an item, applies a business effect, or both.
    Write {
        /// What is changed; none for an effect outside any store we see.
        item: Option<ItemId>,
        /// How.
        kind: WriteKind,
        /// Under which condition.
        guard: Guard,
        /// Register with the lock token the writer believes it holds.
        token: Option<Register>,
        /// Business effect applied or undone by the write.
        effect: Option<Applies>,
        /// Where to go when the guard refuses.
        on_conflict: Exit,
    },
    /// Looks the key up.
    DedupCheck {
        /// Where keys are kept.
        table: TableId,
        /// What the key is.
        scope: Scope,
        /// Where to go when the key is marked done.
        on_hit: Exit,
        /// What to do when the key is marked in flight.
        in_flight: InFlight,
    },
    /// Stores the key.
    DedupMark {
        /// Where keys are kept.
        table: TableId,
        /// What the key is.
        scope: Scope,
        /// Which mark.
        mark: Mark,
        /// Whether a unique constraint refuses a key that is there already.
        unique: bool,
        /// Where to go when the constraint refuses.
        on_conflict: Exit,
    },
    /// Starts another operation.
    Call {
        /// Which.
        operation: OperationId,
        /// Whether the caller waits.
        mode: CallMode,
        /// Tries in all; more than the bound of the question is not explored.
        attempts: u8,
        /// Whether an error reply is retried like a timeout.
        retry_on_error: bool,
        /// Whether it is retried for ever (durable calls of a saga). Tries
        /// above `attempts` start only when the previous one is really gone.
        until_ok: bool,
        /// Which key the callee sees.
        key: KeyPassing,
        /// Where to go after an error reply.
        on_error: Exit,
        /// Where to go after the last timeout. A timeout never says that the
        /// effect did not happen.
        on_timeout: Exit,
    },
    /// Sends a message at once.
    Publish {
        /// Where to.
        topic: TopicId,
        /// Version carried by the message.
        payload: Option<Register>,
        /// Which key the handlers see.
        key: KeyPassing,
    },
    /// Stores a message for the relay of the topic.
    Outbox {
        /// Where to.
        topic: TopicId,
        /// Version carried by the message.
        payload: Option<Register>,
    },
    /// Tells the broker that the message is done with.
    Ack,
    /// Waits for a lock and takes it.
    Lock {
        /// Which.
        lock: LockId,
        /// Register for the fencing token.
        into: Register,
    },
    /// Gives a lock back, if still held.
    Unlock {
        /// Which.
        lock: LockId,
        /// Register with the token.
        token: Register,
    },
    /// Writes the saga log; `resume` continues behind the last stage written.
    SagaLog {
        /// 1 to [`super::limits::MAX_STAGE`], none for a closed saga.
        stage: Option<u8>,
    },
    /// Answers the caller; the thread goes on.
    Respond {
        /// Success or failure.
        ok: bool,
    },
    /// Goes on or jumps, both explored.
    Branch {
        /// Where the jump goes.
        to: Exit,
    },
    /// Jumps.
    Goto {
        /// Where to.
        to: Label,
    },
    /// Ends the thread. A message not acknowledged returns to the queue.
    End,
}

/// Isolation of a local transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Reads see what is committed at that moment; only the writes are atomic.
    ReadCommitted,
    /// The whole transaction happens at one moment (serialisable, or rows
    /// locked by the reads).
    Serializable,
}

/// Which copy of an item is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one that is written.
    Primary,
    /// One that may lag behind by one version.
    Replica,
}

/// How an item changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// To a constant.
    Set(u8),
    /// Up by one, atomically.
    Inc,
    /// Down by one, atomically.
    Dec,
    /// To one more than a value read before.
    PutNext(Register),
    /// To the value of a register.
    Put(Register),
    /// To a new value instead of the one read into the register: what was
    /// read is used up.
    Clear(Register),
}

/// Condition of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// None.
    None,
    /// The item still has the value read into the register.
    Cas(Register),
    /// The token in the register is not older than any token seen.
    Fence(Register),
    /// The version in the register is newer than the stored one.
    Version(Register),
}

/// A business effect and its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applies {
    /// Which effect.
    pub effect: EffectId,
    /// Whether the write takes it back.
    pub undo: bool,
}

/// Where a thread goes when a step does not go on normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// On with the next step.
    Next,
    /// To a label.
    Goto(Label),
    /// Acknowledges, answers success (the saved response) and ends.
    ReplyOk,
    /// Answers failure and ends; a message is not acknowledged.
    ReplyError,
}

/// What a deduplication key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The key that came with the request or message; without one nothing is
    /// ever found.
    Key,
    /// A natural key of the request (an order number), whatever key came.
    Request,
}

/// What happens when a key is found in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    /// The thread waits.
    Wait,
    /// The thread leaves.
    Leave(Exit),
}

/// State of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Work has begun.
    InFlight,
    /// Work is done and the response kept.
    Done,
}

/// Whether a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallMode {
    /// It waits for the reply or a timeout.
    Sync,
    /// It goes on at once.
    Async,
}

/// Which key goes along with a call or message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPassing {
    /// None.
    None,
    /// The key the thread itself got.
    Forward,
    /// A new one each time.
    PerTry,
    /// One derived from the request, the same on every try.
    Derived,
}

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Name for people.
    pub name: String,
    /// Where it is stored.
    pub store: StoreId,
    /// One for all requests (stock, balance) or one for each (an order).
    pub shared: bool,
    /// Whether the value counts committed increments, so that a lower value
    /// is a lost update.
    pub counted: bool,
    /// Whether it forgets its value by itself after some time (a cache entry
    /// with a time to live).
    pub expires: bool,
    /// Its value before anything happens.
    pub starts: u8,
}

/// A table of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name for people.
    pub name: String,
    /// Where it is stored.
    pub store: StoreId,
    /// The service whose crash empties it, if it is in memory.
    pub volatile_in: Option<ServiceId>,
}

/// A topic or queue, delivered at least once to every consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Name for people.
    pub name: String,
    /// Handlers.
    pub consumers: Vec<OperationId>,
    /// Whether messages are handled one by one in version order.
    pub ordered: bool,
    /// Effect counted when a message is published.
    pub effect: Option<EffectId>,
    /// Service that runs the relay of the outbox, and its store.
    pub relay: Option<ServiceId>,
    /// Evidence for the relay, passed through.
    pub origin: Origin,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Name for people.
    pub name: String,
    /// Whether it frees itself after a time.
    pub lease: bool,
}

/// A business effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Name for people ("charge").
    pub name: String,
    /// Whether applying it twice is the same as once (set, upsert, delete).
    pub idempotent: bool,
}

impl Operation {
    /// The first business effect it always applies.
    #[must_use]
    pub fn first_effect(&self) -> Option<EffectId> {
        let mut steps = self.steps.iter().filter(|step| step.only_if.is_none());
        steps.find_map(|step| match step.kind {
            StepKind::Write { effect: Some(applies), .. } => Some(applies.effect),
            _ => None,
        })
    }
}

impl Step {
    /// A step that is always present.
    #[must_use]
    pub fn new(kind: StepKind, origin: Origin) -> Self {
        Step { kind, origin, only_if: None, needs: None }
    }

    /// The same step, which fails when it cannot reach something.
    #[must_use]
    pub fn needing(mut self, peer: Peer, or_else: Exit) -> Self {
        self.needs = Some(Need { peer, or_else });
        self
    }

    /// The same step with every label replaced.
    #[must_use]
    pub fn map_labels(mut self, map: impl Fn(Label) -> Label) -> Self {
        self.kind = self.kind.map_labels(&map);
        if let Some(Need { or_else: Exit::Goto(label), .. }) = &mut self.needs {
            *label = map(*label);
        }
        self
    }

    /// The same step, present only under a condition.
    #[must_use]
    pub fn only_if(mut self, literal: Literal) -> Self {
        self.only_if = Some(literal);
        self
    }
}

impl StepKind {
    /// The same step with every label replaced.
    #[must_use]
    pub fn map_labels(self, map: impl Fn(Label) -> Label) -> Self {
        let exit = |exit: Exit| match exit {
            Exit::Goto(label) => Exit::Goto(map(label)),
            other => other,
        };
        self.map_exits(exit, &map)
    }

    pub(super) fn map_exits(mut self, exit: impl Fn(Exit) -> Exit, label: impl Fn(Label) -> Label) -> Self {
        match &mut self {
            StepKind::Write { on_conflict, .. } | StepKind::DedupMark { on_conflict, .. } => {
                *on_conflict = exit(*on_conflict);
            }
            StepKind::DedupCheck { on_hit, in_flight, .. } => {
                *on_hit = exit(*on_hit);
                if let InFlight::Leave(leave) = in_flight {
                    *leave = exit(*leave);
                }
            }
            StepKind::Call { on_error, on_timeout, .. } => {
                *on_error = exit(*on_error);
                *on_timeout = exit(*on_timeout);
            }
            StepKind::Branch { to } => *to = exit(*to),
            StepKind::Goto { to } => *to = label(*to),
            _ => {}
        }
        self
    }
}
