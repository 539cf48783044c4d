//! Loops: over elements, for ever, over messages and ticks, and again until it works.

use super::state::{Class, Exit, Handler, Interpreter, LoopWatch, Registration};
use crate::ir::{Arm, Expr, ExprKind, LoopHead, Stmt, StmtKind};
use crate::lower::syntax;
use crate::lower::values::{Abs, Kind, Origin, Taint, backoff_of};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Attempts, Backoff, Identity, LoopKind, Retry, Step};
use whatif_model::{Evidence, Fact, Range, Span, Stage, Value};

impl<'a> Interpreter<'a> {
    /// A loop.
    pub(super) fn repeat(&mut self, head: &'a LoopHead, body: &'a [Stmt], range: Range) -> Exit {
        let mut rounds = None;
        let mut bounded = !matches!(head, LoopHead::Forever);
        match head {
            LoopHead::Each { targets, iterable } => {
                self.loops.push(LoopWatch::default());
                let over = self.eval(iterable);
                let taken = self.loops.pop().and_then(|watch| watch.received);
                let taken = taken.filter(|_| self.starting || !self.handles_message());
                if let Some(trigger) = taken.or_else(|| self.channel(&over)) {
                    return self.consume_body(trigger, body, targets.iter().collect(), range);
                }
                if let Some(exit) = self.only_handler(targets, &over, body) {
                    return exit;
                }
                rounds = self.range_of(iterable, &over);
                // Trying one element after the other is no retry: only what counts is.
                let counts = counting(iterable).is_some() || matches!(over.kind, Kind::Object(_) | Kind::Number(_));
                bounded = rounds.is_some() || !counts;
                self.bind_elements(targets, &over, rounds.is_some());
            }
            LoopHead::While(cond) => {
                let (_, value) = self.test(cond);
                if matches!(value.kind, Kind::Bool(true)) {
                    bounded = false;
                }
                rounds = self.bound_of(cond);
            }
            LoopHead::Count { cond, setup } => {
                for stmt in setup {
                    self.exec(std::slice::from_ref(stmt));
                }
                rounds = cond.as_ref().and_then(|cond| self.bound_of(cond)).map(|bound| self.count(bound, setup));
                bounded = cond.is_some();
            }
            LoopHead::Forever => {}
        }
        self.taint_counters(body, head);
        let first = self.next_effect();
        let before = self.snapshot();
        self.loops.push(LoopWatch::default());
        let (exit, steps) = self.round(body);
        let watch = self.loops.pop().unwrap_or_default();
        if let Some(trigger) = self.taken_by(head, &watch) {
            return self.consume_body(trigger, body, Vec::new(), range);
        }
        let after = self.snapshot();
        self.restore(before);
        self.join_names(after);
        let span = self.head_span(head, range);
        if matches!(head, LoopHead::Each { iterable, .. } if counting(iterable) == Some("range_from")) {
            self.endless.insert(span);
        }
        self.finish_loop(steps, &watch, exit, (rounds, bounded, first), span);
        match exit {
            Exit::Returns | Exit::Raises if matches!(head, LoopHead::Forever) && !breaks_out(body) => Exit::Returns,
            _ if matches!(head, LoopHead::Forever) && !breaks_out(body) && !watch.success_leaves => Exit::Returns,
            _ => Exit::Falls,
        }
    }

    /// What was found in one round decides nothing behind the loop.
    fn round(&mut self, body: &'a [Stmt]) -> (Exit, Vec<Step>) {
        let mark = self.held();
        self.open_block();
        let exit = self.exec(body);
        let steps = self.close_block();
        self.release(mark);
        (exit, steps)
    }

    /// Over the handlers of the message in hand, of which there is one, a body runs once.
    fn only_handler(&mut self, targets: &'a [Expr], over: &Abs<'a>, body: &'a [Stmt]) -> Option<Exit> {
        let handler = self.container.in_hand.clone()?;
        let Kind::List(items) = &over.kind else { return None };
        let ([only], [target]) = (items.as_slice(), targets) else { return None };
        if !crate::lower::values::same(&only.kind, &handler.kind) {
            return None;
        }
        self.assign(target, only.clone());
        Some(match self.exec(body) {
            Exit::Breaks | Exit::Continues => Exit::Falls,
            exit => exit,
        })
    }

