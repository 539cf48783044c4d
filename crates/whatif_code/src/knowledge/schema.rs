//! The schema of the tables.

use super::argument::ArgSpec;
use super::signal::Signal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One table file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The language of the forms, as output names it.
    #[cfg_attr(not(test), expect(dead_code, reason = "a table says which language it is about"))]
    pub(crate) language: String,
    #[serde(default)]
    pub(crate) library: Vec<Library>,
    /// Generated names, such as gRPC stubs.
    #[serde(default)]
    pub(crate) pattern: Vec<Pattern>,
    /// In one file of a language.
    #[serde(default)]
    pub(crate) words: Option<Words>,
    /// Libraries that show what a program does.
    #[serde(default)]
    pub(crate) signal: Vec<Signal>,
}

/// One library, or one area of a large one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// What the field calls it; output says so.
    pub name: String,
    /// Its name in manifests, whose version decides which default holds. Empty: part of the language.
    #[serde(default)]
    pub package: String,
    /// What every form's name begins with: an import path without major version.
    pub prefix: String,
    /// Other import paths of the same API (forks, renamed repositories).
    #[serde(default)]
    pub also: Vec<String>,
    /// The engine behind it (`postgresql`, `redis`, `kafka`), empty when any or none.
    #[serde(default)]
    pub technology: String,
    /// What happens when nothing is set.
    #[serde(default)]
    pub default: Vec<Default>,
    /// Types and what their fields mean.
    #[serde(default, rename = "type")]
    pub types: Vec<TypeForm>,
    /// Calls.
    #[serde(default)]
    pub form: Vec<Form>,
}

/// What a library does when nothing is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// `timeout` or `retry`.
    pub what: String,
    /// Which of the four states.
    pub state: State,
    /// The bound in milliseconds, of a bounded timeout.
    #[serde(default)]
    pub ms: u64,
    /// What is limited: `total`, `per-attempt`, `per-read`, `connect`.
    #[serde(default)]
    pub kind: String,
    /// Attempts in total, of a retry; 0 is unlimited.
    #[serde(default)]
    pub attempts: u32,
    /// First pause in milliseconds, of a retry.
    #[serde(default)]
    pub backoff: u64,
    /// Whether the pause grows.
    #[serde(default)]
    pub exponential: bool,
    /// Whether the pause is randomised.
    #[serde(default)]
    pub jitter: bool,
    /// First version it holds for; empty: from the beginning.
    #[serde(default)]
    pub since: String,
    /// First version it no longer holds for; empty: still.
    #[serde(default)]
    pub until: String,
    /// What the reader is told: lower case, no full stop, at most 72 characters.
    pub note: String,
    /// The vendor's documentation or source.
    pub link: String,
}

/// What a table can say about a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is one.
    Bounded,
    /// There is none.
    Absent,
    /// It depends on more than the version.
    Unknown,
}

/// A type of a library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeForm {
    /// Its name below the library's prefix.
    pub name: String,
    /// What its fields mean: field name to property.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// What every method without a form of its own does.
    #[serde(default)]
    pub any_method: Option<Does>,
    /// Whether methods without a form return the receiver (builders).
    #[serde(default)]
    pub fluent: bool,
    /// Whether a value of it comes with the incoming request.
    #[serde(default)]
    pub inbound: bool,
    /// Fixed properties of every value.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// What any other field or element is: `database.orders`, `client["shop"]`.
    #[serde(default)]
    pub element: Option<Element>,
    /// Fields that are objects of the library themselves, by their types below the library's prefix.
    #[serde(default)]
    pub parts: BTreeMap<String, String>,
    /// Members that every class derived from it has, by the type they are of.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    /// The type it is an interface of: whoever asks for it gets one of those.
    #[serde(default)]
    pub like: String,
    /// What its type arguments are, as properties of whatever derives from it.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What a framework calls on classes that derive from it.
    #[serde(default)]
    pub entry: Option<EntryForm>,
    /// Methods of interfaces that extend it, by what their names begin with, and the form they are like.
    #[serde(default)]
    pub derived: BTreeMap<String, String>,
}

/// A method that a framework calls on classes it finds by their base.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryForm {
    /// Its name.
    pub method: String,
    /// What it is called for.
    pub on: EntryTrigger,
}

/// What a framework calls a method for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryTrigger {
    /// A message of the type that is the first type argument of the base, acknowledged when the method has worked.
    Message,
    /// At times that are set elsewhere.
    Schedule,
}

/// Fields and elements that are named by the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Their type, below the library's prefix.
    pub gives: String,
    /// The property that is their name.
    pub property: String,
}

