//! What the users promise, put to the slices it is about.
//!
//! A promise is about a slice that has what it names: effects and operations called like the deed, items
//! called like what is stored. What names nothing anywhere is told.

use super::build::{Built, UNKNOWNS_MAX};
use super::stems::{has, stems};
use super::words;
use crate::explore::{self, EffectId, ItemId, Options, Origin, Property, Question, Stated, StepKind, UnknownId};
use whatif_model::promise::{Claim, Promise};
use whatif_model::verdict::Verdict;

/// An effect that happens only where a bound is not kept.
pub(super) struct Passing {
    pub(super) effect: EffectId,
    pub(super) unknown: UnknownId,
}

impl Built<'_> {
    /// What a blind change of an item means for a bound: nothing says that the store refuses to pass it.
    pub(super) fn passing(&mut self, item: &str, origin: Origin) -> Option<Passing> {
        let bounds =
            |promise: &Promise| matches!(&promise.claim, Claim::AtLeast { item: named, .. } if is_stored(named, item));
        let at = self.promises.iter().position(bounds)?;
        if self.unknowns.len() >= UNKNOWNS_MAX {
            self.assumptions.push(format!("changes of `{item}` keep its bound"));
            return None;
        }
        let Claim::AtLeast { least, .. } = self.promises[at].claim else { return None };
        let address = self.system[self.id].address.clone();
        let words = format!("what would take `{item}` below {least} is refused, or only ever adds to it");
        let unknown = self.unknown(&address, "keeps-bound", &words, origin);
        let effect = self.effect(&format!("a change of {item}"), true);
        self.passed.push((at, effect));
        Some(Passing { effect, unknown })
    }

    /// Adds the promises that are about this slice.
    pub(super) fn promise(&mut self) {
        for (at, effect) in std::mem::take(&mut self.passed) {
            let of_bound = self.slice.promises.stated.iter_mut().zip(&self.stated).find(|(_, of)| **of == at);
            match of_bound {
                Some((Stated::OnceForAll(effects), _)) => effects.push(effect),
                _ => self.state(at, Stated::OnceForAll(vec![effect])),
            }
        }
        for (at, promise) in self.promises.iter().enumerate() {
            match &promise.claim {
                Claim::AtLeast { item, .. } => self.bounded(at, item),
                Claim::AtMostOnce { thing, deeds } => self.at_most_once(at, thing.as_deref(), deeds),
                Claim::Eventually { thing, accepted, deeds } => self.eventually(at, thing, *accepted, deeds),
            }
        }
    }

    fn state(&mut self, promise: usize, stated: Stated) {
        self.slice.promises.stated.push(stated);
        self.stated.push(promise);
    }

    fn bounded(&mut self, at: usize, named: &str) {
        let items = (0u8..).map(ItemId).zip(&self.slice.program.items);
        let bounded = items.filter(|(_, item)| item.counted && is_stored(named, &item.name)).map(|(id, _)| id);
        for item in bounded.collect::<Vec<_>>() {
            self.state(at, Stated::Unlost(item));
        }
    }

    fn at_most_once(&mut self, at: usize, thing: Option<&str>, deeds: &[String]) {
        if thing.is_some_and(|thing| !self.is_about(thing)) {
            return;
        }
        let counted = |effect: &EffectId| !self.slice.program.effects[effect.index()].idempotent;
        let done = |deed: &String| self.done(deed).into_iter().filter(counted).collect::<Vec<_>>();
        if let [deed] = deeds {
            // Each thing that is called so, once.
            for effect in done(deed) {
                self.state(at, Stated::AtMostOnce(vec![effect]));
            }
        } else {
            let firsts: Vec<EffectId> = deeds.iter().filter_map(|deed| done(deed).first().copied()).collect();
            if !firsts.is_empty() {
                self.state(at, Stated::AtMostOnce(firsts));
            }
        }
    }

    fn eventually(&mut self, at: usize, thing: &str, accepted: bool, deeds: &[String]) {
        if !has(&self.system[self.id].address, thing) {
            return;
        }
        let mut outcomes: Vec<EffectId> = deeds.iter().flat_map(|deed| self.done(deed)).collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        let causes: Vec<EffectId> =
            self.essential.iter().filter(|effect| !accepted && !outcomes.contains(effect)).take(1).copied().collect();
        if !outcomes.is_empty() && (accepted || !causes.is_empty()) {
            self.state(at, Stated::Eventually { accepted, causes, outcomes });
        }
    }

    /// Whether anything in the slice is called so.
    fn is_about(&self, thing: &str) -> bool {
        let program = &self.slice.program;
        program.operations.iter().any(|operation| has(&operation.name, thing))
            || program.effects.iter().any(|effect| has(&effect.name, thing))
    }

    /// The effects called like a deed, or applied by an operation called so.
    fn done(&self, deed: &str) -> Vec<EffectId> {
        let program = &self.slice.program;
        let mut done: Vec<EffectId> = Vec::new();
        for operation in &program.operations {
            let all = has(&operation.name, deed);
            for step in &operation.steps {
                let effect = match step.kind {
                    StepKind::Write { effect: Some(applies), .. } if !applies.undo => Some(applies.effect),
                    StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. } => {
                        program.topics[topic.index()].effect
                    }
                    _ => None,
                };
                let named = effect.filter(|effect| all || has(&program.effects[effect.index()].name, deed));
                done.extend(named);
            }
        }
        done.sort_unstable();
        done.dedup();
        done
    }
}

