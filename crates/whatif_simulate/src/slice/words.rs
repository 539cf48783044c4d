//! The explorer's answer in the words of the system.

use super::build::Built;
use super::{causes, changes, promises};
use crate::explore::{
    self, Actor, Answer, Breach, Condition, Cut, Event, Fault, Incompleteness, OperationId as Index, Options, Practice,
    Property, Question, Shortcut, StepKind, Subject, TraceStep as Taken, WriteKind,
};
use whatif_model::verdict::{Bounds, Dependence, NotEnough, Trace, TraceStep, Verdict};

/// Distinct states per tried repair: many are tried, and one that needs more is not the smallest change.
const REPAIR_STATES_MAX: usize = 4_000;

/// Distinct states over all tried repairs.
const REPAIR_STATES_TOTAL_MAX: usize = 60_000;

/// Translates an answer; a broken promise gets its smallest repair.
pub(super) fn verdict(built: &Built<'_>, question: Question, options: &Options, answer: Answer) -> Verdict {
    match answer.verdict {
        explore::Verdict::Violated(found) | explore::Verdict::Depends { trace: found, .. }
            if question == Question::Partition && found.faults == 0 =>
        {
            Verdict::NotAsked(format!("without any partition {}", broken(built, found.breach)))
        }
        explore::Verdict::Violated(found) => {
            let mut trace = trace(built, &found);
            let options = Options { max_states: REPAIR_STATES_MAX, total_states: REPAIR_STATES_TOTAL_MAX, ..*options };
            if let Some(repair) = explore::repair(&built.slice, question, &options) {
                trace.repair = repair.practices.into_iter().map(practice).map(str::to_owned).collect();
                trace.not_enough = repair.shortcut.map(|(fix, left)| Box::new(not_enough(built, fix, &left)));
            }
            Verdict::Violated(trace)
        }
        explore::Verdict::Holds { bounds, states } => Verdict::Holds(Bounds {
            states: states as u64,
            explored: explored(built, question, bounds),
            assumptions: assumptions(built),
        }),
        explore::Verdict::Depends { safe_when, deciding, trace: found, .. } => Verdict::Depends(Dependence {
            safe_if: safe_when.iter().map(|condition| condition_words(built, condition)).collect(),
            unknowns: deciding.iter().filter_map(|unknown| built.unknowns.get(unknown.index()).cloned()).collect(),
            trace: Some(trace(built, &found)),
        }),
        explore::Verdict::Incomplete { states, reason } => Verdict::Incomplete(match reason {
            Incompleteness::StateLimit => format!("stopped after {states} states; `--max-states` sets the limit"),
            Incompleteness::SlotLimit => "more is in flight at once than a state holds".to_owned(),
            Incompleteness::Rejected(why) => format!("the operation is too large to explore: {}", rejected(why)),
            Incompleteness::NeverAtRest => "it never comes to rest".to_owned(),
            Incompleteness::NotExplored => "not explored".to_owned(),
        }),
    }
}

/// The bounds in words.
fn explored(built: &Built<'_>, question: Question, bounds: explore::Bounds) -> String {
    let sends = bounds.client_attempts.min(built.slice.client.attempts);
    if question == Question::Partition {
        return format!("every partition that heals, {sends} sends, answers in time otherwise");
    }
    let (requests, deliveries, faults) = (bounds.requests, bounds.deliveries, bounds.faults.total);
    format!("{requests} requests, {sends} sends each, {deliveries} deliveries, {faults} faults")
}

/// Which limit an operation exceeds.
fn rejected(why: explore::Rejected) -> &'static str {
    use explore::Rejected as Why;
    match why {
        Why::DanglingReference => "it refers to something that is not there",
        Why::TooManySteps => "too many steps",
        Why::TooManyRequests => "too many requests",
        Why::TooManyLocks => "too many locks",
        Why::TransactionTooLong => "too many steps in one transaction",
        Why::TooManyWords => "too many effects",
        Why::TooManyUnknowns => "too many unknowns",
    }
}

fn assumptions(built: &Built<'_>) -> Vec<String> {
    let mut assumptions = built.assumptions.clone();
    assumptions.sort();
    assumptions.dedup();
    assumptions
}

fn condition_words(built: &Built<'_>, condition: &Condition) -> String {
    let words: Vec<String> = condition
        .literals
        .iter()
        .map(|literal| {
            let name = built.slice.unknowns.get(literal.unknown.index()).map_or("?", |unknown| unknown.name.as_str());
            if literal.value { name.to_owned() } else { format!("not: {name}") }
        })
        .collect();
    words.join(" and ")
}