/// A call, or several that do the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Names below the prefix: `Get`, `Client.Do`.
    pub call: Vec<String>,
    /// What it does.
    pub does: Does,
    /// The type of the result; below the prefix unless it holds a `/` or begins with `:`.
    #[serde(default)]
    pub gives: String,
    /// Property to argument.
    #[serde(default)]
    pub args: BTreeMap<String, ArgSpec>,
    /// Fixed properties.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Whether option objects among the arguments are merged into the result.
    #[serde(default)]
    pub options: bool,
    /// The last name of the form that takes the same arguments and makes the same schedule, randomised.
    #[serde(default)]
    pub jittered: String,
}

/// Generated names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// A name with one `{service}`: `New{service}Client`.
    pub call: String,
    /// What it does.
    pub does: Does,
    /// The type of the result, canonical.
    #[serde(default)]
    pub gives: String,
    /// Property to argument.
    #[serde(default)]
    pub args: BTreeMap<String, ArgSpec>,
    /// Whether the name counts only inside a type that is named like the service.
    #[serde(default)]
    pub nested: bool,
    /// Property that must hold an object of this type (prefix of its canonical name), unless it is unknown.
    #[serde(default)]
    pub requires: BTreeMap<String, String>,
}

/// Words of a language's community that no library owns.
#[derive(Clone, Debug, std::default::Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Methods of results and optional values, and what they do to the failure inside.
    #[serde(default)]
    pub result_methods: BTreeMap<String, ResultMethod>,
    /// Last names of parameter types by which the methods of a generated service are told.
    #[serde(default)]
    pub rpc_parameters: Vec<String>,
    /// Receivers that log, as last names: `log`, `logger`.
    #[serde(default)]
    pub loggers: Vec<String>,
    /// Methods of loggers.
    #[serde(default)]
    pub log_methods: Vec<String>,
    /// Methods of loggers that end the process.
    #[serde(default)]
    pub fatal_methods: Vec<String>,
    /// Exceptions that no remote effect raises.
    #[serde(default)]
    pub local_errors: Vec<String>,
    /// Names, in lower case and without separators, under which requests carry an idempotency key.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Names of fields that tell one request from another, beside the keys.
    #[serde(default)]
    pub identities: Vec<String>,
    /// Name parts of tables that remember messages or keys.
    #[serde(default)]
    pub dedup_tables: Vec<String>,
    /// Name parts of tables that are relayed to a broker.
    #[serde(default)]
    pub outbox_tables: Vec<String>,
    /// What drivers and the schemes of connection strings call an engine, and its name.
    #[serde(default)]
    pub engines: BTreeMap<String, String>,
    /// Settings in connection strings that bound every statement, in milliseconds.
    #[serde(default)]
    pub timeout_settings: Vec<String>,
    /// RPC services of the platform, such as health checks, that are no operations of the system.
    #[serde(default)]
    pub platform_services: Vec<String>,
    /// Methods of a class that runs as long as the program, the first one found is its body.
    #[serde(default)]
    pub hosted_methods: Vec<String>,
    /// Annotations of parameters that are filled from a header of the request.
    #[serde(default)]
    pub header_annotations: Vec<String>,
    /// Methods and fields that name the type of an object: `GetType`, `Name`.
    #[serde(default)]
    pub type_methods: Vec<String>,
    /// Fields of a type that are its name.
    #[serde(default)]
    pub type_names: Vec<String>,
    /// Annotations and calls that make a field the version of its row.
    #[serde(default)]
    pub version_marks: Vec<String>,
    /// Annotations of a class whose rows are written without the columns that were not changed.
    #[serde(default)]
    pub partial_marks: Vec<String>,
    /// Packages of libraries whose types classes that define sagas extend.
    #[serde(default)]
    pub saga_libraries: Vec<String>,
    /// What the methods by which a saga is defined add to it.
    #[serde(default)]
    pub saga_methods: BTreeMap<String, SagaPart>,
    /// Functions and types around a command that a saga sends: `send(command)`.
    #[serde(default)]
    pub saga_commands: Vec<String>,
    /// Methods by which a function that is held as an object is called.
    #[serde(default)]
    pub function_methods: Vec<String>,
    /// Packages that make a unit a tool, or an app on its user's device, rather than a service.
    #[serde(default)]
    pub tool_packages: Vec<String>,
    /// Methods of collections that call a function for each element.
    #[serde(default)]
    pub each_methods: Vec<String>,
    /// Packages that install tracing by being imported.
    #[serde(default)]
    pub tracing_agents: Vec<String>,
    /// What programs call their router where it is handed around.
    #[serde(default)]
    pub routers: Vec<String>,
    /// The types such a router may be of, by canonical name; the first one whose library the program depends on is taken.
    #[serde(default)]
    pub router_types: Vec<String>,
    /// Packages of programs whose exported functions a platform calls with an event.
    #[serde(default)]
    pub function_packages: Vec<String>,
    /// Types of such events, and whether they are a `message` or a `schedule`.
    #[serde(default)]
    pub function_events: BTreeMap<String, String>,
}

/// What a method adds to the definition of a saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaPart {
    /// The next step.
    Step,
    /// What a participant is asked to do.
    Action,
    /// What the orchestrator does itself.
    Local,
    /// What undoes the step.
    Compensation,
}

