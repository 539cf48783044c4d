//! What all layers of an edge add up to: the timeout, attempts, breaker and repeat-safety a call really has.
//!
//! A call's policy is a stack (code, sidecar, gateway). Timeouts combine by minimum, attempts multiply, and one
//! breaker anywhere is a breaker. A layer outside the code exists only where some document configures it, so
//! what it does not mention it does not change; ignorance about the code itself makes the result unknown unless
//! an outer layer decides alone. Layers that exist only in an overlay never decide.
//!
//! An edge with several call sites is as weak as its weakest one: a proven gap beats ignorance, and ignorance
//! beats a setting.

use crate::evidence::{Claim, Evidence, Fact, How};
use crate::flow::{
    Attempts, Backoff, Effect, EffectKind, Identity, LoopKind, Policy, Retry, Step, Target, Timeout, TimeoutKind,
    Visit, WriteKind,
};
use crate::system::{Edge, LayerKind, Site, System};

/// How an effective value is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Something sets it.
    Known,
    /// Nothing sets it, and this is what the library or platform then does.
    Default,
    /// Nobody looked, or it cannot be decided.
    #[default]
    Unknown,
    /// Nothing sets it, or what is set has no effect.
    Absent,
}

impl State {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Default => "default",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
        }
    }

    fn of(how: &How) -> Self {
        if matches!(how, How::Default { .. }) { Self::Default } else { Self::Known }
    }
}

/// The effective time limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectiveTimeout {
    /// How it is known.
    pub state: State,
    /// The smallest limit of any layer in milliseconds; `None` unless known or default.
    pub millis: Option<u64>,
    /// What it limits. A limit of connection set-up alone does not count.
    pub kind: Option<TimeoutKind>,
    /// Where the limit, or its absence, is stated.
    pub evidence: Vec<Evidence>,
}

/// The effective number of attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectiveRetry {
    /// How it is known. Exactly one attempt is `Absent`, unless more are configured to no effect.
    pub state: State,
    /// The product over all layers, the first attempt included; `None` when a factor is not known.
    pub attempts: Option<Attempts>,
    /// The pause of the innermost retrying layer that states one.
    pub backoff: Option<Backoff>,
    /// Whether that pause is randomised.
    pub jitter: Option<bool>,
    /// Every layer that retries, or where it is proven that none does.
    pub evidence: Vec<Evidence>,
}

/// A property that is either there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectiveTrait {
    /// How it is known.
    pub state: State,
    /// Where it is stated, or where it would be.
    pub evidence: Vec<Evidence>,
}

/// What a caller really gets on one edge or at one call site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// What bounds the wait.
    pub timeout: EffectiveTimeout,
    /// How often it is tried.
    pub retry: EffectiveRetry,
    /// What stops calls to something unhealthy.
    pub breaker: EffectiveTrait,
    /// Whether a repeat of the request does no harm.
    pub idempotency: EffectiveTrait,
}

impl System {
    /// What the call sites of an edge get at least, and how often they try at most.
    pub fn effective(&self, edge: &Edge) -> Effective {
        let sites: Vec<Effective> = edge.sites.iter().filter_map(|site| self.effective_at(edge, *site)).collect();
        sites.into_iter().reduce(weaker).unwrap_or_else(|| effective(self, edge, None))
    }

    /// What one call site gets; `None` when its effect talks to nobody.
    pub fn effective_at(&self, edge: &Edge, site: Site) -> Option<Effective> {
        let flow = &self.operations.get(site.operation.0 as usize)?.flow;
        let visit = flow.walk().into_iter().find(|visit| visit.id == site.effect)?;
        has_policy(&visit.effect.kind).then(|| effective(self, edge, Some(&visit)))
    }

    /// The layers that apply to a site, innermost first: its own code, then what surrounds the process.
    pub fn layers<'s>(&'s self, edge: &'s Edge, site: Option<Site>) -> Vec<(LayerKind, &'s Policy)> {
        let own = site.and_then(|site| self.operations.get(site.operation.0 as usize)?.flow.effect(site.effect));
        let own = own.map(|effect| (LayerKind::Code, &effect.policy));
        own.into_iter().chain(deciding(edge)).collect()
    }
}

