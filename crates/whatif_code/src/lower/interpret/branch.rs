//! Branches: which paths there are, and which of them handle the failure of an effect.

use super::outcome::Test;
use super::state::{Exit, Interpreter, NEST_MAX, Watch};
use crate::ir::{Arm, Expr, ExprKind, Stmt, StmtKind};
use crate::lower::values::{Abs, Kind};
use std::collections::BTreeMap;
use whatif_model::Range;
use whatif_model::flow::{OnError, Outcome, Step};

/// Deepest nesting of blocks below which the rest of a list moves into the arm that goes on.
const BLOCKS_MAX: usize = 60;

/// One arm after it was run.
pub(super) struct Ran<'a> {
    pub(super) steps: Vec<Step>,
    pub(super) exit: Exit,
    pub(super) watch: Watch,
    pub(super) names: BTreeMap<&'a str, Abs<'a>>,
}

impl<'a> Interpreter<'a> {
    /// `if`; `rest` is what follows it in its list.
    pub(super) fn branch(
        &mut self,
        cond: &'a Expr,
        then: &'a [Stmt],
        otherwise: &'a [Stmt],
        rest: &'a [Stmt],
        range: Range,
    ) -> Exit {
        let (test, value) = self.test(cond);
        if let Kind::Bool(known) = value.kind {
            let exit = self.exec(if known { then } else { otherwise });
            return if exit == Exit::Falls { self.exec(rest) } else { exit };
        }
        if let Some(exit) = self.diverged.take() {
            return exit;
        }
        let before = self.snapshot();
        let (failing, guards) = (test.failing_arm(), test.effects());
        let (mark, at) = (self.held(), self.span(cond.range));
        self.suppose(&test.asked, true, at);
        let first = self.arm(then, if failing == Some(true) { &guards } else { &[] }, &before);
        self.release(mark);
        if failing.is_none()
            && first.exit != Exit::Falls
            && let [Stmt { kind: StmtKind::If { cond, then, otherwise }, range: inner }] = otherwise
            && self.nest < NEST_MAX
        {
            self.suppose(&test.asked, false, at);
            let (exit, second) = self.chained(before, |this| this.branch(cond, then, otherwise, rest, *inner));
            self.carry_on(mark, first.exit);
            return self.after_chain(first, exit, second, range);
        }
        self.suppose(&test.asked, false, at);
        let second = self.arm(otherwise, if failing == Some(false) { &guards } else { &[] }, &before);
        self.release(mark);
        // What follows an arm that ends is reached under the other answer only.
        let (goes_on, ended) = match (first.exit, second.exit) {
            (Exit::Falls, Exit::Falls) => (None, Exit::Falls),
            (Exit::Falls, ended) => (Some(true), ended),
            (ended, Exit::Falls) => (Some(false), ended),
            (ended, _) => (None, ended),
        };
        if let Some(holds) = goes_on {
            self.suppose(&test.asked, holds, at);
        }
        let exit = match failing {
            Some(in_then) => self.after_failure_test(first, second, in_then, &guards, &test, rest, range),
            None => self.after_branch(first, second, rest, range),
        };
        self.carry_on(mark, ended);
        exit
    }

    /// `else if` behind an arm that ends: what follows belongs to those of its arms that go on, so it is run inside it.
    fn chained(
        &mut self,
        before: BTreeMap<&'a str, Abs<'a>>,
        run: impl FnOnce(&mut Self) -> Exit,
    ) -> (Exit, Vec<Step>) {
        self.restore(before);
        self.nest += 1;
        self.open_block();
        let exit = run(self);
        let steps = self.close_block();
        self.nest -= 1;
        (exit, steps)
    }

    fn after_chain(&mut self, first: Ran<'a>, exit: Exit, second: Vec<Step>, range: Range) -> Exit {
        self.watch.assigned |= first.watch.assigned;
        let span = self.span(range);
        self.push_branch(vec![first.steps, second], span);
        if exit == Exit::Falls || exit == first.exit { exit } else { mixed(exit, first.exit) }
    }

