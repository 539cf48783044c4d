//! What one prose document (a specification, design, decision record, README) says.
//!
//! Facts only: a vague word with its sense, a number with its unit and modality, a place where
//! a document addresses a practice. Whether any of it deserves a finding is a rule's business.

use super::{Ignored, Problem};
use crate::text::Range;
use serde::{Deserialize, Serialize};

/// Everything read from one document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProseFacts {
    /// What kind of document it is, and what may be asked of it.
    pub document: Document,
    /// The outline: one entry per heading, in order.
    pub sections: Vec<Section>,
    /// Uses of the vocabulary's vague words that speak of behaviour, with the sense decided.
    pub vague: Vec<VagueUse>,
    /// Numbers, models and guarantees the document states.
    pub requirements: Vec<StatedRequirement>,
    /// Places where the document addresses something a specification has to address.
    pub aspects: Vec<AspectMention>,
    /// HTTP operations the document names (`POST /orders`), once each, in order.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// Fenced code blocks, so that a diagram or contract reader can take them up.
    pub fences: Vec<Fence>,
    /// What was left unread on purpose, and why.
    pub ignored: Vec<Ignored>,
    /// What could not be read though it should have been.
    pub problems: Vec<Problem>,
}

/// The document as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Decided from path and headings.
    pub kind: DocumentKind,
    /// The first heading of the highest level.
    pub title: Option<Range>,
    /// What may be asked of this document.
    pub scope: Scope,
    /// Words of prose read (code, comments and front matter not counted).
    pub words: u32,
}

/// Kinds of document whose parts have to be judged differently.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// Specification of a service or feature (spec-kit, OpenSpec, `SPEC.md`).
    Specification,
    /// Requirements document (PRD, Kiro requirements).
    Requirements,
    /// Architecture or design document.
    Design,
    /// Request for comments, enhancement proposal.
    Proposal,
    /// Architecture decision record.
    Decision,
    /// README.
    Readme,
    /// Documentation of a component for those who run or use it.
    Manual,
    /// Operational instructions.
    Runbook,
    /// Changelog or release notes.
    Changelog,
    /// Tutorial, contribution guide, instructions for people or agents.
    Guide,
    /// Plan of work: task lists, checklists.
    Tasks,
    /// A form others fill in.
    Template,
    /// Legal text, code of conduct and the like.
    #[default]
    Other,
}

/// What a reviewer may ask of a document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Specifies or designs behaviour of services: completeness may be asked of it.
    Specifies,
    /// Describes behaviour: its words are read, but it owes no completeness.
    Describes,
    /// Says nothing about behaviour that could be held to anything.
    #[default]
    Outside,
}

/// An HTTP operation as a document names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Upper-case method.
    pub method: String,
    /// Path template, without query.
    pub path: String,
    /// Section kind at this place.
    pub section: SectionKind,
    /// Method and path.
    pub range: Range,
}

/// One heading and what is under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Heading text.
    pub title: Range,
    /// 1 to 6.
    pub level: u8,
    /// Own kind, or that of the nearest ancestor that has one.
    pub kind: SectionKind,
    /// From the heading to the next heading of the same or a higher level.
    pub range: Range,
}

/// What a section's sentences are: the design, a wish, the past, an option not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionKind {
    /// Functional requirements, acceptance criteria, scenarios.
    Requirements,
    /// Non-functional requirements, quality goals, service level objectives, constraints.
    Quality,
    /// Success criteria, measurable outcomes.
    SuccessCriteria,
    /// Goals.
    Goals,
    /// What is explicitly not aimed at.
    NonGoals,
    /// Summary, overview, introduction.
    Summary,
    /// Motivation, background, problem.
    Background,
    /// The design itself.
    Design,
    /// Consequences of a decision.
    Consequences,
    /// Options weighed or rejected, trade-off comparisons, prior art.
    Alternatives,
    /// Risks, drawbacks, limitations.
    Risks,
    /// Failure handling.
    Failure,
    /// Measurements: benchmarks, results.
    Measurement,
    /// Monitoring and alerting.
    Monitoring,
    /// Test plan.
    Tests,
    /// Examples, tutorials inside a document.
    Example,
    /// Definitions of terms.
    Glossary,
    /// Open questions.
    Questions,
    /// History, release and graduation process.
    Process,
    /// References, tables of contents.
    References,
    /// Nothing of the above.
    Other,
}