fn effective(system: &System, edge: &Edge, visit: Option<&Visit<'_>>) -> Effective {
    let code = visit.map(|visit| &visit.effect.policy);
    let outer: Vec<&Policy> = deciding(edge).map(|(_, policy)| policy).collect();
    Effective {
        timeout: timeout(code, &outer),
        retry: retry(visit, &outer, retry_answered(edge)),
        breaker: breaker(code, &outer),
        idempotency: visit.map(|visit| idempotency(system, visit.effect)).unwrap_or_default(),
    }
}

fn deciding(edge: &Edge) -> impl Iterator<Item = (LayerKind, &Policy)> {
    edge.layers.iter().filter(|layer| !layer.optional).map(|layer| (layer.kind, &layer.policy))
}

fn has_policy(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Call { .. }
            | EffectKind::Read { .. }
            | EffectKind::Write { .. }
            | EffectKind::Publish { .. }
            | EffectKind::DedupCheck { .. }
            | EffectKind::DedupMark { .. }
    )
}

fn timeout(code: Option<&Policy>, outer: &[&Policy]) -> EffectiveTimeout {
    let facts = || code.into_iter().chain(outer.iter().copied()).map(|policy| &policy.timeout);
    let limits = facts().filter_map(Fact::claim).filter_map(|claim| Some((limit(claim)?, claim)));
    if let Some((millis, claim)) = limits.min_by_key(|(millis, _)| *millis) {
        return EffectiveTimeout {
            state: State::of(&claim.evidence.how),
            millis: Some(millis),
            kind: Some(claim.value.kind),
            evidence: vec![claim.evidence.clone()],
        };
    }
    let proven = code.is_some_and(|policy| !policy.timeout.is_unknown());
    let state = if proven { State::Absent } else { State::Unknown };
    EffectiveTimeout { state, evidence: facts().flat_map(Fact::evidence).cloned().collect(), ..Default::default() }
}

/// The wait a claim really bounds.
fn limit(claim: &Claim<Timeout>) -> Option<u64> {
    let Timeout { bound, kind } = claim.value;
    if kind == TimeoutKind::Connect { None } else { bound.millis() }
}

/// One factor of the product of attempts.
struct Factor<'a> {
    attempts: Option<Attempts>,
    retry: Option<&'a Retry>,
    state: State,
    evidence: Vec<Evidence>,
}

/// A code layer beside the call sites is an answer of the user: it stands in for what the code does not show.
fn retry_answered(edge: &Edge) -> bool {
    deciding(edge).any(|(kind, policy)| kind == LayerKind::Code && !policy.retry.is_unknown())
}

fn retry(visit: Option<&Visit<'_>>, outer: &[&Policy], answered: bool) -> EffectiveRetry {
    let factors = factors(visit, outer, answered);
    let retrying: Vec<&Factor<'_>> =
        factors.iter().filter(|f| matches!(f.state, State::Known | State::Default)).collect();
    if retrying.is_empty() {
        let known = factors.iter().all(|factor| factor.state == State::Absent);
        return EffectiveRetry {
            state: if known { State::Absent } else { State::Unknown },
            attempts: known.then_some(Attempts::Limited(1)),
            evidence: factors.into_iter().flat_map(|factor| factor.evidence).collect(),
            ..Default::default()
        };
    }
    let stated = retrying.iter().any(|factor| factor.state == State::Known);
    let retries = || retrying.iter().filter_map(|factor| factor.retry);
    let backoff = retries().map(|retry| &retry.backoff).find(|backoff| !backoff.is_unknown());
    let jitter = retries().map(|retry| &retry.jitter).find(|jitter| !jitter.is_unknown());
    EffectiveRetry {
        state: if stated { State::Known } else { State::Default },
        attempts: factors.iter().map(|factor| factor.attempts).try_fold(Attempts::Limited(1), product),
        backoff: backoff.map(|backoff| backoff.value().copied().unwrap_or(Backoff::None)),
        jitter: jitter.map(|jitter| jitter.holds(|randomised| *randomised)),
        evidence: retrying.iter().flat_map(|factor| factor.evidence.iter().cloned()).collect(),
    }
}

