//! Policies that are put together first and run something later: pipelines of retries, limits and breakers, and
//! clients that send everything through one.

use super::call::Argument;
use super::library::Use;
use super::state::Interpreter;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint, backoff_of};
use std::collections::BTreeMap;
use std::rc::Rc;
use whatif_model::flow::{Backoff, Bound, RetryFlaw, Timeout, TimeoutKind};
use whatif_model::{Evidence, Fact, Range, Span, Stage};

/// Properties of a policy, and what they are called on a client that sends through it.
const OF_CLIENT: [(&str, &str); 6] = [
    ("attempts", "retry_attempts"),
    ("retry_counts", "retry_counts"),
    ("pause", "retry_backoff"),
    ("growth", "retry_growth"),
    ("jitter", "retry_jitter"),
    ("timeout", "timeout"),
];

impl<'a> Interpreter<'a> {
    /// `client.AddPolicyHandler(policy)`, `builder.AddRetry(options)`: what the policy says, its receiver does.
    pub(super) fn guard(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let receiver = call.receiver.cloned().unwrap_or_else(Abs::unknown);
        let Some(id) = call.object() else { return receiver };
        let mut fields: BTreeMap<Rc<str>, Abs<'a>> =
            call.form.set.iter().map(|(key, text)| (Rc::from(key.as_str()), Abs::text(text.clone()))).collect();
        for key in call.form.args.keys().filter(|key| *key != "policy") {
            if let Some(argument) = call.argument(key)
                && !is_function(&argument.value)
            {
                fields.insert(Rc::from(key.as_str()), argument.value.clone());
            }
        }
        match self.policy_given(call) {
            Given::Nothing => {}
            Given::Policy(policy) => fields.extend(self.policy_fields(policy)),
            // What is decided for each request is not known for all of them.
            Given::Unknown => {
                fields.insert(Rc::from("attempts"), Abs::unknown());
            }
        }
        self.settle_pause(&mut fields, call.range);
        if call.set("onto") == Some("client") {
            fields = self.of_client(fields, call);
        }
        for (key, value) in fields.into_iter().filter(|(key, _)| &**key != "onto") {
            self.heap[id.0 as usize].fields.insert(key, value);
        }
        receiver
    }

    /// The policy among the arguments: an object, or what a function makes or sets up.
    fn policy_given(&mut self, call: &Use<'a, '_>) -> Given {
        let by_place = call.argument("policy").filter(|arg| !matches!(arg.value.kind, Kind::Text(_) | Kind::Unknown));
        let policy = by_place.or_else(|| call.args.iter().find(|arg| is_function(&arg.value)));
        let Some(policy) = policy.map(|arg| arg.value.clone()) else { return Given::Nothing };
        match &policy.kind {
            Kind::Object(id) => Given::Policy(*id),
            Kind::Closure(_) | Kind::Function(..) => {
                let count = match &policy.kind {
                    Kind::Closure(closure) => closure.function.params.len(),
                    Kind::Function(id, _) => self.program.function(*id).ir.params.len(),
                    _ => 0,
                };
                let builder = crate::knowledge::symbol(&call.library.prefix, &call.form.gives);
                let builder = self.library_object(&builder, Some(call.span));
                let args: Vec<Argument<'a>> = std::iter::once(builder.clone())
                    .chain(std::iter::repeat_n(Abs::unknown(), count.saturating_sub(1)))
                    .map(Argument::of)
                    .collect();
                let made = self.call_value(&policy, &args, call.range);
                self.diverged = None;
                match (made.kind, builder.kind) {
                    (Kind::Object(id), _) if !self.object(id).fields.is_empty() => Given::Policy(id),
                    (Kind::Choice(_), _) => Given::Unknown,
                    (_, Kind::Object(id)) => Given::Policy(id),
                    _ => Given::Unknown,
                }
            }
            _ => Given::Unknown,
        }
    }