    /// What starts a round of a loop that takes messages or waits for its time.
    fn taken_by(&self, head: &LoopHead, watch: &LoopWatch<'a>) -> Option<Trigger> {
        let taken = watch.received.clone().filter(|_| self.starting || !self.handles_message());
        taken.or_else(|| self.periodic(head, watch))
    }

    /// A loop of a background service that pauses in every round is a schedule.
    fn periodic(&self, head: &LoopHead, watch: &LoopWatch<'a>) -> Option<Trigger> {
        let is_endless = matches!(head, LoopHead::Forever | LoopHead::While(_));
        let is_retry =
            watch.success_leaves || watch.failure_continues && !watch.pauses.is_empty() && watch.bound.is_some();
        if !is_endless || is_retry || !matches!(self.run.trigger, Some(Trigger::Start)) {
            return None;
        }
        let pause = watch.pauses.first()?;
        let when = match pause.as_millis(self.manners.number_ms) {
            Some(ms) => Value::text(format!("every {} s", ms as f64 / 1000.0)),
            None => pause.as_value(),
        };
        Some(Trigger::Schedule(when))
    }

    fn handles_message(&self) -> bool {
        matches!(self.run.trigger, Some(Trigger::Message { .. }))
    }

    fn finish_loop(
        &mut self,
        steps: Vec<Step>,
        watch: &LoopWatch<'a>,
        exit: Exit,
        head: (Option<u32>, bool, u32),
        span: Span,
    ) {
        let (rounds, bounded, first) = head;
        let leaves = watch.success_leaves || matches!(exit, Exit::Returns | Exit::Breaks);
        let tried = (first..self.next_effect())
            .any(|effect| self.effect(effect).is_some_and(|effect| super::policy::is_bounded(&effect.kind)));
        let is_retry =
            watch.failure_continues && leaves && tried && (rounds.is_some() || !bounded || watch.bound.is_some());
        let kind = if is_retry {
            self.fresh_per_attempt(first);
            let ends = bounded || (self.is_each(&span) && !self.endless.contains(&span));
            LoopKind::Retry(self.retry_of(watch, rounds, ends, span))
        } else if !bounded
            && !leaves
            && !matches!(exit, Exit::Breaks | Exit::Returns)
            && rounds.is_none()
            && !self.is_each(&span)
        {
            LoopKind::Forever
        } else {
            LoopKind::Each
        };
        let bare = steps.iter().all(|step| matches!(step, Step::Return { .. }));
        if bare {
            return self.push_steps(steps);
        }
        self.push_step(Self::loop_step(steps, kind, span));
    }

    /// Identities made since `first` are made again for every attempt.
    pub(super) fn fresh_per_attempt(&mut self, first: u32) {
        let base = self.run.base;
        for (number, made) in self.fresh.range(first..) {
            let Some(effect) = self.run.effects.get_mut((number - base) as usize) else { continue };
            if let (true, Fact::Known(claims)) = (*made >= first, &mut effect.identity) {
                for claim in claims {
                    if let Identity::Fresh { in_retry } = &mut claim.value {
                        *in_retry = true;
                    }
                }
            }
        }
    }

    fn is_each(&self, span: &Span) -> bool {
        self.each_heads.contains(span)
    }

    /// What a hand-written retry does.
    fn retry_of(&self, watch: &LoopWatch<'a>, rounds: Option<u32>, bounded: bool, span: Span) -> Retry {
        let stated = |label: &str| Evidence::stated(Stage::Code, span, label);
        let attempts = match rounds.or(watch.bound) {
            Some(rounds) => Fact::known(Attempts::Limited(rounds), stated(&format!("at most {rounds} attempts"))),
            None if bounded => Fact::Unknown,
            None => Fact::known(Attempts::Unlimited, stated("retries for ever")),
        };
        let Some(pause) = watch.pauses.last() else {
            let backoff = Fact::known(Backoff::None, stated("no pause between attempts"));
            let jitter = Fact::absent(stated("no pause, so no jitter"));
            return Retry { attempts, backoff, jitter, ..Retry::default() };
        };
        let unit = self.manners.number_ms;
        let (backoff, random) = backoff_of(pause, unit);
        let label = match backoff {
            Backoff::Exponential(_) => "the pause grows with every attempt",
            _ => "the same pause after every attempt",
        };
        let jitter = if random {
            Fact::known(true, stated("the pause is randomised"))
        } else {
            Fact::absent(stated("the pause is not randomised"))
        };
        Retry { attempts, backoff: Fact::known(backoff, stated(label)), jitter, ..Retry::default() }
    }