/// Every layer's share: the code's own, the loops around the call, what surrounds the process.
fn factors<'a>(visit: Option<&Visit<'a>>, outer: &[&'a Policy], answered: bool) -> Vec<Factor<'a>> {
    let mut factors = Vec::new();
    match visit {
        Some(visit) => {
            if !(answered && visit.effect.policy.retry.is_unknown()) {
                factors.push(factor(&visit.effect.policy.retry));
            }
            factors.extend(visit.inside.iter().rev().filter_map(|step| loop_factor(step)));
        }
        None if answered => {}
        None => factors.push(factor(&Fact::Unknown)),
    }
    factors.extend(outer.iter().filter(|policy| !policy.retry.is_unknown()).map(|policy| factor(&policy.retry)));
    factors
}

fn factor(fact: &Fact<Retry>) -> Factor<'_> {
    match fact {
        Fact::Unknown => Factor { attempts: None, retry: None, state: State::Unknown, evidence: Vec::new() },
        Fact::Absent(evidence) => Factor {
            attempts: Some(Attempts::Limited(1)),
            retry: None,
            state: State::Absent,
            evidence: evidence.clone(),
        },
        Fact::Known(_) => {
            let claim = fact.claim();
            let attempts = claim.and_then(|claim| attempts(&claim.value));
            let state = match attempts {
                Some(Attempts::Limited(0 | 1)) if !claim.is_some_and(|claim| claim.value.is_idle()) => State::Absent,
                _ => claim.map_or(State::Unknown, |claim| State::of(&claim.evidence.how)),
            };
            let evidence = claim.map(|claim| claim.evidence.clone()).into_iter().collect();
            Factor { attempts, retry: claim.map(|claim| &claim.value), state, evidence }
        }
    }
}

/// A retry loop around the call is a layer of its own.
fn loop_factor(step: &Step) -> Option<Factor<'_>> {
    let Step::Loop { kind: LoopKind::Retry(retry), .. } = step else { return None };
    let attempts = attempts(retry);
    let is_single = attempts == Some(Attempts::Limited(1)) && !retry.is_idle();
    let state = if is_single { State::Absent } else { State::Known };
    let evidence = retry.attempts.evidence().chain(retry.flaw.evidence()).cloned().collect();
    Some(Factor { attempts, retry: Some(retry), state, evidence })
}

/// A retry whose number nothing limits is unlimited; one that is configured and repeats nothing is one attempt.
fn attempts(retry: &Retry) -> Option<Attempts> {
    if retry.is_idle() {
        return Some(Attempts::Limited(1));
    }
    if retry.attempts.is_absent() { Some(Attempts::Unlimited) } else { retry.attempts.value().copied() }
}

fn product(so_far: Attempts, next: Option<Attempts>) -> Option<Attempts> {
    Some(match (so_far, next?) {
        (Attempts::Limited(a), Attempts::Limited(b)) => Attempts::Limited(a.saturating_mul(b.max(1))),
        _ => Attempts::Unlimited,
    })
}

fn breaker(code: Option<&Policy>, outer: &[&Policy]) -> EffectiveTrait {
    let facts = || code.into_iter().chain(outer.iter().copied()).map(|policy| &policy.breaker);
    if let Some(claim) = facts().find_map(Fact::claim) {
        return EffectiveTrait { state: State::of(&claim.evidence.how), evidence: vec![claim.evidence.clone()] };
    }
    let proven = code.is_some_and(|policy| policy.breaker.is_absent());
    let state = if proven { State::Absent } else { State::Unknown };
    EffectiveTrait { state, evidence: facts().flat_map(Fact::evidence).cloned().collect() }
}

