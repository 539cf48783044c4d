//! What an operation does: ordered effects with their control structure.
//!
//! The same types serve before and after resolve. Readers fill [`Target::Symbolic`]; resolve replaces
//! it, so that in a [`crate::system::System`] no symbolic target remains.

use crate::basis::{Answer, Basis};
pub use crate::delivery::Delivery;
use crate::evidence::Fact;
use crate::system::{BrokerId, ExternalId, OperationId, ServiceId, StoreId, TopicId};
use crate::text::Span;
use crate::value::Value;
use serde::{Deserialize, Serialize};

pub use crate::timeout::{Timeout, TimeoutKind};

/// Index of an effect in its [`Flow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId(pub u32);

/// The body of an operation. Order is source order; calls into own functions are inlined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Structure; refers to `effects`.
    pub steps: Vec<Step>,
    /// Every effect, in order of first appearance.
    pub effects: Vec<Effect>,
    /// Why the flow is incomplete (a bound was hit, a construct was not understood). Empty: read whole.
    pub cut: Vec<Cut>,
    /// Statements that lock rows where each statement is a transaction of its own, with what they lock: the lock
    /// ends at once.
    #[serde(default)]
    pub void_locks: Vec<(String, Span)>,
    /// Every answer the operation can give, in the order of the text.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// The head of the loop of which this is one round, where a failure that leaves the flow leaves the loop too.
    #[serde(default)]
    pub round: Option<Span>,
    /// The body of a handler that holds nothing to do.
    #[serde(default)]
    pub idle: Option<Span>,
    /// Writes that put back a whole row (or document) that was read, with all its columns, changed or not.
    #[serde(default)]
    pub rows: Vec<RowWrite>,
}

/// A write of an object mapper that puts back every column of a row that was read, whether it was changed or not
/// (<https://docs.jboss.org/hibernate/orm/6.6/userguide/html_single/Hibernate_User_Guide.html#pc-managed-state-dynamic-update>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowWrite {
    /// The write.
    pub effect: EffectId,
    /// The fields that were changed, as far as seen, in name order; the others are put back as they were read.
    pub changed: Vec<String>,
    /// Where the class of the row is declared.
    pub declared: Option<Span>,
}

/// A place where a flow could not be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Where.
    pub span: Span,
    /// Why, lower case, no full stop.
    pub reason: String,
}

/// One node of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Something observable happens.
    Effect(EffectId),
    /// Exactly one arm runs. A missing `else` is an empty arm.
    Branch {
        /// The alternatives.
        arms: Vec<Vec<Step>>,
        /// The condition or the whole construct.
        span: Span,
    },
    /// The body runs any number of times.
    Loop {
        /// What is repeated.
        body: Vec<Step>,
        /// How often, and why.
        kind: LoopKind,
        /// The loop head.
        span: Span,
    },
    /// Exceptions of the body are caught.
    Try {
        /// The guarded steps.
        body: Vec<Step>,
        /// What runs when the body fails.
        handler: Vec<Step>,
        /// What runs in any case.
        finally: Vec<Step>,
        /// The construct.
        span: Span,
    },
    /// The body commits or rolls back as one in a single store.
    Transaction {
        /// The steps inside; remote calls inside are not part of the commit.
        body: Vec<Step>,
        /// The store, when the transaction says which.
        store: Option<Target>,
        /// Where it begins.
        span: Span,
    },
    /// The body runs while a lock is held.
    Locked {
        /// The steps inside.
        body: Vec<Step>,
        /// What kind of lock.
        lock: Lock,
        /// Where it is taken.
        span: Span,
    },
    /// The body runs concurrently and nobody waits for it.
    Spawn {
        /// The steps.
        body: Vec<Step>,
        /// Where it is started.
        span: Span,
    },
    /// The operation ends here.
    Return {
        /// With which result.
        outcome: Outcome,
        /// Where.
        span: Span,
    },
}

/// How an operation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The caller is told it worked.
    Success,
    /// The caller is told it failed.
    Failure,
    /// Not decidable from the text.
    Unknown,
}

/// Why a loop repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LoopKind {
    /// Once per element of a collection, or any loop that is none of the others.
    Each,
    /// Again until it works: leaves on success, continues on failure.
    Retry(Retry),
    /// For ever: a consumer, poller or server loop.
    Forever,
}