    /// The topic or ticker behind a channel or an iterable.
    pub(super) fn channel(&mut self, over: &Abs<'a>) -> Option<Trigger> {
        let option = over.alternatives().iter().find_map(|option| match option.kind {
            Kind::Object(id) if self.object(id).fields.contains_key("trigger") => Some(id),
            _ => None,
        })?;
        self.trigger_of(option)
    }

    /// Registers the body of a loop as what is done with each message or tick.
    fn consume_body(&mut self, trigger: Trigger, body: &'a [Stmt], targets: Vec<&'a Expr>, range: Range) -> Exit {
        let span = self.span(range);
        if !self.starting
            && matches!(self.run.trigger, Some(Trigger::Message { .. }))
            && self.registrations.iter().any(|r| r.span == span)
        {
            return Exit::Falls;
        }
        let name = self
            .active
            .iter()
            .rev()
            .find_map(|activation| activation.function.map(|f| f.name.clone()).filter(|name| !name.is_empty()));
        let handler =
            Handler::Body { body, targets, frame: self.here(), module: self.module(), name: name.unwrap_or_default() };
        if !self.registrations.iter().any(|known| known.span == span) {
            self.registrations.push(Registration::new(trigger, handler, span));
        }
        Exit::Falls
    }

    /// In a `select` over a ticker or a message channel inside a loop, the arm is what is done each time.
    pub(super) fn tick_arm(&mut self, pattern: &Abs<'a>, arm: &'a Arm) -> bool {
        if !self.in_loop() {
            return false;
        }
        let Some(trigger) = self.channel(pattern) else { return false };
        let Some(first) = arm.patterns.first() else { return false };
        let (targets, body) = match arm.body.split_first() {
            Some((Stmt { kind: StmtKind::Assign { targets, values, .. }, .. }, rest)) if values.is_empty() => {
                (targets.iter().collect(), rest)
            }
            _ => (Vec::new(), arm.body.as_slice()),
        };
        self.consume_body(trigger, body, targets, first.range);
        false
    }

    fn bind_elements(&mut self, targets: &'a [Expr], over: &Abs<'a>, counts: bool) {
        let element = match &over.kind {
            Kind::List(items) | Kind::Tuple(items) => {
                items.iter().cloned().reduce(Abs::join).unwrap_or_else(Abs::unknown).with(&over.from)
            }
            Kind::Object(id) if self.object(*id).class == Class::Dict => self.keyed(over, *id, None),
            _ => Abs::tainted(over.from.without_failures()),
        };
        let counter = if counts { Taint::one(Origin::Counter) } else { Taint::default() };
        match targets {
            [only] if self.is_go() => self.assign(only, Abs::tainted(counter)),
            [key, value] if self.is_go() => {
                self.assign(key, Abs::tainted(Taint::default()));
                self.assign(value, element);
            }
            [only] => self.assign(only, element.with(&counter)),
            _ => {
                for target in targets {
                    self.assign(target, Abs::tainted(element.from.clone()));
                }
            }
        }
    }

    /// `range(3)`, `range 3`: how many rounds.
    fn range_of(&mut self, iterable: &'a Expr, over: &Abs<'a>) -> Option<u32> {
        if self.is_go() {
            return over.as_number().and_then(rounds);
        }
        let ExprKind::Call(call) = &iterable.kind else { return None };
        if call.callee.dotted()? != "range" {
            return None;
        }
        let numbers: Vec<Option<f64>> = call.args.iter().map(|arg| self.eval(&arg.value).as_number()).collect();
        match numbers.as_slice() {
            [Some(end)] => rounds(*end),
            [Some(start), Some(end), ..] => rounds(end - start),
            // The bound is there, its value is not known.
            _ => None,
        }
    }

