//! Functions a library runs: in the background, behind a breaker, again until they work.

use super::call::Argument;
use super::library::{Use, find};
use super::state::Interpreter;
use crate::knowledge::{Does, Found};
use crate::lower::values::{Abs, Kind};
use std::collections::BTreeMap;
use std::rc::Rc;
use whatif_model::flow::{Attempts, Backoff, LoopKind, Retry};
use whatif_model::{Evidence, Fact, Span, Stage};

impl<'a> Interpreter<'a> {
    /// Functions given to a library that runs them.
    pub(super) fn run_function(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let Some(function) = self.property(call, "function") else { return self.retry_property(call) };
        if !matches!(
            function.kind,
            Kind::Function(..) | Kind::Closure(_) | Kind::Method(..) | Kind::Library(_) | Kind::Choice(_)
        ) {
            return self.retry_property(call);
        }
        let args = self.passed_on(call);
        let first = self.next_effect();
        self.open_block();
        let policy = |key: &str| call.object().is_some_and(|id| self.object(id).fields.contains_key(key));
        let breaks = call.form.does == Does::Breaker || policy("breaks");
        let repeats = call.form.does == Does::Retry || policy("repeats") || self.is_strategy(call);
        if breaks {
            self.breakers.push((call.library.name.clone(), call.span));
        }
        let is_strategy = self.is_strategy(call);
        if is_strategy {
            self.begin_strategy();
        }
        let result = self.call_value(&function, &args, call.range);
        self.diverged = None;
        let kept = if is_strategy { self.end_strategy() } else { Fact::Unknown };
        if breaks {
            self.breakers.pop();
            self.judge_breaker(first, call);
        }
        let steps = self.close_block();
        if let Some(limit) = self.policy_limit(call) {
            self.limit_effects(first, limit, call.span);
        }
        match call.form.does {
            Does::Spawn => {
                self.discard(&result);
                self.push_spawn(steps, call.span);
            }
            _ if repeats && !steps.is_empty() => {
                let found = Found { library: call.library, form: call.form };
                let own = call.receiver.filter(|receiver| matches!(receiver.kind, Kind::Object(_)));
                let args: Vec<Argument<'a>> = call.args.iter().cloned().chain(own.cloned().map(Argument::of)).collect();
                let mut retry = match self.strategy_retry(call) {
                    Some(retry) => retry,
                    None => self.library_retry(found, &args, call.span),
                };
                retry.flaw = match self.retry_flaw(call, &function) {
                    Fact::Unknown => kept,
                    flaw => flaw,
                };
                if !retry.is_idle() {
                    self.fresh_per_attempt(first);
                }
                let retry = Self::loop_step(steps, LoopKind::Retry(retry), call.span);
                self.push_step(retry);
            }
            _ => self.push_steps(steps),
        }
        match call.receiver {
            Some(receiver) if call.form.does == Does::Run && self.is_fluent(receiver) => receiver.clone(),
            _ => result,
        }
    }

    /// An effect of this run, to add what is found out about it later.
    pub(super) fn effect_mut(&mut self, number: u32) -> Option<&mut whatif_model::flow::Effect> {
        self.run.effects.get_mut(number.checked_sub(self.run.base)? as usize)
    }

    /// What a breaker does not see: answers that tell of a failure and raise nothing, and which destination failed.
    fn judge_breaker(&mut self, first: u32, call: &Use<'a, '_>) {
        let own = call.object();
        let judges = own.is_some_and(|id| self.object(id).fields.contains_key("judges_results"));
        let is_one = own.is_some_and(|id| (id.0 as usize) < self.made_at_start);
        for number in first..self.next_effect() {
            let blind = self.unchecked.contains(&number) && !self.looked.contains(&number) && !judges;
            let Some(effect) = self.effect_mut(number) else { continue };
            effect.policy.breaker_shared |= is_one && effect.policy.caller_chooses;
            if blind {
                let said = "only what raises counts as a failure here";
                effect.policy.breaker_counts = Fact::absent(Evidence::stated(Stage::Code, call.span, said));
            }
        }
    }

    /// A retry that is configured rather than run: an object with the settings.
    fn retry_property(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.make(call)
    }

    /// How long the policy that runs a function lets it take, when it limits it.
    fn policy_limit(&self, call: &Use<'a, '_>) -> Option<Option<u64>> {
        let limit = self.object(call.object()?).fields.get("timeout")?;
        (call.set("limits").is_some()).then(|| limit.as_millis(self.manners.number_ms))
    }

    /// Whether the receiver repeats what it runs because a client was told to repeat what fails.
    fn is_strategy(&self, call: &Use<'a, '_>) -> bool {
        let is_told = |id| self.object(id).fields.contains_key("retry_attempts");
        call.set("strategy").is_some() && call.object().is_some_and(is_told)
    }

    fn strategy_retry(&self, call: &Use<'a, '_>) -> Option<Retry> {
        let id = call.object().filter(|_| self.is_strategy(call))?;
        let attempts = self.object(id).fields.get("retry_attempts")?;
        Some(self.configured_retry(id, attempts, call.span).value().cloned().unwrap_or_default())
    }