/// One use of a vague word that speaks of behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VagueUse {
    /// Which row of the vocabulary.
    pub term: VagueTerm,
    /// The words themselves ("highly available").
    pub words: Range,
    /// The sentence, list item or table row around them.
    pub sentence: Range,
    /// What it is said of, as written; empty when the sentence does not name it.
    pub subject: String,
    /// Section kind at this place.
    pub section: SectionKind,
    /// How it is said.
    pub modality: Modality,
    /// Whether it is vague, and why or why not.
    pub sense: Sense,
    /// What a precise wording would have to add.
    pub missing: Vec<MissingPart>,
}

/// Rows of the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VagueTerm {
    /// "consistent", "in sync", "up to date" of data.
    Consistent,
    /// "fast", "real-time", "low latency" of behaviour.
    Fast,
    /// "reliable", "guaranteed delivery", "durable".
    Reliable,
    /// "highly available", "zero downtime".
    Available,
    /// "transaction" over effects that one database cannot undo.
    Transaction,
    /// "lock" across nodes.
    Lock,
    /// "scalable", "handles high load".
    Scalable,
    /// "graceful degradation" without the degraded state.
    Graceful,
    /// "efficient", "seamless", "minimal overhead": no observable outcome.
    Untestable,
}

/// The decided sense of a vague word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sense {
    /// A claim about behaviour without value, model or scope in reach.
    Vague,
    /// A number of the right kind is in reach.
    Quantified,
    /// A model, guarantee, mechanism or failure scope is named in reach.
    Named,
    /// Explained: a reason or definition follows.
    Explained,
    /// Denied, or explicitly not promised.
    NotPromised,
    /// Asked, not claimed.
    Question,
    /// An option weighed or rejected, or somebody else's system.
    NotTheDesign,
    /// Background, example, process, definition.
    NotAClaim,
    /// Said of people, code, naming or user interface.
    NotBehaviour,
}

/// How something is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modality {
    /// must, shall, required.
    Must,
    /// should.
    Should,
    /// Goal, target, objective.
    Target,
    /// Plain statement of the design.
    Stated,
    /// Measured or observed.
    Measured,
    /// Threshold of an alert.
    Alert,
    /// Capacity, rate limit, quota.
    Limit,
    /// Example, estimate, story.
    Example,
    /// Option not taken.
    Rejected,
    /// Denied or explicitly not promised.
    Negated,
}

/// A slot a precise wording needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingPart {
    /// A percentile with a bound.
    LatencyPercentile,
    /// The load at which it holds.
    Load,
    /// strong, eventual, causal, ...
    ConsistencyModel,
    /// How old a read may be.
    StalenessBound,
    /// At-most-once, at-least-once, exactly-once processing.
    DeliveryGuarantee,
    /// What failure it survives.
    FailureScope,
    /// Percentage over a window.
    AvailabilityTarget,
    /// Local transaction, saga or outbox.
    TransactionScope,
    /// Lease time and fencing token, or a version check.
    LeaseAndFencing,
    /// What still works when degraded.
    DegradedState,
    /// Any number or observable outcome.
    Measure,
}

