//! How long an operation may take at least in its worst case, as far as stated limits prove it.
//!
//! A lower bound, so that whoever waits less provably waits too little: every call is counted with its stated
//! limit, its attempts and the pauses between them; what is unknown, unbounded or ends with the caller counts
//! nothing. Alternatives count by their longest arm, loops over elements once.

use crate::query::{CallSite, time};
use std::collections::BTreeMap;
use whatif_model::evidence::Evidence;
use whatif_model::facts::code::Language;
use whatif_model::flow::{Attempts, Backoff, EffectId, LoopKind, Retry, Step, TimeoutKind};
use whatif_model::limits::DEPTH_MAX;
use whatif_model::system::{OperationId, System};

/// One wait: its length and how it adds up.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    /// In milliseconds.
    pub(super) millis: u64,
    /// `3 x 5 s`.
    pub(super) sum: String,
    /// Where it happens.
    pub(super) place: Evidence,
}

/// Waits one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct WorstCase {
    /// In order.
    pub(super) waits: Vec<Wait>,
}

impl WorstCase {
    /// All waits together.
    pub(super) fn millis(&self) -> u64 {
        self.waits.iter().map(|wait| wait.millis).fold(0, u64::saturating_add)
    }

    /// `3 x 5 s + 2 s`.
    pub(super) fn sum(&self) -> String {
        self.waits.iter().map(|wait| wait.sum.as_str()).collect::<Vec<_>>().join(" + ")
    }

    fn then(mut self, next: Self) -> Self {
        self.waits.extend(next.waits);
        self
    }

    fn longer(self, other: Self) -> Self {
        if other.millis() > self.millis() { other } else { self }
    }
}

/// The longest way through an operation.
pub(super) fn of(system: &System, sites: &[CallSite<'_>], id: OperationId) -> WorstCase {
    let own = sites.iter().filter(|site| site.id == id);
    let waits: BTreeMap<EffectId, Wait> = own.filter_map(|site| Some((site.visit.id, wait(system, site)?))).collect();
    let way = Ways { waits: &waits }.through(&system[id].flow.steps, 0);
    way.on.unwrap_or_default().longer(way.ended)
}

struct Ways<'s> {
    waits: &'s BTreeMap<EffectId, Wait>,
}

/// The longest way that goes on behind some steps, if one does, and the longest that ends in them.
#[derive(Default)]
struct Way {
    on: Option<WorstCase>,
    ended: WorstCase,
}

impl Ways<'_> {
    fn through(&self, steps: &[Step], depth: usize) -> Way {
        let mut way = Way { on: Some(WorstCase::default()), ended: WorstCase::default() };
        for step in steps {
            let Some(so_far) = way.on.take() else { break };
            let next = self.step(step, depth);
            way.ended = way.ended.longer(so_far.clone().then(next.ended));
            way.on = next.on.map(|on| so_far.then(on));
        }
        way
    }

    fn step(&self, step: &Step, depth: usize) -> Way {
        let nothing = || Way { on: Some(WorstCase::default()), ended: WorstCase::default() };
        if depth > DEPTH_MAX {
            return nothing();
        }
        match step {
            Step::Effect(id) => Way { on: Some(self.effect(*id)), ended: WorstCase::default() },
            Step::Return { .. } => Way::default(),
            Step::Spawn { .. } => nothing(),
            Step::Branch { arms, .. } => arms
                .iter()
                .map(|arm| self.through(arm, depth + 1))
                .reduce(|a, b| Way { on: either(a.on, b.on), ended: a.ended.longer(b.ended) })
                .unwrap_or_else(nothing),
            Step::Try { body, finally, .. } => self.one_after_the_other(&[body, finally], depth),
            // A loop may also run no round at all.
            Step::Loop { body, .. } => {
                let once = self.through(body, depth + 1);
                Way { on: once.on.or_else(|| Some(WorstCase::default())), ended: once.ended }
            }
            Step::Transaction { body, .. } | Step::Locked { body, .. } => self.through(body, depth + 1),
        }
    }

    fn one_after_the_other(&self, blocks: &[&Vec<Step>], depth: usize) -> Way {
        let steps: Vec<Step> = blocks.iter().flat_map(|block| block.iter().cloned()).collect();
        self.through(&steps, depth + 1)
    }

    fn effect(&self, id: EffectId) -> WorstCase {
        WorstCase { waits: self.waits.get(&id).cloned().into_iter().collect() }
    }
}

fn either(a: Option<WorstCase>, b: Option<WorstCase>) -> Option<WorstCase> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.longer(b)),
        (a, b) => a.or(b),
    }
}