    /// What a policy says, the options inside it included.
    fn policy_fields(&self, policy: ObjectId) -> BTreeMap<Rc<str>, Abs<'a>> {
        let mut fields = self.object(policy).fields.clone();
        fields.retain(|key, _| !["library", "technology"].contains(&&**key));
        let parts: Vec<ObjectId> = fields
            .values()
            .filter_map(|value| if let Kind::Object(id) = value.kind { Some(id) } else { None })
            .filter(|id| *id != policy && matches!(self.object(*id).class, super::state::Class::Library(_)))
            .collect();
        for part in parts {
            for (key, value) in &self.object(part).fields {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        fields
    }

    /// A pause that a function computes for each attempt: how it grows, and whether it is random.
    pub(super) fn settle_pause(&mut self, fields: &mut BTreeMap<Rc<str>, Abs<'a>>, range: Range) {
        // `WaitAndRetry(new[] { 1 s, 2 s })`: the pauses count the attempts.
        if matches!(fields.get("attempts").map(|attempts| &attempts.kind), Some(Kind::List(_)))
            && let Some(pauses) = fields.remove("attempts")
        {
            fields.insert(Rc::from("generator"), pauses);
        }
        if let Some(Kind::Number(seconds)) = fields.get("limit").map(|limit| limit.kind.clone()) {
            fields.insert(Rc::from("timeout"), Kind::Millis(seconds * 1e3).into());
        } else if let Some(limit) = fields.remove("limit") {
            fields.insert(Rc::from("timeout"), limit);
        }
        let Some(generator) = fields.remove("generator") else { return };
        if let Kind::List(pauses) = &generator.kind {
            let count = pauses.len() as f64;
            if let Some(first) = pauses.first() {
                fields.insert(Rc::from("pause"), first.clone());
                let same = pauses.iter().all(|pause| crate::lower::values::same(&pause.kind, &first.kind));
                fields.insert(Rc::from("growth"), Abs::text(if same { "fixed" } else { "exponential" }));
            }
            fields.entry(Rc::from("attempts")).or_insert(Kind::Number(count).into());
            return;
        }
        if !matches!(generator.kind, Kind::Closure(_) | Kind::Function(..)) {
            if matches!(generator.kind, Kind::Millis(_)) {
                fields.insert(Rc::from("pause"), generator);
            }
            return;
        }
        let attempt = Abs::tainted(Taint::one(Origin::Counter));
        let args: Vec<Argument<'a>> = std::iter::repeat_n(attempt, 3).map(Argument::of).collect();
        let pause = self.call_value(&generator, &args, range);
        self.diverged = None;
        let (backoff, random) = backoff_of(&pause, self.manners.number_ms);
        let growth = if matches!(backoff, Backoff::Exponential(_)) { "exponential" } else { "fixed" };
        fields.insert(Rc::from("growth"), Abs::text(growth));
        fields.insert(Rc::from("jitter"), Kind::Bool(random).into());
        // What it begins with is not known where it is computed.
        let first = pause.as_millis(self.manners.number_ms).filter(|_| growth == "fixed").unwrap_or(0);
        fields.insert(Rc::from("pause"), Kind::Millis(first as f64).into());
    }

    /// The same under the names that a client's own retries have.
    fn of_client(&self, mut fields: BTreeMap<Rc<str>, Abs<'a>>, call: &Use<'a, '_>) -> BTreeMap<Rc<str>, Abs<'a>> {
        let mut renamed = BTreeMap::new();
        let repeats = fields.contains_key("repeats") || fields.contains_key("attempts");
        for (of_policy, of_client) in OF_CLIENT {
            let belongs = repeats || of_policy == "timeout";
            if let Some(value) = fields.remove(of_policy).filter(|_| belongs) {
                renamed.insert(Rc::from(of_client), value);
            }
        }
        if fields.contains_key("breaks") {
            renamed.insert(Rc::from("breaker"), Abs::text(call.library.name.clone()));
        }
        for (key, value) in fields {
            if ["breaker", "timeout_kind", "default_of", "default_link"].contains(&&*key)
                || key.starts_with("retry_") && key.as_ref() != "retry_counts"
            {
                renamed.entry(key).or_insert(value);
            }
        }
        renamed
    }

    /// A retry that runs a function which returns before its work is done.
    pub(super) fn retry_flaw(&self, call: &Use<'a, '_>, function: &Abs<'a>) -> Fact<RetryFlaw> {
        let is_async = match &function.kind {
            Kind::Closure(closure) => closure.function.is_async,
            Kind::Function(id, _) => self.program.function(*id).ir.is_async,
            _ => false,
        };
        if call.set("waits") != Some("no") || !is_async {
            return Fact::Unknown;
        }
        let label = "runs an asynchronous function and is done when that has begun";
        Fact::known(RetryFlaw::Unawaited, Evidence::stated(Stage::Code, call.span, label))
    }

    /// What was done since an effect ends after a time.
    pub(super) fn limit_effects(&mut self, first: u32, limit: Option<u64>, span: Span) {
        let base = self.run.base;
        for number in first..self.next_effect() {
            let Some(effect) = self.run.effects.get_mut((number - base) as usize) else { continue };
            if !super::policy::is_bounded(&effect.kind) {
                continue;
            }
            effect.policy.timeout = match (limit, effect.policy.timeout.value()) {
                (Some(limit), Some(own)) if matches!(own.bound, Bound::Millis(own) if own <= limit) => continue,
                (Some(limit), _) => Fact::known(
                    Timeout { bound: Bound::Millis(limit), kind: TimeoutKind::Total },
                    Evidence::stated(Stage::Code, span, format!("given up after {limit} ms")),
                ),
                (None, _) => Fact::Unknown,
            };
        }
    }
}

/// A block that a store's client repeats as a whole.
pub(crate) struct Strategy {
    /// What was made for this attempt only.
    made: Vec<ObjectId>,
    /// Where something that outlives the attempt was written.
    kept: Option<Span>,
    /// Whether what an attempt changed in memory is forgotten.
    forgets: bool,
}

impl<'a> Interpreter<'a> {
    pub(super) fn begin_strategy(&mut self) {
        self.strategies.push(Strategy { made: Vec::new(), kept: None, forgets: false });
    }

    /// Whether the block left changes in memory that another attempt would find.
    pub(super) fn end_strategy(&mut self) -> Fact<RetryFlaw> {
        match self.strategies.pop() {
            Some(Strategy { kept: Some(at), forgets: false, .. }) => {
                let label = "saves a unit of work that was made before the attempt";
                Fact::known(RetryFlaw::KeepsChanges, Evidence::stated(Stage::Code, at, label))
            }
            _ => Fact::Unknown,
        }
    }

    /// A unit of work is written.
    pub(super) fn note_saved(&mut self, session: ObjectId, at: Span) {
        if let Some(strategy) = self.strategies.last_mut()
            && !strategy.made.contains(&session)
        {
            strategy.kept.get_or_insert(at);
        }
    }

    /// An object is made, or asked of a container, inside the block.
    pub(super) fn note_made(&mut self, value: &Abs<'a>) {
        if let (Some(strategy), Kind::Object(id)) = (self.strategies.last_mut(), &value.kind) {
            strategy.made.push(*id);
        }
    }

    /// What was changed in memory is forgotten.
    pub(super) fn note_forgotten(&mut self) {
        if let Some(strategy) = self.strategies.last_mut() {
            strategy.forgets = true;
        }
    }
}

fn is_function(value: &Abs<'_>) -> bool {
    matches!(value.kind, Kind::Closure(_) | Kind::Function(..))
}

/// What stands where a policy is expected.
enum Given {
    /// No argument.
    Nothing,
    /// An object.
    Policy(ObjectId),
    /// Something that is not understood.
    Unknown,
}