/// A number, model or guarantee that the document states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatedRequirement {
    /// Identifier as written (`NFR-001`), when the sentence starts with one.
    pub id: Option<String>,
    /// What is bounded.
    pub bounds: Bounds,
    /// Statistic of a quantity.
    pub statistic: Statistic,
    /// Direction of the bound.
    pub relation: Relation,
    /// Value in the unit's base: milliseconds, percent, per second, count, bytes.
    /// Absent for named models and guarantees.
    pub value: Option<f64>,
    /// Base unit of `value`.
    pub unit: Unit,
    /// Named model or guarantee, in the field's term ("eventual", "at-least-once").
    pub named: Option<String>,
    /// Load or condition, as written.
    pub condition: Option<Range>,
    /// Names and nouns of the sentence, as written, in order: what it may be about.
    pub subject: Vec<String>,
    /// How it is stated.
    pub modality: Modality,
    /// Section kind at this place.
    pub section: SectionKind,
    /// The words that carry the value.
    pub words: Range,
    /// The sentence, list item or table row around them.
    pub sentence: Range,
}

/// What a requirement bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bounds {
    /// Time to respond, process or deliver.
    Latency,
    /// Fraction of time or requests served.
    Availability,
    /// Fraction of failed requests.
    ErrorRate,
    /// Work per time.
    Throughput,
    /// Simultaneous users, connections, requests.
    Concurrency,
    /// Data lost at most (RPO).
    RecoveryPoint,
    /// Time to recover at most (RTO), failover time.
    RecoveryTime,
    /// How old a read may be.
    Staleness,
    /// Consistency model.
    Consistency,
    /// Delivery or processing guarantee.
    Delivery,
    /// Named failure that is survived.
    SurvivedFailure,
    /// Timeout or deadline of a call.
    Timeout,
    /// Attempts at most.
    Attempts,
    /// Wait between attempts.
    Backoff,
    /// How long an idempotency key is valid.
    KeyValidity,
    /// How long something is kept.
    Retention,
    /// A share that is none of the above (accuracy, coverage).
    Share,
    /// A time that is none of the above.
    Duration,
}

/// Statistic of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// Not said.
    Unsaid,
    /// Mean.
    Mean,
    /// Percentile, 0 to 100.
    Percentile(f64),
    /// Every single one.
    Maximum,
}

/// Direction of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// At most.
    AtMost,
    /// At least.
    AtLeast,
    /// About, or as stated.
    About,
}

/// Base unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Percent, 0 to 100.
    Percent,
    /// Events per second.
    PerSecond,
    /// A count.
    Count,
    /// Bytes.
    Bytes,
    /// A multiple ("10x").
    Times,
    /// No value.
    None,
}

/// A place where the document addresses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AspectMention {
    /// What is addressed.
    pub aspect: Aspect,
    /// How firmly.
    pub firmness: Firmness,
    /// Where.
    pub sentence: Range,
}

/// What a specification or design of a service has to address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Names a consistency model.
    ConsistencyModel,
    /// States a latency percentile with a bound.
    LatencyPercentile,
    /// States a mean (or unsaid) latency bound.
    LatencyOther,
    /// Availability target or named survivable failure.
    Availability,
    /// Load to carry.
    Throughput,
    /// Loss bound: RPO/RTO, synchronous replication, backups.
    Durability,
    /// What happens when something fails.
    FailureScenario,
    /// What still works when a dependency is down.
    DegradedState,
    /// How repeated requests are recognised.
    Idempotency,
    /// How failed calls are retried.
    RetryPolicy,
    /// Timeouts.
    Timeout,
    /// Which service owns which data.
    Ownership,
    /// An operation that changes state.
    MutatingOperation,
    /// Calls, messages or services: the document is about a distributed system.
    Distribution,
}

/// How firmly an aspect is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firmness {
    /// The word occurs.
    Mentioned,
    /// A decision, value or model is stated.
    Stated,
    /// Explicitly declined ("not guaranteed", "N/A").
    Declined,
}

/// A fenced code block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Info string's first word, lower case.
    pub language: String,
    /// The code between the fences.
    pub code: Range,
}
