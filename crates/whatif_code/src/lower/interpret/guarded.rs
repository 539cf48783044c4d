//! `try`: what is guarded, and what is done when it fails.

use super::branch::{Ran, mixed};
use super::state::{Exit, Interpreter};
use crate::ir::{Handler, Stmt};
use crate::lower::values::{Abs, Origin, Taint};
use whatif_model::Range;
use whatif_model::flow::{OnError, Step};

/// Types of exceptions that say no more than that something failed.
const BROAD_ERRORS: [&str; 13] = [
    "Exception",
    "BaseException",
    "Throwable",
    "Error",
    "RuntimeException",
    "IOException",
    "RequestException",
    "HttpRequestException",
    "RestClientException",
    "FeignException",
    "RpcException",
    "RpcError",
    "SQLException",
];

/// A `try` statement and what follows it in its list.
#[derive(Clone, Copy)]
pub(super) struct Guarded<'a> {
    pub(super) body: &'a [Stmt],
    pub(super) handlers: &'a [Handler],
    pub(super) otherwise: &'a [Stmt],
    pub(super) finally: &'a [Stmt],
    pub(super) rest: &'a [Stmt],
    pub(super) range: Range,
}

/// What the clauses of a `try` do.
struct Caught<'a> {
    ran: Vec<Ran<'a>>,
    /// Some clause does more than tell the caller of the failure.
    matters: bool,
}

impl<'a> Interpreter<'a> {
    /// `try`.
    pub(super) fn guarded(&mut self, guarded: Guarded<'a>) -> Exit {
        let first = self.next_effect();
        let before = self.snapshot();
        let catches = !guarded.handlers.is_empty();
        self.set_tries(catches, true);
        let mark = self.held();
        self.open_block();
        let mut exit = self.exec(guarded.body);
        if exit == Exit::Falls {
            exit = self.exec(guarded.otherwise);
        }
        let steps = self.close_block();
        self.set_tries(catches, false);
        let effects: Vec<u32> = (first..self.next_effect()).collect();
        let after = self.snapshot();
        let start = self.joined(before, after.clone());
        let reached = self.run.held.split_off(mark.min(self.held()));
        let mut caught = self.run_handlers(guarded.handlers, &start, &effects, exit);
        if !caught.ran.iter().any(|ran| ran.exit == Exit::Falls) {
            self.run.held.extend(reached);
        }
        let mut names = if exit == Exit::Falls { Some(after) } else { None };
        for ran in caught.ran.iter_mut().filter(|ran| ran.exit == Exit::Falls) {
            let next = std::mem::take(&mut ran.names);
            names = Some(match names {
                Some(names) => self.joined(names, next),
                None => next,
            });
        }
        let handler_falls = caught.ran.iter().any(|ran| ran.exit == Exit::Falls);
        let exits = std::iter::once(exit).chain(caught.ran.iter().map(|ran| ran.exit));
        let joint = exits.reduce(|a, b| if a == Exit::Falls || b == Exit::Falls { Exit::Falls } else { mixed(a, b) });
        if let Some(names) = names {
            self.restore(names);
        }
        self.open_block();
        let last = self.exec(guarded.finally);
        let finally = self.close_block();
        // When the guarded statements leave, what follows is done only after a failure.
        let follows = exit != Exit::Falls && handler_falls;
        let mut then = Exit::Falls;
        let mut rest = Vec::new();
        if follows && last == Exit::Falls {
            self.open_block();
            then = self.exec(guarded.rest);
            rest = self.close_block();
        }
        self.push_try(steps, caught, rest, finally, guarded.range);
        match (last, follows) {
            (Exit::Falls, true) => {
                if then == Exit::Falls {
                    Exit::Falls
                } else {
                    mixed(then, exit)
                }
            }
            (Exit::Falls, false) => match joint.unwrap_or(exit) {
                Exit::Falls => self.exec(guarded.rest),
                exit => exit,
            },
            (last, _) => last,
        }
    }