/// A retry as one layer configures it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts in total, the first included; `Attempts::Unlimited` retries for ever.
    pub attempts: Fact<Attempts>,
    /// The pause between attempts.
    pub backoff: Fact<Backoff>,
    /// Whether the pause is randomised.
    pub jitter: Fact<bool>,
    /// Why it does not do what it was written for, where something shows it.
    #[serde(default)]
    pub flaw: Fact<RetryFlaw>,
}

impl Retry {
    /// Whether it is written down and never repeats anything.
    pub fn is_idle(&self) -> bool {
        self.flaw.holds(|flaw| *flaw == RetryFlaw::Unawaited)
    }
}

/// Why a retry does not do what it was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryFlaw {
    /// What it runs returns before its work is done, so it sees no failure and repeats nothing.
    Unawaited,
    /// A second attempt goes on with what the first one changed in memory.
    KeepsChanges,
}

/// How often something is tried, the first try included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Attempts {
    /// At most this often.
    Limited(u32),
    /// Until it works or the process ends.
    Unlimited,
}

/// How the pause between attempts grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backoff {
    /// At once.
    None,
    /// The same pause each time, in milliseconds (0 when its length is not known).
    Fixed(u64),
    /// Growing by a factor, from the first pause in milliseconds (0 when its length is not known).
    Exponential(u64),
}

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Bound {
    /// At most this many milliseconds.
    Millis(u64),
    /// For ever.
    Unbounded,
}

impl Bound {
    /// The bound in milliseconds, if there is one.
    pub fn millis(self) -> Option<u64> {
        if let Self::Millis(ms) = self { Some(ms) } else { None }
    }
}

/// What a lock protects and whether it ends by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// In-process mutex, database row lock, or a lock other processes see.
    pub kind: LockKind,
    /// Its name or the expression that holds it.
    pub name: String,
    /// When it ends by itself (a lease).
    pub lease: Fact<Bound>,
    /// Whether writes under it carry a fencing token the store checks.
    pub fenced: Fact<bool>,
}

/// The reach of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockKind {
    /// Inside one process.
    Process,
    /// Rows of a database (`SELECT ... FOR UPDATE`).
    Row,
    /// Between processes (Redis, etcd, ZooKeeper).
    Distributed,
}

/// Something observable outside the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// What happens.
    pub kind: EffectKind,
    /// To whom.
    pub target: Target,
    /// The expression that does it.
    pub span: Span,
    /// Call sites from the entry point down to `span`, outermost first; empty when it is in the entry itself.
    pub via: Vec<Span>,
    /// What the code does with its failure.
    pub on_error: OnError,
    /// How it is bounded and repeated at this layer; only calls, reads, writes and publishes have one.
    pub policy: Policy,
    /// The identity the effect carries, as far as repeats can be told by it.
    pub identity: Fact<Identity>,
    /// Which earlier results it rests on.
    #[serde(default)]
    pub basis: Basis,
    /// Columns or fields a read returns or a write sets, in order; empty: all of them, or not known.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The constants a write sets its fields to, one for each of them (`captured`, `now()`); empty where it is not one.
    #[serde(default)]
    pub values: Vec<String>,
    /// Columns or fields the store itself compares (`WHERE id = ? AND status = 'held'`), in order.
    #[serde(default)]
    pub conditions: Vec<String>,
    /// Whether what is written ends by itself (`SETEX`, `SET ... EX`, an `EXPIRE` after it).
    #[serde(default)]
    pub expires: bool,
}

impl Effect {
    /// An effect of which nothing but what, to whom and where is known.
    pub fn new(kind: EffectKind, target: Target, span: Span) -> Self {
        Self {
            kind,
            target,
            span,
            via: Vec::new(),
            on_error: OnError::Unknown,
            policy: Policy::default(),
            identity: Fact::Unknown,
            basis: Basis::default(),
            fields: Vec::new(),
            values: Vec::new(),
            conditions: Vec::new(),
            expires: false,
        }
    }