/// Whether the receiver tells a repeat apart, or does no harm by repeating.
fn idempotency(system: &System, effect: &Effect) -> EffectiveTrait {
    match (&effect.kind, &effect.target) {
        (EffectKind::Call { .. }, Target::Service(_, Some(callee))) => of_callee(system, callee.0 as usize),
        // A system outside recognises repeats only by what the request carries.
        (EffectKind::Call { .. }, Target::External(external))
            if effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_))) =>
        {
            of_fact(&system[*external].deduplicates_by)
        }
        (EffectKind::Read { .. } | EffectKind::DedupCheck { .. }, _) => known(State::Known),
        (EffectKind::DedupMark { unique, .. }, _) => of_fact(unique),
        (EffectKind::Write { how, .. }, _) => of_write(*how, &effect.identity),
        (EffectKind::Publish { .. }, _) => match effect.identity.value() {
            Some(Identity::FromRequest(_)) => of_fact(&effect.identity),
            Some(Identity::Fresh { .. }) => {
                EffectiveTrait { state: State::Absent, evidence: effect.identity.evidence().cloned().collect() }
            }
            None => of_fact(&effect.identity),
        },
        _ => EffectiveTrait::default(),
    }
}

fn of_callee(system: &System, at: usize) -> EffectiveTrait {
    let Some(callee) = system.operations.get(at) else { return EffectiveTrait::default() };
    if callee.mutates.is_absent() || callee.mutates.holds(|mutates| !mutates) {
        return EffectiveTrait { state: State::Known, evidence: callee.mutates.evidence().cloned().collect() };
    }
    let own = &callee.idempotency;
    let safe = of_fact(&own.natural);
    if safe.state == State::Known { safe } else { of_fact(&own.dedup) }
}

fn of_write(how: WriteKind, identity: &Fact<Identity>) -> EffectiveTrait {
    match how {
        WriteKind::Unknown => EffectiveTrait::default(),
        how if how.is_naturally_idempotent() => known(State::Known),
        WriteKind::Insert if identity.holds(|identity| matches!(identity, Identity::FromRequest(_))) => {
            of_fact(identity)
        }
        _ => EffectiveTrait { state: State::Absent, evidence: identity.evidence().cloned().collect() },
    }
}

fn of_fact<T>(fact: &Fact<T>) -> EffectiveTrait {
    let state = match fact {
        Fact::Known(_) => State::Known,
        Fact::Absent(_) => State::Absent,
        Fact::Unknown => State::Unknown,
    };
    EffectiveTrait { state, evidence: fact.evidence().cloned().collect() }
}

fn known(state: State) -> EffectiveTrait {
    EffectiveTrait { state, evidence: Vec::new() }
}

/// Field by field, the weaker of two sites of one edge.
fn weaker(a: Effective, b: Effective) -> Effective {
    Effective {
        timeout: later_max(a.timeout, b.timeout, |t| (rank(t.state), t.millis)),
        retry: later_max(a.retry, b.retry, |r| (retry_rank(r.state), r.attempts)),
        breaker: later_max(a.breaker, b.breaker, |t| rank(t.state)),
        idempotency: later_max(a.idempotency, b.idempotency, |t| rank(t.state)),
    }
}

/// The greater by `key`, the first when equal.
fn later_max<T, K: Ord>(a: T, b: T, key: impl Fn(&T) -> K) -> T {
    if key(&b) > key(&a) { b } else { a }
}

/// A proven gap is weaker than ignorance, ignorance weaker than any setting.
fn rank(state: State) -> u8 {
    match state {
        State::Known | State::Default => 0,
        State::Unknown => 1,
        State::Absent => 2,
    }
}

/// For retries the site that retries is the one to worry about.
fn retry_rank(state: State) -> u8 {
    match state {
        State::Absent => 0,
        State::Unknown => 1,
        State::Default | State::Known => 2,
    }
}

#[cfg(test)]
mod tests;