/// What one site may wait, if that is stated and does not end with the caller.
fn wait(system: &System, site: &CallSite<'_>) -> Option<Wait> {
    let limit = site.effective.timeout.millis.filter(|limit| *limit > 0 && outlives_caller(system, site))?;
    let repeats = repeats(site);
    let attempts = repeats.iter().try_fold(1, |product: u64, (_, attempts)| product.checked_mul(*attempts))?;
    let pauses = repeats.first().and_then(|(retry, attempts)| Some((first_pause(retry)?, attempts - 1)));
    let (pause, count) = pauses.filter(|(pause, _)| *pause > 0).unwrap_or_default();
    let outer = attempts / repeats.first().map_or(1, |(_, attempts)| *attempts);
    let (pause_total, count) = (pause.saturating_mul(count).saturating_mul(outer), count.saturating_mul(outer));
    let mut sum = if attempts > 1 { format!("{attempts} x {}", time(limit)) } else { time(limit) };
    if pause_total > 0 {
        sum.push_str(&format!(" + {count} x {}", time(pause)));
    }
    let millis = limit.saturating_mul(attempts).saturating_add(pause_total);
    let place = site.place(format!("up to {sum} for {}", site.callee_name(system)));
    Some(Wait { millis, sum, place })
}

/// Whether the wait goes on when the caller has given up. In Go that is the context's doing; Python has no
/// such thing, and a client's own limit knows nothing of the caller.
fn outlives_caller(system: &System, site: &CallSite<'_>) -> bool {
    let forwarded = &site.visit.effect.policy.deadline_forwarded;
    let is_dropped = forwarded.is_absent() || forwarded.holds(|forwarded| !forwarded);
    let cannot = forwarded.is_unknown() && site.caller(system).language == Some(Language::Python);
    is_dropped || cannot
}

/// What multiplies the limit, innermost first: a limit over all attempts is not multiplied.
fn repeats<'a>(site: &CallSite<'a>) -> Vec<(&'a Retry, u64)> {
    let per_attempt = matches!(site.effective.timeout.kind, Some(TimeoutKind::PerAttempt | TimeoutKind::PerRead));
    let client = site.visit.effect.policy.retry.value().filter(|_| per_attempt);
    let loops = site.visit.inside.iter().rev().filter_map(|step| match step {
        Step::Loop { kind: LoopKind::Retry(retry), span, .. } if per_attempt || starts_inside(site, *span) => {
            Some(retry)
        }
        _ => None,
    });
    client.into_iter().chain(loops).filter_map(|retry| Some((retry, limited(retry)?))).collect()
}

/// Whether the limit is set behind the head of the loop, and so anew for every attempt.
fn starts_inside(site: &CallSite<'_>, head: whatif_model::text::Span) -> bool {
    let set = site.effective.timeout.evidence.first().map(|evidence| evidence.span);
    set.is_some_and(|set| set.file == head.file && set.range.start > head.range.start)
}

fn limited(retry: &Retry) -> Option<u64> {
    if retry.is_idle() {
        return None;
    }
    match retry.attempts.value()? {
        Attempts::Limited(count) if *count > 1 => Some(u64::from(*count)),
        _ => None,
    }
}

/// The shortest pause of a schedule; later ones of a growing schedule are longer.
fn first_pause(retry: &Retry) -> Option<u64> {
    match retry.backoff.value()? {
        Backoff::None => None,
        Backoff::Fixed(millis) | Backoff::Exponential(millis) => Some(*millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::evidence::Stage;
    use whatif_model::flow::Outcome;
    use whatif_model::text::{FileId, Range, Span};

    fn span() -> Span {
        Range::new(0, 1).in_file(FileId::of("a.go"))
    }

    fn call(id: u32) -> Step {
        Step::Effect(EffectId(id))
    }

    fn leave() -> Step {
        Step::Return { outcome: Outcome::Failure, span: span() }
    }

    fn branch(arms: Vec<Vec<Step>>) -> Step {
        Step::Branch { arms, span: span() }
    }

    /// Call `n` waits `n` seconds.
    fn longest(steps: &[Step]) -> u64 {
        let wait = |id: u32| Wait {
            millis: u64::from(id) * 1_000,
            sum: time(u64::from(id) * 1_000),
            place: Evidence::stated(Stage::Code, span(), ""),
        };
        let waits = (1..9).map(|id| (EffectId(id), wait(id))).collect();
        let way = Ways { waits: &waits }.through(steps, 0);
        way.on.unwrap_or_default().longer(way.ended).millis()
    }

    #[test]
    fn waits_add_up_and_alternatives_do_not() {
        assert_eq!(longest(&[call(1), call(2)]), 3_000);
        assert_eq!(longest(&[call(1), branch(vec![vec![call(2)], vec![call(5)], vec![]])]), 6_000);
    }

    #[test]
    fn nothing_follows_a_return() {
        let leaves = branch(vec![vec![call(3), leave()], vec![]]);
        assert_eq!(longest(&[call(1), leaves.clone(), call(1)]), 4_000);
        assert_eq!(longest(&[call(1), leaves, call(7)]), 8_000);
        assert_eq!(longest(&[leave(), call(7)]), 0);
    }

    #[test]
    fn what_is_started_for_later_is_not_waited_for() {
        let later = Step::Spawn { body: vec![call(8)], span: span() };
        assert_eq!(longest(&[call(1), later]), 1_000);
    }

    #[test]
    fn a_loop_counts_one_round_and_may_run_none() {
        let each = Step::Loop { body: vec![call(2), leave()], kind: LoopKind::Each, span: span() };
        assert_eq!(longest(&[each, call(1)]), 2_000);
    }
}