    /// The constant a write sets a field to.
    pub fn value_of(&self, field: &str) -> Option<&str> {
        let at = self.fields.iter().position(|own| crate::decision::same_field(own, field))?;
        self.values.get(at).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What kind of effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectKind {
    /// A request to another service, answered or not.
    Call {
        /// How.
        protocol: Protocol,
        /// The callee's operation as the caller names it: `POST /charges`, `PaymentService/Charge`.
        operation: String,
    },
    /// Reads an item of a store; `for_update` locks it.
    Read {
        /// Table, collection, key pattern; empty when not known.
        item: String,
        /// Whether the row is locked until commit.
        for_update: bool,
    },
    /// Changes an item of a store.
    Write {
        /// Table, collection, key pattern; empty when not known.
        item: String,
        /// How it changes.
        how: WriteKind,
    },
    /// Sends a message.
    Publish {
        /// Whether the message is written to a table of the local transaction and relayed later.
        outbox: bool,
    },
    /// Tells the broker that a message is done with; `before` the work or after it shows in the order.
    Acknowledge {
        /// False for a negative acknowledgement.
        positive: bool,
    },
    /// Looks up an idempotency key or message id.
    DedupCheck {
        /// Where it is looked up.
        item: String,
    },
    /// Records an idempotency key or message id.
    DedupMark {
        /// Where it is recorded.
        item: String,
        /// Whether the store refuses a second one (unique constraint, `SET NX`, `ON CONFLICT`).
        unique: Fact<bool>,
    },
    /// Reads the idempotency key of the request.
    KeyRead {
        /// Header or field.
        name: String,
    },
    /// Makes a fresh identity (`uuid.New()`), different on every attempt.
    NewIdentity,
    /// Pauses, in milliseconds when known.
    Sleep(Option<u64>),
    /// Reads the wall clock.
    ClockRead,
    /// Answers the caller while the flow goes on or ends.
    Respond(Outcome),
}

/// How a write changes its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteKind {
    /// To a value that does not depend on the old one.
    Set,
    /// To a value computed in the program from one read earlier (read-modify-write).
    SetFromRead,
    /// Adds to what is there, in the store (`SET n = n + 1`, `INCR`).
    Increment,
    /// A new item with a fresh identity.
    Insert,
    /// A new item, or the same again: keyed by what the caller chose (`ON CONFLICT`, `PUT`).
    Upsert,
    /// Only if it is still what was read (version, `If-Match`, CAS).
    Conditional,
    /// Removes it.
    Delete,
    /// Not decidable from the text.
    Unknown,
}

impl WriteKind {
    /// Whether doing it twice leaves what doing it once leaves.
    pub fn is_naturally_idempotent(self) -> bool {
        matches!(self, Self::Set | Self::Upsert | Self::Conditional | Self::Delete)
    }
}

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// HTTP, with its method in upper case in the operation.
    Http,
    /// gRPC.
    Grpc,
    /// Anything else.
    Other,
}

impl Protocol {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Other => "other",
        }
    }
}

/// Whom an effect concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// As the code names it; only before resolve.
    Symbolic(Peer),
    /// A service, and its operation when that is known.
    Service(ServiceId, Option<OperationId>),
    /// A store.
    Store(StoreId),
    /// A topic or queue.
    Topic(TopicId),
    /// A broker, when the topic is decided at run time.
    Broker(BrokerId),
    /// A system outside the reviewed one.
    External(ExternalId),
    /// The process itself (sleep, clock, response).
    Own,
    /// Not decidable from the text.
    Unknown,
}

/// A communication partner as the source code names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// What it is.
    pub role: PeerRole,
    /// Where it is: URL, `host:port`, DSN, or as much of it as is known.
    pub address: Value,
    /// Its name beside the address: gRPC service (`hipstershop.CartService` or `CartService`), topic, database.
    pub name: Value,
    /// The engine or library (`postgresql`, `redis`, `kafka`), empty when not known.
    pub technology: String,
}

/// What kind of partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerRole {
    /// A service that is called.
    Service,
    /// A database or cache.
    Store,
    /// A topic or queue of a broker.
    Topic,
}

/// What the code does when an effect fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnError {
    /// The operation fails too.
    Propagate,
    /// The failure is logged or counted and the operation goes on.
    LogAndContinue,
    /// The result is discarded without a trace.
    Discard,
    /// Something else is done instead (fallback, compensation, another branch).
    Handle,
    /// The process ends.
    Crash,
    /// Not decidable from the text.
    Unknown,
}