fn trace(built: &Built<'_>, found: &explore::Trace) -> Trace {
    // Requests are only told apart where there are several.
    let several = found.steps.iter().any(|step| step.request.is_some_and(|request| request > 0));
    let mut steps: Vec<TraceStep> = found.steps.iter().map(|step| step_words(built, step, several)).collect();
    for (step, after) in steps.iter_mut().zip(causes::causes(&built.slice, &found.steps)) {
        step.after = after;
    }
    let faults: Vec<&str> = steps.iter().map(|step| step.fault.as_str()).filter(|fault| !fault.is_empty()).collect();
    let scenario = match found.breach.property {
        Property::SpentOnce => format!("two requests for one `{}` overlap", spent(built, found.breach)),
        _ if faults.is_empty() => without_faults(found).to_owned(),
        _ => faults.join(", then "),
    };
    Trace { scenario, steps, broken: broken(built, found.breach), ..Trace::default() }
}

/// What makes a counterexample without any fault: time, or other requests.
fn without_faults(found: &explore::Trace) -> &'static str {
    let happens = |event: Event| found.steps.iter().any(|step| step.event == event);
    if happens(Event::Resend) {
        "the answer is late and the request is sent again"
    } else if happens(Event::TimeOut) || happens(Event::CallAgain) {
        "an answer comes later than its caller waits"
    } else if found.steps.iter().filter(|step| step.event == Event::Send).count() > 1 {
        "two requests overlap"
    } else {
        "a later step fails"
    }
}

fn step_words(built: &Built<'_>, step: &Taken, several: bool) -> TraceStep {
    // Where something is done, rather than where the answer that follows it is written.
    let does =
        |place: &&explore::Place| !matches!(place.step, StepKind::Respond { .. } | StepKind::Commit | StepKind::End);
    let place = step.places.iter().rev().filter(does).find_map(|place| built.place(place.origin));
    let place = place.or_else(|| step.places.iter().rev().find_map(|place| built.place(place.origin)));
    let (action, to) = action(built, step);
    TraceStep {
        actor: actor(built, step.actor),
        to,
        action: format!("{action}{}", of_request(step.request.filter(|_| several))),
        fault: step.fault.map(fault).unwrap_or_default().to_owned(),
        delta: changes::delta(built, &step.changes),
        evidence: place.cloned(),
        changes: changes::changes(built, &step.changes, several),
        after: Vec::new(),
    }
}

fn of_request(request: Option<u8>) -> String {
    request.map_or(String::new(), |request| format!(" (request {})", u32::from(request) + 1))
}

fn operation<'b>(built: &'b Built<'_>, index: Index) -> &'b str {
    built.slice.program.operations.get(index.index()).map_or("?", |operation| operation.name.as_str())
}

fn actor(built: &Built<'_>, actor: Actor) -> String {
    let program = &built.slice.program;
    match actor {
        Actor::Client => "client".to_owned(),
        Actor::Operation(index) => operation(built, index).to_owned(),
        Actor::Service(id) => program.services.get(id.index()).cloned().unwrap_or_default(),
        Actor::Relay(id) => format!("relay of {}", program.topics.get(id.index()).map_or("?", |topic| &topic.name)),
        Actor::Network(index) => format!("network to {}", operation(built, index)),
        Actor::Item(id) => program.items.get(id.index()).map_or("item".to_owned(), |item| item.name.clone()),
        Actor::Between(_) => "network".to_owned(),
        Actor::Lock(id) => program.locks.get(id.index()).map_or("lock".to_owned(), |lock| lock.name.clone()),
    }
}

/// What happens, and to whom.
fn action(built: &Built<'_>, step: &Taken) -> (String, String) {
    let asked = step.places.first().map_or(String::new(), |place| operation(built, place.operation).to_owned());
    match step.event {
        Event::Send => ("sends a request".to_owned(), asked),
        Event::Resend => ("stops waiting and sends it again".to_owned(), asked),
        Event::Retry => ("is told that it failed, and asks again".to_owned(), asked),
        Event::GiveUp => ("stops waiting for good".to_owned(), asked),
        Event::Answered { ok: true } => ("is told that it worked".to_owned(), String::new()),
        Event::Answered { ok: false } => ("is told that it failed".to_owned(), String::new()),
        Event::TimeOut => ("stops waiting for the answer".to_owned(), called(built, step)),
        Event::CallAgain => ("stops waiting for the answer and calls again".to_owned(), called(built, step)),
        Event::ReplyArrives => (format!("gets the answer{}", then(built, step)), String::new()),
        Event::Start | Event::Continue => (doing(built, step), called(built, step)),
        Event::Drop => ("drops a late answer".to_owned(), String::new()),
        Event::RelayPublish => ("publishes the stored message".to_owned(), String::new()),
        Event::RelayMark => ("marks the message as sent".to_owned(), String::new()),
        Event::Resume => ("resumes from its log".to_owned(), String::new()),
        Event::LeaseEnds => ("ends, its holder being dead".to_owned(), String::new()),
        Event::LeaseExpires => ("expires while its holder lives".to_owned(), String::new()),
        Event::Crash => ("crashes".to_owned(), String::new()),
        Event::RequestLost => ("loses the request".to_owned(), String::new()),
        Event::ReplyLost => ("loses the answer".to_owned(), String::new()),
        Event::Expires => ("comes to the end of its time".to_owned(), String::new()),
        Event::CutOff => (format!("cuts {}", sides(built, step.actor)), String::new()),
        Event::Healed => ("connects them again".to_owned(), String::new()),
        Event::RequestCut => ("loses the request in the cut".to_owned(), String::new()),
        Event::Unreachable => (unreachable(built, step), String::new()),
        Event::Duplicated => ("delivers it twice".to_owned(), String::new()),
    }
}

