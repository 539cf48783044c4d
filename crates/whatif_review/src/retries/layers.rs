//! Who repeats a call: a loop around it, its client, the mesh, a gateway.

use crate::query::CallSite;
use whatif_model::evidence::{Evidence, Fact, How, Stage};
use whatif_model::flow::{Attempts, Backoff, LoopKind, Retry, Step};
use whatif_model::system::LayerKind;

/// One thing that repeats a call.
pub(crate) struct Layer<'a> {
    /// Who.
    pub(crate) by: By,
    /// What it does.
    pub(crate) retry: &'a Retry,
    /// How often it tries, the first try included; more than once.
    pub(crate) attempts: Attempts,
    /// Where it is configured.
    pub(crate) place: Evidence,
}

/// Who repeats a call, innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The client library.
    Client,
    /// A loop or decorator of the calling code.
    Loop,
    /// The mesh.
    Mesh,
    /// A gateway or proxy.
    Gateway,
}

/// Everything that repeats the effect of a site, innermost first.
pub(crate) fn layers<'a>(site: &CallSite<'a>) -> Vec<Layer<'a>> {
    let client = configured(&site.visit.effect.policy.retry, By::Client);
    let loops = site.visit.inside.iter().rev().filter_map(|step| looped(step));
    let deciding = site.edge.layers.iter().filter(|layer| !layer.optional);
    let outer = deciding.filter_map(|layer| configured(&layer.policy.retry, outside(layer.kind)));
    client.into_iter().chain(loops).chain(outer).collect()
}

fn outside(kind: LayerKind) -> By {
    match kind {
        LayerKind::Code => By::Client,
        LayerKind::Mesh => By::Mesh,
        LayerKind::Gateway => By::Gateway,
    }
}

fn configured(fact: &Fact<Retry>, by: By) -> Option<Layer<'_>> {
    let claim = fact.claim()?;
    let attempts = repeated(&claim.value)?;
    Some(Layer { by, retry: &claim.value, attempts, place: claim.evidence.clone() })
}

fn looped(step: &Step) -> Option<Layer<'_>> {
    let Step::Loop { kind: LoopKind::Retry(retry), span, .. } = step else { return None };
    let attempts = repeated(retry)?;
    Some(Layer { by: By::Loop, retry, attempts, place: Evidence::stated(Stage::Code, *span, "repeats until it works") })
}

/// How often it tries, when that is known and more than once. Without any limit it tries for ever.
fn repeated(retry: &Retry) -> Option<Attempts> {
    if retry.is_idle() {
        return None;
    }
    let attempts = if retry.attempts.is_absent() { Attempts::Unlimited } else { *retry.attempts.value()? };
    (attempts > Attempts::Limited(1)).then_some(attempts)
}

impl Layer<'_> {
    /// Whether it repeats more than once. A single repeat hits a dependency at most twice and needs no schedule.
    pub(crate) fn repeats_often(&self) -> bool {
        self.attempts > Attempts::Limited(2)
    }

    /// Whether somebody of the team configured it; a library's own schedule is the library's business.
    pub(crate) fn is_chosen(&self) -> bool {
        !matches!(self.place.how, How::Default { .. })
    }

    /// Whether it is proven that it tries again at once.
    pub(crate) fn has_no_pause(&self) -> bool {
        self.retry.backoff.is_absent() || self.retry.backoff.holds(|backoff| *backoff == Backoff::None)
    }

    /// Whether it is proven that its pause is not randomised.
    pub(crate) fn has_fixed_schedule(&self) -> bool {
        self.retry.jitter.is_absent() || self.retry.jitter.holds(|randomised| !randomised)
    }

    /// `3 attempts`, `attempts without end`.
    pub(crate) fn count(&self) -> String {
        match self.attempts {
            Attempts::Limited(count) => format!("{count} attempts"),
            Attempts::Unlimited => "attempts without end".to_owned(),
        }
    }
}

impl By {
    /// Who it is, in a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "the client library",
            Self::Loop => "a retry around the call",
            Self::Mesh => "the mesh",
            Self::Gateway => "the gateway",
        }
    }
}