/// The answer where a promise of the users is, or may be, broken.
pub(super) fn verdict(built: &Built<'_>, question: Question, options: &Options) -> Option<Verdict> {
    if built.slice.promises.stated.is_empty() {
        return None;
    }
    let options = Options { properties: Some(&[Property::StatedAlways, Property::StatedInTheEnd]), ..*options };
    let answer = explore::check(&built.slice, question, &options);
    let verdict = words::verdict(built, question, &options, answer);
    matches!(verdict, Verdict::Violated(_) | Verdict::Depends(_)).then_some(verdict)
}

/// Whether what a promise names is stored in the item: `stock.available` is a part of `stock`.
fn is_stored(named: &str, item: &str) -> bool {
    let (named, item) = (stems(named), stems(item));
    !item.is_empty() && item.iter().all(|word| named.contains(word))
}

/// The broken promise, and how.
pub(super) fn broken(built: &Built<'_>, at: u8) -> String {
    let at = usize::from(at);
    let text =
        built.stated.get(at).and_then(|promise| built.promises.get(*promise)).map_or("", |promise| &promise.text);
    let entry = &built.system[built.id].address;
    let program = &built.slice.program;
    let name = |effect: &EffectId| program.effects.get(effect.index()).map_or("?", |effect| effect.name.as_str());
    let names = |effects: &[EffectId]| {
        let mut names: Vec<String> = effects.iter().map(|effect| format!("`{}`", name(effect))).collect();
        names.dedup();
        names.join(" and ")
    };
    let how = match built.slice.promises.stated.get(at) {
        Some(Stated::AtMostOnce(effects)) if effects.len() == 1 => {
            format!("{} is done twice for one request to `{entry}`", names(effects))
        }
        Some(Stated::AtMostOnce(effects)) => format!("one request to `{entry}` does {}", names(effects)),
        Some(Stated::OnceForAll(_)) => "two changes go below the bound, where there is enough for one".to_owned(),
        Some(Stated::Unlost(item)) => {
            let item = program.items.get(item.index()).map_or("?", |item| item.name.as_str());
            format!("both look at the same value of `{item}`, and both take from it")
        }
        Some(Stated::Eventually { outcomes, accepted, .. }) => {
            let told = if *accepted { "is told that it worked" } else { "has begun it" };
            let none = if outcomes.len() == 1 { "never happens" } else { "none happens" };
            format!("the caller of `{entry}` {told}, and of {} {none}", names(outcomes))
        }
        None => String::new(),
    };
    format!("the promise \"{text}\" is broken: {how}")
}