/// The identity an effect carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// Forwarded or derived from the key or id of the incoming request or message.
    FromRequest(String),
    /// Made fresh here; `in_retry` when a new one is made for every attempt.
    Fresh {
        /// Made inside the retry that repeats the effect.
        in_retry: bool,
    },
}

/// How one layer bounds and repeats an effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What bounds the whole call or one attempt; `Absent` when the library has no default and none is set.
    pub timeout: Fact<Timeout>,
    /// Repetitions by this layer. `Absent`: none.
    pub retry: Fact<Retry>,
    /// A circuit breaker or outlier ejection; the text names it. `Absent`: none at this layer.
    pub breaker: Fact<String>,
    /// Whether the breaker counts answers that tell of a failure. `Absent`: it only counts calls that raise, and this
    /// one does not raise for an answer.
    #[serde(default)]
    pub breaker_counts: Fact<bool>,
    /// Whether one breaker guards whatever destination each request or message names.
    #[serde(default)]
    pub breaker_shared: bool,
    /// Whether the request or message names the destination.
    #[serde(default)]
    pub caller_chooses: bool,
    /// Whether the deadline and cancellation of the incoming request reach the call.
    pub deadline_forwarded: Fact<bool>,
    /// Whether the trace context of the incoming request reaches the call.
    pub trace_forwarded: Fact<bool>,
    /// What the broker is asked to do with a message; only publishes and refusals have one.
    #[serde(default)]
    pub delivery: Delivery,
}

impl Flow {
    /// The effect with this id.
    pub fn effect(&self, id: EffectId) -> Option<&Effect> {
        self.effects.get(id.0 as usize)
    }

    /// Adds an effect and returns the step that performs it.
    pub fn push(&mut self, effect: Effect) -> Step {
        let id = EffectId(u32::try_from(self.effects.len()).unwrap_or(u32::MAX));
        self.effects.push(effect);
        Step::Effect(id)
    }

    /// Every effect with the constructs around it, in source order.
    pub fn walk(&self) -> Vec<Visit<'_>> {
        let mut visits = Vec::with_capacity(self.effects.len());
        walk_steps(self, &self.steps, &mut Vec::new(), &mut visits);
        visits
    }
}

/// An effect and the constructs that enclose it, outermost first.
#[derive(Clone, Debug)]
pub struct Visit<'f> {
    /// Its id.
    pub id: EffectId,
    /// The effect.
    pub effect: &'f Effect,
    /// Enclosing loops, transactions, locks, tries, branches and spawns.
    pub inside: Vec<&'f Step>,
}

impl<'f> Visit<'f> {
    /// The innermost enclosing construct that `pick` accepts.
    pub fn enclosing<T>(&self, pick: impl FnMut(&'f Step) -> Option<T>) -> Option<T> {
        self.inside.iter().rev().copied().find_map(pick)
    }
}

impl Step {
    /// The blocks directly inside this step, in source order.
    pub fn blocks(&self) -> Vec<&[Step]> {
        match self {
            Self::Effect(_) | Self::Return { .. } => Vec::new(),
            Self::Branch { arms, .. } => arms.iter().map(Vec::as_slice).collect(),
            Self::Try { body, handler, finally, .. } => vec![body, handler, finally],
            Self::Loop { body, .. }
            | Self::Transaction { body, .. }
            | Self::Locked { body, .. }
            | Self::Spawn { body, .. } => vec![body],
        }
    }
}

/// Depth is bounded by construction: lowering nests at most [`crate::limits::DEPTH_MAX`] constructs.
fn walk_steps<'f>(flow: &'f Flow, steps: &'f [Step], inside: &mut Vec<&'f Step>, out: &mut Vec<Visit<'f>>) {
    for step in steps {
        if let Step::Effect(id) = step {
            if let Some(effect) = flow.effect(*id) {
                out.push(Visit { id: *id, effect, inside: inside.clone() });
            }
            continue;
        }
        inside.push(step);
        for block in step.blocks() {
            walk_steps(flow, block, inside, out);
        }
        inside.pop();
    }
}
