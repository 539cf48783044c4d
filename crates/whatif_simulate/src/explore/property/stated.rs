//! P21 and P22: what the users of whatif promise about their system.

use super::super::environment::client;
use super::super::program::{EffectId, ItemId, Slice, Stated};
use super::super::trace::Subject;
use super::{Broken, Property, View};

/// Something that happened once too often.
pub(super) fn broken_now(view: &View) -> Broken {
    first(view, |promise| match promise {
        Stated::AtMostOnce(effects) => view.requests().find(|request| times(view, effects, *request) > 1).map(Some),
        Stated::OnceForAll(effects) => {
            let all: u64 = view.requests().map(|request| times(view, effects, request)).sum();
            (all > 1).then_some(None)
        }
        // Whoever sends one request twice takes once, if the second overwrites the first.
        Stated::Unlost(_) if view.code.requests.len() < 2 => None,
        Stated::Unlost(item) => {
            let fields = view.code.layout.items[item.index()];
            let (value, commits) = (fields.value?, fields.commits?);
            (view.state.get(value, 0) < view.state.get(commits, 0)).then_some(None)
        }
        Stated::Eventually { .. } => None,
    })
}

/// Something that never happened.
pub(super) fn broken_in_the_end(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    first(view, |promise| {
        let Stated::Eventually { accepted, causes, outcomes } = promise else { return None };
        let due = |request: &usize| {
            let told = view.state.get(view.code.layout.client, *request) == client::OK;
            let caused = causes.is_empty() || causes.iter().any(|effect| view.happened(*effect, *request));
            (told || !accepted) && caused
        };
        let missing = |request: &usize| !outcomes.iter().any(|effect| view.happened(*effect, *request));
        view.requests().filter(due).find(missing).map(Some)
    })
}

/// Effects that are counted.
pub(in super::super) fn counted(promise: &Stated) -> &[EffectId] {
    match promise {
        Stated::AtMostOnce(effects) | Stated::OnceForAll(effects) => effects,
        Stated::Unlost(_) | Stated::Eventually { .. } => &[],
    }
}

/// Whether the updates of the item are counted.
pub(in super::super) fn counts_updates(slice: &Slice, properties: &[Property], item: ItemId) -> bool {
    properties.contains(&Property::StatedAlways) && slice.promises.stated.contains(&Stated::Unlost(item))
}

/// Effects looked at in the end.
pub(super) fn outcomes(promise: &Stated) -> impl Iterator<Item = &EffectId> {
    let (causes, outcomes): (&[EffectId], &[EffectId]) = match promise {
        Stated::Eventually { causes, outcomes, .. } => (causes, outcomes),
        _ => (&[], &[]),
    };
    causes.iter().chain(outcomes)
}

/// How often all of the effects are there.
fn times(view: &View, effects: &[EffectId], request: usize) -> u64 {
    let there = |effect: &EffectId| {
        let (applied, undone) = view.counts(*effect, request);
        applied.saturating_sub(undone)
    };
    effects.iter().map(there).sum()
}

/// The first promise some request breaks.
fn first(view: &View, broken: impl Fn(&Stated) -> Option<Option<usize>>) -> Broken {
    let mut promises = (0u8..).zip(&view.code.promises.stated);
    promises.find_map(|(at, promise)| Some((Subject::Promise(at), broken(promise)?)))
}
