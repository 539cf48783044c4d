//! The promises, by their definitions.

use super::Rules;
use super::state::{Client, Mark3, State};
use whatif_simulate::explore::*;

impl Rules<'_> {
    /// The first broken promise, in the order of the question.
    pub fn broken(&self, state: &State, at_rest: bool) -> Option<Property> {
        // A message that used up its deliveries is a bound, not an outcome.
        let settled = at_rest && state.queue.is_empty();
        let is_broken = |property: &Property| match property {
            Property::AllOrCompensated => settled && self.half_a_saga(state),
            Property::NoLostEvent => settled && self.lost_event(state),
            Property::NoPhantomEvent => self.phantom_event(state),
            Property::HonestAnswer => settled && self.lie(state),
            Property::NothingStuck => at_rest && stuck(state),
            Property::AtMostOnce => self.twice(state),
            Property::CompensatedOnce => state.effects.values().any(|(applied, undone)| undone > applied),
            Property::NoLostUpdate => self.lost_update(state),
            Property::FencedWrites => state.stale_writer,
            Property::CurrentCache => settled && self.stale_cache(state),
            Property::Answered => settled && self.bounds.timely && state.clients.contains(&Client::GaveUp),
            Property::SpentOnce => self.spent_again(state),
            Property::StatedAlways => self.stated_broken(state, false),
            Property::StatedInTheEnd => settled && self.stated_broken(state, true),
            Property::NoUnseenRemoval => state.items.values().any(|cell| cell.unseen),
            Property::Convergence => settled && self.diverged(state),
        };
        self.properties.iter().copied().find(|property| is_broken(property))
    }

    fn stated_broken(&self, state: &State, in_the_end: bool) -> bool {
        let net = |effect: &EffectId, request: usize| {
            let (applied, undone) = counts(state, *effect, request);
            applied.saturating_sub(undone)
        };
        let sum = |effects: &[EffectId], request| effects.iter().map(|effect| net(effect, request)).sum::<u64>();
        self.slice.promises.stated.iter().any(|promise| match promise {
            Stated::AtMostOnce(effects) => !in_the_end && self.requests().any(|request| sum(effects, request) > 1),
            Stated::OnceForAll(effects) => {
                !in_the_end && self.requests().map(|request| sum(effects, request)).sum::<u64>() > 1
            }
            Stated::Unlost(item) => {
                let counted = self.requests.len() > 1 && self.slice.program.items[item.index()].counted;
                let cell = state.items.get(&(item.index(), 0));
                !in_the_end && counted && cell.is_some_and(|cell| cell.value < cell.commits)
            }
            Stated::Eventually { accepted, causes, outcomes } => {
                let due = |request: &usize| {
                    let told = state.clients[*request] == Client::Ok;
                    let caused = causes.is_empty() || causes.iter().any(|effect| is_there(state, *effect, *request));
                    (told || !accepted) && caused
                };
                let missing = |request: usize| !outcomes.iter().any(|effect| is_there(state, *effect, request));
                in_the_end && self.requests().filter(due).any(missing)
            }
        })
    }

    fn requests(&self) -> std::ops::Range<usize> {
        0..self.requests.len()
    }

    fn half_a_saga(&self, state: &State) -> bool {
        self.slice.promises.sagas.iter().any(|saga| {
            self.requests().any(|request| {
                let there = saga.iter().filter(|effect| is_there(state, **effect, request)).count();
                there != 0 && there != saga.len()
            })
        })
    }

    fn lost_event(&self, state: &State) -> bool {
        self.slice.promises.events.iter().any(|event| {
            self.requests()
                .any(|request| is_there(state, event.cause, request) && applied(state, event.outcome, request) == 0)
        })
    }

    fn phantom_event(&self, state: &State) -> bool {
        self.slice.promises.events.iter().any(|event| {
            self.requests()
                .any(|request| applied(state, event.outcome, request) > 0 && applied(state, event.cause, request) == 0)
        })
    }

    fn lie(&self, state: &State) -> bool {
        self.slice.promises.acknowledged.iter().any(|effect| {
            self.requests().any(|request| state.clients[request] == Client::Ok && !is_there(state, *effect, request))
        })
    }

    fn twice(&self, state: &State) -> bool {
        state.effects.iter().any(|((effect, _), (applied, undone))| {
            !self.slice.program.effects[*effect].idempotent && *applied > undone + 1
        })
    }

    fn lost_update(&self, state: &State) -> bool {
        let items = state.items.iter();
        items.into_iter().any(|((item, _), cell)| self.slice.program.items[*item].counted && cell.value < cell.commits)
    }

    /// Two requests went by one version and both had the effect.
    fn spent_again(&self, state: &State) -> bool {
        self.slice.promises.spends.iter().enumerate().any(|(spend, promise)| {
            let versions = self.requests().filter(|request| is_there(state, promise.effect, *request));
            let mut versions: Vec<u64> =
                versions.filter_map(|request| state.versions.get(&(spend, request)).copied()).collect();
            let all = versions.len();
            versions.sort_unstable();
            versions.dedup();
            versions.len() < all
        })
    }

    /// Until the effect is there, the last version read counts.
    pub fn note_version(&self, state: &mut State, request: usize, item: ItemId, version: u64) {
        for (spend, promise) in self.slice.promises.spends.iter().enumerate() {
            if promise.item == item && applied(state, promise.effect, request) == 0 {
                state.versions.insert((spend, request), version);
            }
        }
    }

    fn stale_cache(&self, state: &State) -> bool {
        let value = |item: ItemId| state.items.get(&(item.index(), 0)).map_or(0, |cell| cell.value);
        let mut caches = self.slice.promises.caches.iter();
        caches.any(|promise| value(promise.cache) != 0 && value(promise.cache) != value(promise.source))
    }

    fn diverged(&self, state: &State) -> bool {
        self.slice.promises.copies.iter().any(|copy| {
            let newest = state.newest.get(&copy.topic.index()).copied().unwrap_or(0);
            let value = state.items.get(&(copy.item.index(), 0)).map_or(0, |cell| cell.value);
            newest != value
        })
    }
}

fn stuck(state: &State) -> bool {
    state.locks.iter().any(|lock| lock.holder != 0)
        || state.logs.values().any(|stage| *stage != 0)
        || state.keys.values().any(|mark| *mark == Mark3::InFlight)
        || state.threads.iter().any(|thread| thread.waiting.is_none())
}

fn counts(state: &State, effect: EffectId, request: usize) -> (u64, u64) {
    state.effects.get(&(effect.index(), request)).copied().unwrap_or_default()
}

fn applied(state: &State, effect: EffectId, request: usize) -> u64 {
    counts(state, effect, request).0
}

fn is_there(state: &State, effect: EffectId, request: usize) -> bool {
    let (applied, undone) = counts(state, effect, request);
    applied > undone
}