    /// The arms of a branch that tells nothing about a failure.
    fn after_branch(&mut self, first: Ran<'a>, second: Ran<'a>, rest: &'a [Stmt], range: Range) -> Exit {
        let span = self.span(range);
        self.watch.logged |= first.watch.logged && second.watch.logged;
        self.watch.assigned |= first.watch.assigned || second.watch.assigned;
        let ends = |ran: &Ran<'_>| ran.exit != Exit::Falls;
        if ends(&first) && ends(&second) {
            let exit = if first.exit == second.exit { first.exit } else { mixed(first.exit, second.exit) };
            self.watch.failed |= first.watch.failed && second.watch.failed;
            self.watch.returned_failure |= first.watch.returned_failure && second.watch.returned_failure;
            self.push_branch(vec![first.steps, second.steps], span);
            return exit;
        }
        if (ends(&first) || ends(&second)) && self.run.blocks.len() < BLOCKS_MAX {
            let (ended, mut going) = if ends(&first) { (first, second) } else { (second, first) };
            self.restore(std::mem::take(&mut going.names));
            self.open_block();
            self.push_steps(going.steps);
            let exit = self.exec(rest);
            let steps = self.close_block();
            self.push_branch(vec![ended.steps, steps], span);
            return match exit {
                Exit::Falls => Exit::Falls,
                exit if exit == ended.exit => exit,
                exit => mixed(exit, ended.exit),
            };
        }
        self.merge(first.names, second.names);
        self.push_branch(vec![first.steps, second.steps], span);
        self.exec(rest)
    }

    /// The arms of a branch one of which runs when effects failed.
    #[expect(clippy::too_many_arguments)]
    fn after_failure_test(
        &mut self,
        first: Ran<'a>,
        second: Ran<'a>,
        failing_is_first: bool,
        effects: &[u32],
        test: &Test<'a>,
        rest: &'a [Stmt],
        range: Range,
    ) -> Exit {
        let (failed, worked) = if failing_is_first { (first, second) } else { (second, first) };
        let has_effects = self.has_remote(&failed.steps);
        let retrying = matches!(failed.exit, Exit::Continues | Exit::Falls) && self.in_loop();
        // The path on which it worked goes on after the test; a failing path that falls through joins it.
        if failed.exit == Exit::Falls {
            self.merge(failed.names.clone(), worked.names.clone());
        } else {
            self.restore(worked.names.clone());
            self.clear_failures(test);
        }
        let splits = worked.exit != Exit::Falls && failed.exit == Exit::Falls && !worked.steps.is_empty();
        let exit = if splits {
            // Only the path on which it worked ends here: what follows belongs to the failure.
            self.open_block();
            self.push_steps(failed.steps.clone());
            let exit = self.exec(rest);
            let steps = self.close_block();
            let span = self.span(range);
            self.push_branch(vec![worked.steps.clone(), steps], span);
            if exit == Exit::Falls { Exit::Falls } else { mixed(exit, worked.exit) }
        } else {
            self.place_handler(failed.steps.clone(), effects, worked.steps.is_empty(), range);
            self.push_steps(worked.steps.clone());
            if worked.exit == Exit::Falls { self.exec(rest) } else { worked.exit }
        };
        let leaves = matches!(worked.exit, Exit::Returns | Exit::Breaks)
            || (failed.exit == Exit::Continues && matches!(exit, Exit::Returns | Exit::Breaks));
        if retrying && leaves {
            if let Some(watch) = self.loops.last_mut() {
                watch.failure_continues = true;
                watch.success_leaves = true;
            }
        } else {
            let what = self.handling(&failed.watch, failed.exit, has_effects);
            // A loop that waits after a failure and goes on tries again in its next round.
            let waits = self.in_loop() && self.has_pause(&failed.steps);
            let what = what.map(|what| if waits && what == OnError::Discard { OnError::Handle } else { what });
            if let Some(what) = what {
                self.decide(effects.to_vec(), what);
            }
        }
        if worked.exit != Exit::Falls && failed.exit == Exit::Falls && !splits {
            return self.exec(rest);
        }
        exit
    }

    /// Writes down what is done when an effect failed, if it is more than giving up.
    fn place_handler(&mut self, steps: Vec<Step>, effects: &[u32], simple: bool, range: Range) {
        if !self.has_remote(&steps) {
            return;
        }
        let base = self.run.base;
        let is_one = |step: &Step| contains(step, effects, base);
        let span = self.span(range);
        let own = &mut self.block().steps;
        match own.iter().position(is_one) {
            Some(at) if simple => {
                let body = own.split_off(at);
                self.push_step(Step::Try { body, handler: steps, finally: Vec::new(), span });
            }
            _ => self.push_branch(vec![steps, Vec::new()], span),
        }
    }