    fn run_handlers(
        &mut self,
        handlers: &'a [Handler],
        start: &std::collections::BTreeMap<&'a str, Abs<'a>>,
        effects: &[u32],
        exit: Exit,
    ) -> Caught<'a> {
        let mut caught = Caught { ran: Vec::new(), matters: false };
        for handler in handlers {
            let remote = self.catches_effects(handler);
            let mut names = start.clone();
            if !handler.name.is_empty() {
                let error =
                    if remote { effects.iter().map(|effect| Origin::Failure(*effect)).collect() } else { Vec::new() };
                names.insert(&handler.name, Abs::tainted(Taint::of(error)));
            }
            let mark = self.held();
            if remote && is_particular(handler) {
                self.suppose_looked_at(effects, self.span(handler.range));
            }
            let ran = self.arm(&handler.body, if remote { effects } else { &[] }, &names);
            self.release(mark);
            if remote {
                caught.matters |= self.after_handler(&ran, effects, exit);
            }
            caught.ran.push(ran);
        }
        caught
    }

    /// What an `except` clause makes of the failures it catches; whether it does more than pass them on.
    fn after_handler(&mut self, ran: &Ran<'a>, effects: &[u32], body_exit: Exit) -> bool {
        let leaves = matches!(body_exit, Exit::Returns | Exit::Breaks);
        let goes_on = ran.exit == Exit::Continues || (ran.exit == Exit::Falls && leaves);
        if goes_on && self.in_loop() {
            if let Some(watch) = self.loops.last_mut() {
                watch.failure_continues = true;
                watch.success_leaves |= leaves;
            }
            return false;
        }
        let has_effects = self.has_remote(&ran.steps);
        let what = self.handling(&ran.watch, ran.exit, has_effects);
        if let Some(what) = what {
            self.decide(effects.to_vec(), what);
        }
        !matches!(what, None | Some(OnError::Propagate | OnError::Crash))
    }

    fn push_try(&mut self, body: Vec<Step>, caught: Caught<'a>, rest: Vec<Step>, finally: Vec<Step>, range: Range) {
        let span = self.span(range);
        // With one effect at the end and nothing done about it, the effect itself tells all there is.
        let idle = caught.ran.iter().all(|ran| ran.steps.is_empty()) && rest.is_empty();
        let matters = caught.matters && self.has_remote(&body) && !(idle && self.ends_remote(&body));
        if !matters && !self.has_remote(&finally) {
            self.push_steps(body);
            self.push_steps(finally);
            return;
        }
        let falls: Vec<bool> = caught.ran.iter().map(|ran| ran.exit == Exit::Falls).collect();
        let mut arms: Vec<Vec<Step>> = caught.ran.into_iter().map(|ran| ran.steps).collect();
        let mut rest = Some(rest);
        if falls.iter().filter(|falls| **falls).count() == 1
            && let Some(at) = falls.iter().position(|falls| *falls)
        {
            arms[at].extend(rest.take().unwrap_or_default());
        }
        let mut handler = match arms.len() {
            0 => Vec::new(),
            1 => arms.remove(0),
            _ => vec![Step::Branch { arms, span }],
        };
        handler.extend(rest.unwrap_or_default());
        self.push_step(Step::Try { body, handler, finally, span });
    }

    /// Whether the only remote effect comes last.
    fn ends_remote(&self, body: &[Step]) -> bool {
        match body.split_last() {
            Some((last, before)) => matches!(last, Step::Effect(_)) && !self.has_remote(before),
            None => true,
        }
    }

    fn set_tries(&mut self, catches: bool, open: bool) {
        if let (true, Some(activation)) = (catches, self.active.last_mut()) {
            activation.tries = if open { activation.tries + 1 } else { activation.tries.saturating_sub(1) };
        }
    }

    /// Whether an `except` clause can catch what a remote effect raises.
    fn catches_effects(&self, handler: &Handler) -> bool {
        let local = &self.knowledge.words(self.program.language).local_errors;
        let last = |ty: &str| ty.rsplit('.').next().unwrap_or(ty).to_owned();
        handler.types.is_empty() || handler.types.iter().any(|ty| !local.contains(&last(ty)))
    }
}

/// Whether a clause is for one kind of failure and not for all.
fn is_particular(handler: &Handler) -> bool {
    let last = |ty: &str| ty.rsplit('.').next().unwrap_or(ty).to_owned();
    !handler.types.is_empty() && !handler.types.iter().any(|ty| BROAD_ERRORS.contains(&last(ty).as_str()))
}