/// What a cut separates.
fn sides(built: &Built<'_>, actor: Actor) -> String {
    let name =
        |id: explore::ServiceId| built.slice.program.services.get(id.index()).map_or("?", |service| service.as_str());
    match actor {
        Actor::Between(Cut::Services(a, b)) => format!("`{}` off from `{}`", name(a), name(b)),
        Actor::Between(Cut::Stores(a)) => format!("`{}` off from its stores", name(a)),
        Actor::Between(Cut::Broker(a)) => format!("`{}` off from the broker", name(a)),
        _ => String::new(),
    }
}

/// What a step cannot do, and what it does instead.
fn unreachable(built: &Built<'_>, step: &Taken) -> String {
    let mut places = step.places.iter();
    let failed = places.next().map_or("cannot reach what it needs".to_owned(), |place| match place.step {
        StepKind::Skip | StepKind::Read { .. } => "cannot read from its store".to_owned(),
        StepKind::Branch { .. } => "gets no answer to a query".to_owned(),
        StepKind::Begin { .. } => "cannot begin its transaction".to_owned(),
        StepKind::Publish { .. } => "cannot publish".to_owned(),
        StepKind::DedupCheck { .. } => "cannot look the key up".to_owned(),
        StepKind::DedupMark { .. } => "cannot record the key".to_owned(),
        kind => format!("cannot reach its store where it {}", step_kind(built, kind).unwrap_or_default()),
    });
    let instead: Vec<String> = places.filter_map(|place| step_kind(built, place.step)).collect();
    if instead.is_empty() { failed } else { format!("{failed}, {}", instead.join(", ")) }
}

fn called(built: &Built<'_>, step: &Taken) -> String {
    let call = step.places.iter().rev().find_map(|place| match place.step {
        StepKind::Call { operation: index, .. } => Some(operation(built, index).to_owned()),
        StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. } => {
            built.slice.program.topics.get(topic.index()).map(|topic| topic.name.clone())
        }
        _ => None,
    });
    call.unwrap_or_default()
}

/// The telling part of the steps taken in one transition.
fn doing(built: &Built<'_>, step: &Taken) -> String {
    let words = said(built, step);
    if words.is_empty() { "goes on".to_owned() } else { words.join(", ") }
}

fn then(built: &Built<'_>, step: &Taken) -> String {
    let words = said(built, step);
    if words.is_empty() { String::new() } else { format!(", {}", words.join(", ")) }
}

/// Each thing once, however often it is counted.
fn said(built: &Built<'_>, step: &Taken) -> Vec<String> {
    let mut words: Vec<String> = step.places.iter().filter_map(|place| step_kind(built, place.step)).collect();
    words.dedup();
    words
}

fn step_kind(built: &Built<'_>, kind: StepKind) -> Option<String> {
    let program = &built.slice.program;
    let item = |id: explore::ItemId| program.items.get(id.index()).map_or("?", |item| item.name.as_str());
    Some(match kind {
        StepKind::Read { item: id, .. } => format!("reads `{}`", item(id)),
        StepKind::Write { effect: Some(applies), .. } => {
            let name = program.effects.get(applies.effect.index()).map_or("?", |effect| effect.name.as_str());
            format!("does `{name}`")
        }
        StepKind::Write { item: Some(id), kind: WriteKind::Clear(_), .. } => format!("takes `{}` away", item(id)),
        StepKind::Write { item: Some(id), .. } => format!("writes `{}`", item(id)),
        StepKind::DedupCheck { .. } => "looks the key up".to_owned(),
        StepKind::DedupMark { .. } => "records the key".to_owned(),
        StepKind::Call { .. } => "calls".to_owned(),
        StepKind::Publish { .. } => "publishes".to_owned(),
        StepKind::Outbox { .. } => "stores a message for the relay".to_owned(),
        StepKind::Ack => "acknowledges the message".to_owned(),
        StepKind::Lock { .. } => "takes the lock".to_owned(),
        StepKind::Unlock { .. } => "gives the lock back".to_owned(),
        StepKind::Respond { ok: true } => "answers that it worked".to_owned(),
        StepKind::Respond { ok: false } => "answers that it failed".to_owned(),
        _ => return None,
    })
}

