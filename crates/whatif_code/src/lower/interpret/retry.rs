//! Functions a library runs: in the background, behind a breaker, again until they work.

use super::call::Argument;
use super::library::{Use, find};
use super::state::Interpreter;
use crate::knowledge::{Does, Found};
use crate::lower::values::{Abs, Kind};
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
        let repeats = call.form.does == Does::Retry || policy("repeats");
        if breaks {
            self.breakers.push((call.library.name.clone(), call.span));
        }
        let result = self.call_value(&function, &args, call.range);
        self.diverged = None;
        if breaks {
            self.breakers.pop();
        }
        let steps = self.close_block();
        match call.form.does {
            Does::Spawn => {
                self.discard(&result);
                self.push_spawn(steps, call.span);
            }
            _ if repeats && !steps.is_empty() => {
                let found = Found { library: call.library, form: call.form };
                let own = call.receiver.filter(|receiver| matches!(receiver.kind, Kind::Object(_)));
                let args: Vec<Argument<'a>> = call.args.iter().cloned().chain(own.cloned().map(Argument::of)).collect();
                let retry = self.library_retry(found, &args, call.span);
                self.fresh_per_attempt(first);
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

    /// A retry that is configured rather than run: an object with the settings.
    fn retry_property(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.make(call)
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
        let options = self.retry_options(args);
        let option = |key: &str| {
            property(key).or_else(|| options.iter().find(|(name, _)| &**name == key).map(|(_, value)| value.clone()))
        };
        let fixed = found.form.set.get("attempts").map(|text| Abs::text(text.clone()));
        let counted =
            if found.form.set.get("retry_counts").is_some_and(|counts| counts == "retries") { 1.0 } else { 0.0 };
        let attempts = match option("attempts").or(fixed) {
            Some(value) => match value.as_number() {
                Some(count) => Fact::known(
                    Attempts::Limited((count + counted).clamp(0.0, 1e9) as u32),
                    Evidence::stated(Stage::Code, span, "attempts are limited"),
                ),
                None => Fact::Unknown,
            },
            None => match (&how, default) {
                (Some(how), Some(default)) if default.attempts > 0 => {
                    Fact::known(Attempts::Limited(default.attempts), how.clone())
                }
                (Some(how), Some(_)) if option("stop").is_none() => Fact::known(Attempts::Unlimited, how.clone()),
                _ => Fact::Unknown,
            },
        };
        let stated = Evidence::stated(Stage::Code, span, "set here");
        let unit = if option("unit").and_then(|unit| unit.as_text()).as_deref() == Some("ms") { 1.0 } else { 1e3 };
        let pause = |value: &Abs<'a>| value.as_millis(unit).unwrap_or(0);
        let backoff = match (option("exponential"), option("pause")) {
            (Some(value), _) => Fact::known(Backoff::Exponential(pause(&value)), stated.labelled("the pause grows")),
            (None, Some(value)) if option("factor").is_some() => {
                Fact::known(Backoff::Exponential(pause(&value)), stated.labelled("the pause grows"))
            }
            (None, Some(value)) => {
                Fact::known(Backoff::Fixed(pause(&value)), stated.labelled("the same pause each time"))
            }
            (None, None) => match (&how, default) {
                (Some(how), Some(default)) if default.exponential => {
                    Fact::known(Backoff::Exponential(default.backoff), how.clone())
                }
                (Some(how), Some(default)) if default.backoff > 0 => {
                    Fact::known(Backoff::Fixed(default.backoff), how.clone())
                }
                (Some(how), Some(_)) => Fact::known(Backoff::None, how.clone()),
                _ => Fact::Unknown,
            },
        };
        let jitter = match (option("jitter"), &how, default) {
            (Some(_), ..) => Fact::known(true, stated.labelled("the pause is randomised")),
            (None, Some(how), Some(default)) if default.jitter => Fact::known(true, how.clone()),
            (None, ..) => Fact::absent(stated.labelled("the pause is not randomised")),
        };
        Retry { attempts, backoff, jitter }
    }

    /// Properties of option objects among arguments (`stop=stop_after_attempt(3)`).
    fn retry_options(&self, args: &[Argument<'a>]) -> Vec<(Rc<str>, Abs<'a>)> {
        let objects = args.iter().filter_map(|arg| if let Kind::Object(id) = arg.value.kind { Some(id) } else { None });
        objects
            .flat_map(|id| {
                self.object(id).fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
            })
            .collect()
    }
}