/// What a method of a result does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultMethod {
    /// Hands on the value and the failure.
    Pass,
    /// Goes on with the value only; a failure ends what runs (`unwrap`).
    Insist,
    /// Goes on with another value after a failure.
    Fallback,
    /// Whether it worked.
    Worked,
    /// Whether it failed.
    Failed,
    /// Runs a function with the value.
    Apply,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Makes an object that carries properties: a client, a request, an option.
    Make,
    /// Returns its first argument, or its receiver.
    Pass,
    /// A fixed text.
    Constant,
    /// Reads an environment variable.
    Env,
    /// Reads a key of the configuration.
    Setting,
    /// Formats a string from a template with `%` verbs.
    Format,
    /// Joins strings.
    Join,
    /// Parses or makes a span of time.
    Duration,
    /// Makes a fresh identity.
    Identity,
    /// Makes a random number.
    Random,
    /// Reads the wall clock.
    Clock,
    /// Pauses.
    Sleep,
    /// Makes a context from nothing.
    ContextBackground,
    /// Derives a context from another one.
    ContextDerive,
    /// Derives a context that ends.
    ContextTimeout,
    /// Derives a context that outlives its parent.
    ContextDetach,
    /// The context of the incoming request.
    ContextInbound,
    /// Sends an HTTP request.
    Http,
    /// Calls a remote procedure; the method's name is the operation.
    Rpc,
    /// Registers an implementation of an RPC service.
    RpcRegister,
    /// Calls some other remote system.
    Call,
    /// Runs SQL text.
    Sql,
    /// Reads an item.
    Read,
    /// Changes an item.
    Write,
    /// Writes what was read into its arguments (`out`).
    Fill,
    /// Adds a changed object to a unit of work that a later commit writes.
    Stage,
    /// Sends a message.
    Publish,
    /// Subscribes a handler, or returns the messages of a topic.
    Consume,
    /// Takes the next message.
    Receive,
    /// Acknowledges a message.
    Ack,
    /// Refuses a message.
    Nack,
    /// Takes a lock.
    Lock,
    /// Releases a lock.
    Unlock,
    /// Begins a transaction.
    Begin,
    /// Commits.
    Commit,
    /// Rolls back.
    Rollback,
    /// Runs a function inside a transaction.
    Transaction,
    /// Registers an HTTP handler.
    Route,
    /// Makes a group of routes.
    Group,
    /// Mounts a router or blueprint below another.
    Mount,
    /// Wraps a handler.
    Handler,
    /// Starts an HTTP server.
    Serve,
    /// Registers a handler for an RPC or message by decorator.
    Task,
    /// Runs a function at given times.
    Schedule,
    /// A channel that fires regularly.
    Ticker,
    /// Installs tracing.
    Tracing,
    /// Handles a stop signal.
    Signal,
    /// Stops a server gracefully.
    Shutdown,
    /// Runs a function concurrently.
    Spawn,
    /// Runs a function and waits.
    Run,
    /// Runs a function again until it works.
    Retry,
    /// Runs a function behind a circuit breaker.
    Breaker,
    /// Puts a policy of retries, limits and breakers around what its receiver does.
    Guard,
    /// Writes a log line.
    Log,
    /// Ends the process.
    Crash,
    /// Answers the caller.
    Respond,
    /// Answers the caller with a failure.
    Fail,
    /// Reads a header of the incoming request.
    Header,
    /// Sets a header of an outgoing request.
    SetHeader,
    /// Reads something else of the incoming request.
    RequestValue,
    /// Sets a property of its receiver.
    SetProperty,
    /// Tells that it worked, with a value (`Ok`).
    Worked,
    /// Tells of a failure (`Err`).
    Failed,
    /// Ends what its arguments do after a time.
    Limit,
    /// Adds a parameter to a statement.
    Bind,
    /// Puts a layer around everything a router serves.
    Layer,
    /// Adds middleware to a router, or mounts routers below it.
    Use,
    /// Goes on from a middleware to what it stands before.
    Next,
    /// Makes a promise from a function that settles it.
    Promise,
    /// Settles a promise.
    Settle,
    /// Runs a function after a pause, without waiting for it.
    Later,
    /// Cancels what carries its receiver; after a pause, that is a timeout.
    Cancel,
    /// Registers what a container hands out for a type.
    Register,
    /// Configures an object that a container hands out, or every object of a class.
    Provide,
    /// Asks a container for an object.
    Resolve,
    /// Hands a message to the handlers inside the program that are for its type.
    Dispatch,
    /// Writes what was staged and changed in one transaction; one begun before goes on.
    Flush,
    /// Lets what was written end by itself.
    Expire,
    /// Does what the command it is given is for: `client.send(new PutObjectCommand(...))`.
    Execute,
    /// Serves every procedure of an object under its name there.
    Procedures,
    /// Does nothing that matters here.
    Nothing,
}