    /// `switch`, `select`, `match`.
    pub(super) fn switch(&mut self, subject: Option<&'a Expr>, arms: &'a [Arm], is_select: bool, range: Range) -> Exit {
        let (mark, at) = (self.held(), self.span(subject.map_or(range, |subject| subject.range)));
        let asked = subject.map(|subject| self.switched(subject)).unwrap_or_default();
        let before = self.snapshot();
        let mut ran: Vec<Ran<'a>> = Vec::new();
        let mut has_default = is_select;
        for arm in arms {
            has_default |= arm.patterns.is_empty();
            self.restore(before.clone());
            for pattern in &arm.patterns {
                let value = self.eval(pattern);
                if is_select && self.tick_arm(&value, arm) {
                    return Exit::Falls;
                }
            }
            self.suppose(&asked, true, at);
            ran.push(self.arm(&arm.body, &[], &before));
            self.release(mark);
        }
        let span = self.span(range);
        let falls = |ran: &Ran<'_>| matches!(ran.exit, Exit::Falls | Exit::Breaks);
        let any_falls = !has_default || ran.iter().any(falls);
        let exit = ran.iter().map(|ran| ran.exit).reduce(mixed).unwrap_or(Exit::Falls);
        let mut names = if has_default { None } else { Some(before) };
        for arm in &mut ran {
            if falls(arm) {
                let next = std::mem::take(&mut arm.names);
                names = Some(match names {
                    Some(names) => self.joined(names, next),
                    None => next,
                });
            }
        }
        if let Some(names) = names {
            self.restore(names);
        }
        let mut blocks: Vec<Vec<Step>> = ran.into_iter().map(|ran| ran.steps).collect();
        if !has_default {
            blocks.push(Vec::new());
        }
        self.push_branch(blocks, span);
        if any_falls { Exit::Falls } else { exit }
    }

    /// What a `switch` asks: which value it is decides.
    fn switched(&mut self, subject: &'a Expr) -> Vec<super::condition::Asked> {
        let value = self.eval(subject);
        self.asked(subject, &value)
            .into_iter()
            .map(|asked| super::condition::Asked { when: [None; 2], ..asked })
            .collect()
    }