    /// `i < 3`: the number, one more for `<=`.
    fn bound_of(&mut self, cond: &'a Expr) -> Option<u32> {
        let ExprKind::Binary(op, left, right) = &cond.kind else { return None };
        let limit = match op.as_str() {
            "<" | "<=" | "!=" => self.eval(right),
            ">" | ">=" => self.eval(left),
            "&&" | "and" => return self.bound_of(left).or_else(|| self.bound_of(right)),
            _ => return None,
        };
        let number = limit.as_number()?;
        rounds(if op.ends_with("<=") || op.ends_with(">=") { number + 1.0 } else { number })
    }

    /// Rounds of a counting loop: the bound less where it starts.
    fn count(&mut self, bound: u32, setup: &'a [Stmt]) -> u32 {
        let start = setup.first().and_then(|stmt| match &stmt.kind {
            StmtKind::Assign { values, op, .. } if op.is_empty() => values.first(),
            _ => None,
        });
        let start = start.and_then(|start| self.eval(start).as_number()).and_then(rounds).unwrap_or(0);
        bound.saturating_sub(start)
    }

    /// Names the loop changes in terms of themselves grow from round to round.
    fn taint_counters(&mut self, body: &'a [Stmt], head: &'a LoopHead) {
        let mut names: Vec<&'a str> = syntax::counters(body).into_iter().collect();
        if let LoopHead::Count { setup, .. } = head {
            names.extend(syntax::counters(setup));
        }
        let here = self.here();
        for name in names {
            if let Some(value) = self.frame(here).names.get_mut(name) {
                *value = value.clone().with(&Taint::one(Origin::Counter));
            }
        }
    }

    fn join_names(&mut self, after: std::collections::BTreeMap<&'a str, Abs<'a>>) {
        let here = self.here();
        for (name, value) in after {
            let names = &mut self.frame(here).names;
            let joined = match names.remove(name) {
                Some(old) => value.join(old),
                None => value,
            };
            names.insert(name, joined);
        }
    }

    fn head_span(&mut self, head: &'a LoopHead, range: Range) -> Span {
        let span = match head {
            LoopHead::Each { iterable, .. } => Range { start: range.start, end: iterable.range.end },
            LoopHead::While(cond) => Range { start: range.start, end: cond.range.end },
            LoopHead::Count { cond: Some(cond), .. } => Range { start: range.start, end: cond.range.end },
            _ => Range { start: range.start, end: range.start.saturating_add(3).min(range.end) },
        };
        let span = self.span(span);
        if matches!(head, LoopHead::Each { .. }) {
            self.each_heads.insert(span);
        }
        span
    }

    /// The trigger an object stands for: a consumed topic or a ticker.
    pub(super) fn trigger_of(&self, id: crate::lower::values::ObjectId) -> Option<Trigger> {
        let object = self.object(id);
        let kind = object.fields.get("trigger")?.as_text()?;
        if kind == "schedule" {
            let every = object.fields.get("every");
            let text = every.and_then(|every| every.as_millis(1.0)).map_or_else(
                || every.map_or_else(Value::unknown, Abs::as_value),
                |ms| Value::text(format!("every {} s", ms as f64 / 1000.0)),
            );
            return Some(Trigger::Schedule(text));
        }
        let topic = self.peer_of(id, whatif_model::flow::PeerRole::Topic);
        let auto_ack = self.auto_ack(id);
        Some(Trigger::Message { topic, auto_ack })
    }
}

/// The word a counting iterable is made with: `range(3)`, `range_from(0)`.
fn counting(iterable: &Expr) -> Option<&str> {
    let ExprKind::Call(call) = &iterable.kind else { return None };
    let ExprKind::Name(name) = &call.callee.kind else { return None };
    matches!(name.as_str(), "range" | "range_from").then_some(name.as_str())
}

fn rounds(number: f64) -> Option<u32> {
    (number.is_finite() && number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number as u32)
}

/// Whether some `break` leaves this loop.
fn breaks_out(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => true,
        StmtKind::Loop { .. } => false,
        StmtKind::Switch { .. } => false,
        _ => syntax::parts(stmt).1.into_iter().any(breaks_out),
    })
}