    fn passed_on(&self, call: &Use<'a, '_>) -> Vec<Argument<'a>> {
        let Some(spec) = call.form.args.get("arguments") else { return Vec::new() };
        match spec.place {
            Some(crate::knowledge::Place::Receiver) => call.receiver.cloned().map(Argument::of).into_iter().collect(),
            Some(crate::knowledge::Place::From(from)) => {
                let named = call.args.iter().filter(|arg| !arg.name.is_empty());
                call.args.iter().filter(|arg| arg.name.is_empty()).skip(from).chain(named).cloned().collect()
            }
            _ => match find(spec, call.args).map(|arg| arg.value.kind.clone()) {
                Some(Kind::List(items) | Kind::Tuple(items)) => items.iter().cloned().map(Argument::of).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// What a retry library does with these settings.
    pub(super) fn library_retry(&mut self, found: Found<'a>, args: &[Argument<'a>], span: Span) -> Retry {
        let default = found.library.default_of("retry", self.versions);
        let how = default.map(|default| Evidence {
            span,
            stage: Stage::Code,
            how: whatif_model::How::Default { of: found.library.name.clone(), link: default.link.clone() },
            label: default.note.clone(),
        });
        let property =
            |key: &str| found.form.args.get(key).and_then(|spec| find(spec, args)).map(|arg| arg.value.clone());
        let mut options = self.retry_options(args);
        for key in ["attempts", "generator"] {
            options.extend(property(key).map(|value| (Rc::from(key), value)));
        }
        self.settle_pause(&mut options, span.range);
        let option = |key: &str| options.get(key).cloned().or_else(|| property(key));
        let fixed = found.form.set.get("attempts").map(|text| Abs::text(text.clone()));
        let counts_retries = found.form.set.get("retry_counts").is_some_and(|counts| counts == "retries");
        let by_default = how.clone().zip(default);
        let attempts = match option("attempts").or(fixed) {
            Some(value) => stated_attempts(&value, counts_retries, span),
            None => match &by_default {
                Some((how, default)) if default.attempts > 0 => {
                    Fact::known(Attempts::Limited(default.attempts), how.clone())
                }
                Some((how, _)) if option("stop").is_none() => Fact::known(Attempts::Unlimited, how.clone()),
                _ => Fact::Unknown,
            },
        };
        let stated = Evidence::stated(Stage::Code, span, "set here");
        let backoff = stated_backoff(&option, &stated).unwrap_or_else(|| {
            by_default.as_ref().map_or(Fact::Unknown, |(how, default)| default_backoff(default, how))
        });
        let jitter = match (option("jitter"), &how, default) {
            (Some(Abs { kind: Kind::Bool(false), .. }), ..) => {
                Fact::absent(stated.labelled("the pause is not randomised"))
            }
            (Some(_), ..) => Fact::known(true, stated.labelled("the pause is randomised")),
            (None, Some(how), Some(default)) if default.jitter => Fact::known(true, how.clone()),
            (None, ..) => Fact::absent(stated.labelled("the pause is not randomised")),
        };
        Retry { attempts, backoff, jitter, ..Retry::default() }
    }

    /// Properties of option objects among arguments (`stop=stop_after_attempt(3)`).
    fn retry_options(&self, args: &[Argument<'a>]) -> BTreeMap<Rc<str>, Abs<'a>> {
        let objects = args.iter().filter_map(|arg| if let Kind::Object(id) = arg.value.kind { Some(id) } else { None });
        let mut options = BTreeMap::new();
        for (key, value) in objects.flat_map(|id| &self.object(id).fields) {
            options.entry(key.clone()).or_insert_with(|| value.clone());
        }
        options
    }
}

/// How often it is tried, by what the program says; libraries count attempts or only the repeats.
fn stated_attempts(value: &Abs<'_>, counts_retries: bool, span: Span) -> Fact<Attempts> {
    let stated = |label: &str| Evidence::stated(Stage::Code, span, label);
    let first = if counts_retries { 1.0 } else { 0.0 };
    match value.as_number() {
        Some(count) => {
            Fact::known(Attempts::Limited((count + first).clamp(0.0, 1e9) as u32), stated("attempts are limited"))
        }
        None if value.as_text().as_deref() == Some("unlimited") => {
            Fact::known(Attempts::Unlimited, stated("repeats until it works"))
        }
        None => Fact::Unknown,
    }
}

/// The pause, by what the program says; `None` when it says nothing about it.
fn stated_backoff<'a>(option: &impl Fn(&str) -> Option<Abs<'a>>, stated: &Evidence) -> Option<Fact<Backoff>> {
    let unit = if option("unit").and_then(|unit| unit.as_text()).as_deref() == Some("ms") { 1.0 } else { 1e3 };
    let pause = |value: &Abs<'a>| value.as_millis(unit).unwrap_or(0);
    let growing = |first: u64| Fact::known(Backoff::Exponential(first), stated.labelled("the pause grows"));
    let grows = option("growth").and_then(|growth| growth.as_text()).is_some_and(|growth| growth != "fixed");
    Some(match (option("exponential"), option("pause")) {
        (None, value) if grows => growing(value.as_ref().map_or(0, pause)),
        (Some(value), _) => growing(pause(&value)),
        (None, Some(value)) if option("factor").is_some() => growing(pause(&value)),
        (None, Some(value)) => Fact::known(Backoff::Fixed(pause(&value)), stated.labelled("the same pause each time")),
        (None, None) => return None,
    })
}

fn default_backoff(default: &crate::knowledge::Default, how: &Evidence) -> Fact<Backoff> {
    let backoff = match (default.exponential, default.backoff) {
        (true, first) => Backoff::Exponential(first),
        (false, 0) => Backoff::None,
        (false, pause) => Backoff::Fixed(pause),
    };
    Fact::known(backoff, how.clone())
}