    /// Runs one arm from the given names.
    pub(super) fn arm(&mut self, body: &'a [Stmt], guards: &[u32], before: &BTreeMap<&'a str, Abs<'a>>) -> Ran<'a> {
        self.restore(before.clone());
        let outer = std::mem::take(&mut self.watch);
        let depth = self.guards.len();
        self.guards.extend_from_slice(guards);
        let left = self.chain_left();
        self.open_block();
        let exit = self.exec(body);
        let steps = self.close_block();
        if exit != Exit::Falls {
            self.rewind_chain(left);
        }
        self.guards.truncate(depth);
        let watch = std::mem::replace(&mut self.watch, outer);
        Ran { steps, exit, watch, names: self.snapshot() }
    }

    pub(super) fn in_loop(&self) -> bool {
        self.loops.len() > self.active.last().map_or(0, |activation| activation.loops)
    }

    /// The names of the current frame.
    pub(super) fn snapshot(&self) -> BTreeMap<&'a str, Abs<'a>> {
        self.frames[self.here().0 as usize].names.clone()
    }

    pub(super) fn restore(&mut self, names: BTreeMap<&'a str, Abs<'a>>) {
        let here = self.here();
        self.frame(here).names = names;
    }

    fn merge(&mut self, a: BTreeMap<&'a str, Abs<'a>>, b: BTreeMap<&'a str, Abs<'a>>) {
        let names = self.joined(a, b);
        self.restore(names);
    }

    pub(super) fn joined(
        &self,
        mut a: BTreeMap<&'a str, Abs<'a>>,
        b: BTreeMap<&'a str, Abs<'a>>,
    ) -> BTreeMap<&'a str, Abs<'a>> {
        for (name, value) in b {
            let joined = match a.remove(name) {
                Some(old) => old.join(value),
                None => value,
            };
            a.insert(name, joined);
        }
        a
    }

    /// Adds a branch unless every arm is empty; arms without steps are kept once.
    pub(super) fn push_branch(&mut self, arms: Vec<Vec<Step>>, span: whatif_model::Span) {
        if arms.iter().all(Vec::is_empty) {
            return;
        }
        if arms.iter().flatten().all(|step| self.is_clock(step)) {
            // Which arm read the clock does not matter to anybody.
            return self.push_steps(arms.into_iter().flatten().take(1).collect());
        }
        if arms.len() == 1 {
            return self.push_steps(arms.into_iter().flatten().collect());
        }
        let mut kept: Vec<Vec<Step>> = Vec::new();
        for arm in arms {
            if !kept.contains(&arm) {
                kept.push(arm);
            }
        }
        if kept.len() == 1 && !matches!(kept[0].as_slice(), [Step::Return { .. }]) {
            return self.push_steps(kept.remove(0));
        }
        self.push_step(Step::Branch { arms: kept, span });
    }

    fn is_clock(&self, step: &Step) -> bool {
        let Step::Effect(id) = step else { return false };
        self.run
            .effects
            .get(id.0 as usize)
            .is_some_and(|effect| effect.kind == whatif_model::flow::EffectKind::ClockRead)
    }

    /// After a test that ended the failing path, the tested name holds no failure any more.
    fn clear_failures(&mut self, test: &Test<'a>) {
        if let Some(name) = test.name {
            let here = self.here();
            if let Some(value) = self.frame(here).names.get_mut(name) {
                *value = Abs { kind: value.kind.clone(), from: value.from.without_failures() };
            }
        }
    }

    fn has_pause(&self, steps: &[Step]) -> bool {
        use whatif_model::flow::EffectKind;
        steps.iter().any(|step| match step {
            Step::Effect(id) => {
                self.run.effects.get(id.0 as usize).is_some_and(|effect| matches!(effect.kind, EffectKind::Sleep(_)))
            }
            _ => false,
        })
    }

    /// Whether steps hold an effect that other processes see.
    pub(super) fn has_remote(&self, steps: &[Step]) -> bool {
        use whatif_model::flow::EffectKind as E;
        steps.iter().any(|step| match step {
            Step::Effect(id) => self.run.effects.get(id.0 as usize).is_some_and(|effect| {
                !matches!(effect.kind, E::Respond(_) | E::Sleep(_) | E::ClockRead | E::NewIdentity | E::KeyRead { .. })
            }),
            Step::Return { .. } => false,
            other => other.blocks().into_iter().any(|block| self.has_remote(block)),
        })
    }

    /// What an arm that runs when effects failed does about it; `None`: the failure goes on to the caller.
    pub(super) fn handling(&self, watch: &Watch, exit: Exit, has_effects: bool) -> Option<OnError> {
        if watch.crashed {
            return Some(OnError::Crash);
        }
        if exit == Exit::Raises {
            return has_effects.then_some(OnError::Handle);
        }
        if watch.failed || (watch.returned_failure && self.at_entry()) {
            return Some(if has_effects { OnError::Handle } else { OnError::Propagate });
        }
        if watch.returned_failure {
            return has_effects.then_some(OnError::Handle);
        }
        Some(match (has_effects, watch.logged, watch.assigned || watch.returned) {
            (true, ..) => OnError::Handle,
            (false, true, _) => OnError::LogAndContinue,
            (false, false, true) => OnError::Handle,
            (false, false, false) => OnError::Discard,
        })
    }
}

pub(super) fn mixed(a: Exit, b: Exit) -> Exit {
    if a == b { a } else { Exit::Returns }
}

fn contains(step: &Step, effects: &[u32], base: u32) -> bool {
    match step {
        Step::Effect(id) => effects.contains(&(id.0 + base)),
        other => other.blocks().into_iter().flatten().any(|inner| contains(inner, effects, base)),
    }
}

/// Whether an expression is `nil` or `None`.
pub(super) fn is_nil(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Nil)
}

/// The outcome an HTTP status tells.
pub(super) fn status_outcome(status: Option<f64>) -> Outcome {
    match status {
        Some(code) if code >= 400.0 => Outcome::Failure,
        Some(_) => Outcome::Success,
        None => Outcome::Unknown,
    }
}