/// Lower-case words for a fault.
fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Crash => "a crash",
        Fault::Lose => "a message is lost",
        Fault::Duplicate => "the network delivers twice",
        Fault::Expire => "a lease expires",
        Fault::Stale => "a replica lags behind",
        Fault::Partition => "a network partition",
    }
}

/// The broken promise, by the names of the system.
fn broken(built: &Built<'_>, breach: Breach) -> String {
    let program = &built.slice.program;
    let entry = &built.system[built.id].address;
    let subject = match breach.subject {
        Subject::Effect(id) | Subject::Undone(id) => program.effects.get(id.index()).map(|effect| effect.name.clone()),
        Subject::Item(id) => program.items.get(id.index()).map(|item| item.name.clone()),
        Subject::Operation(id) => Some(operation(built, id).to_owned()),
        _ => None,
    };
    let subject = subject.unwrap_or_else(|| entry.clone());
    match breach.property {
        Property::AtMostOnce => format!("`{subject}` is done twice for one request to `{entry}`"),
        Property::AllOrCompensated => {
            format!("`{entry}` stays half done: `{subject}` is missing, and nothing undoes the rest")
        }
        Property::NoLostEvent => format!("`{subject}` never happens although its cause is committed"),
        Property::NoPhantomEvent => format!("`{subject}` happens although its cause is not committed"),
        Property::HonestAnswer => format!("the caller of `{entry}` is told that it worked, and `{subject}` is missing"),
        Property::NothingStuck => format!("`{subject}` is stuck, and nothing frees it"),
        Property::CompensatedOnce => format!("`{subject}` is taken back more often than it was done"),
        Property::NoLostUpdate => {
            format!("an update of `{subject}` is lost: both read the same value and the second overwrites the first")
        }
        Property::FencedWrites => format!("`{subject}` is overwritten by the holder of an expired lease"),
        Property::CurrentCache => format!("`{subject}` keeps an old value, and nothing ends it"),
        Property::Answered => format!("`{subject}` ends without an answer to its caller"),
        Property::SpentOnce => {
            format!("`{subject}` is done for both requests, although there was only one `{}`", spent(built, breach))
        }
        Property::StatedAlways | Property::StatedInTheEnd => match breach.subject {
            Subject::Promise(at) => promises::broken(built, at),
            _ => subject,
        },
        Property::NoUnseenRemoval => format!("what was put into `{subject}` after it was read is removed unseen"),
        Property::Convergence => format!("`{subject}` does not end with the newest version"),
    }
}

/// What is used up for the effect of a breach.
fn spent<'b>(built: &'b Built<'_>, breach: Breach) -> &'b str {
    let mut spends = built.slice.promises.spends.iter();
    let spend = spends.find(|spend| Subject::Effect(spend.effect) == breach.subject);
    let item = spend.and_then(|spend| built.slice.program.items.get(spend.item.index()));
    item.map_or("?", |item| item.name.as_str())
}

fn not_enough(built: &Built<'_>, fix: Shortcut, left: &explore::Trace) -> NotEnough {
    let fix = match fix {
        Shortcut::LookUpFirst => "looking the key up first and recording it after the effect",
        Shortcut::RetryCalls => "trying failed calls again",
    };
    NotEnough { fix: fix.to_owned(), trace: trace(built, left) }
}

fn practice(practice: Practice) -> &'static str {
    match practice {
        Practice::AtomicKey => {
            "an idempotency key, recorded under a unique constraint in the transaction of the effect"
        }
        Practice::Inbox => "message ids, recorded in the transaction of the effect",
        Practice::AckAfterCommit => "acknowledging after the last write",
        Practice::Outbox => "an outbox row in the transaction of the write",
        Practice::CompareAndSet => "a conditional write on the version that was read",
        Practice::Fencing => "a fencing token the store checks",
        Practice::VersionCheck => "a version that is written only over an older one",
        Practice::ExpiringCache => "a time to live on the cache entry",
        Practice::HandleErrors => "handling every error of the callee",
        Practice::AnswerLast => "answering after the last write",
        Practice::ClaimFirst => "taking it away by a conditional write on what was read, before acting on it",
        Practice::Compensation => "compensation of every step, also of those with an unknown outcome",
        Practice::SagaLog => "a durable log that resumes the operation after a crash",
    }
}
