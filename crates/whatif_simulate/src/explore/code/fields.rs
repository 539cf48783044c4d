//! Decides which values a state must hold: only what a step or a property
//! under check reads.

use super::super::layout::{Allocator, EffectFields, Field, ItemFields, Layout, LockFields, OutboxFields, fits};
use super::super::limits;
use super::super::program::{Applies, EffectId, Guard, Item, ItemId, Slice, Step, StepKind, TopicId, WriteKind};
use super::super::property::{counted, counts_updates, relevant_effects};
use super::super::{Property, Reductions};
use super::cuts::CUT_BITS;
use super::{Code, Rejected};

pub(super) fn layout(
    slice: &Slice,
    requests: usize,
    properties: &[Property],
    reductions: Reductions,
    cuts: bool,
) -> Result<Layout, Rejected> {
    let mut places = Allocator::default();
    let mut layout = allocate(slice, properties, (reductions, cuts), &mut places);
    let (global, block) = places.words();
    if !fits(global, block, requests) {
        return Err(Rejected::TooManyWords);
    }
    layout.for_each(|field| places.settle(field));
    let byte = |words: usize| u8::try_from(words).map_err(|_| Rejected::TooManyWords);
    layout.global_words = byte(global)?;
    layout.block_words = byte(block)?;
    layout.fixed_words = byte(global + block * requests)?;
    Ok(layout)
}

fn allocate(
    slice: &Slice,
    properties: &[Property],
    (reductions, cuts): (Reductions, bool),
    places: &mut Allocator,
) -> Layout {
    let program = &slice.program;
    let fresh = Code::has_fresh_keys(slice);
    let keys = if fresh { limits::MAX_KEYS } else { 1 };
    let effects = relevant_effects(slice, properties);
    Layout {
        fixed_words: 0,
        global_words: 0,
        block_words: 0,
        used: std::array::from_fn(|_| places.global(2)),
        cut: cuts.then(|| places.global(CUT_BITS)),
        felt: cuts.then(|| places.global(1)),
        stale_writer: places.global(1),
        client: places.per_request(3),
        attempts: places.per_request(2),
        fresh_keys: fresh.then(|| places.per_request(3)),
        items: item_fields(slice, properties, places),
        locks: program.locks.iter().map(|_| LockFields { holder: places.global(3), last: places.global(3) }).collect(),
        newest: newest_fields(slice, properties, places),
        outboxes: outbox_fields(slice, places),
        rows: program.tables.iter().map(|_| (0..keys).map(|_| places.per_request(2)).collect()).collect(),
        sagas: program
            .operations
            .iter()
            .map(|operation| {
                let logs = operation.steps.iter().any(|step| matches!(step.kind, StepKind::SagaLog { .. }));
                logs.then(|| places.per_request(4))
            })
            .collect(),
        spends: spend_fields(slice, properties, places),
        effects: (0u8..)
            .zip(effects)
            .map(|(effect, relevant)| {
                let counted = Counted::of(slice, properties, EffectId(effect), reductions);
                (relevant || !reductions.cone).then(|| counted.place(places))
            })
            .collect(),
    }
}

/// How far an effect has to be counted for the properties to tell.
enum Counted {
    /// Whether it is there.
    Once,
    /// Whether it is there twice.
    Twice,
    /// How often it was applied and taken back.
    All,
}

impl Counted {
    fn of(slice: &Slice, properties: &[Property], effect: EffectId, reductions: Reductions) -> Counted {
        let mut steps = slice.program.operations.iter().flat_map(|operation| &operation.steps);
        let undoes = |step: &Step| matches!(step.kind, StepKind::Write { effect: Some(Applies { effect: undone, undo: true }), .. } if undone == effect);
        let asked = properties.contains(&Property::AtMostOnce);
        let stated = properties.contains(&Property::StatedAlways)
            && slice.promises.stated.iter().any(|promise| counted(promise).contains(&effect));
        if !reductions.anonymise || steps.any(undoes) {
            Counted::All
        } else if asked && !slice.program.effects[effect.index()].idempotent || stated {
            Counted::Twice
        } else {
            Counted::Once
        }
    }

    fn place(self, places: &mut Allocator) -> EffectFields {
        match self {
            Counted::Once => EffectFields { applied: places.per_request(1), undone: Field::NEVER },
            Counted::Twice => EffectFields { applied: places.per_request(2), undone: Field::NEVER },
            Counted::All => EffectFields { applied: places.per_request(3), undone: places.per_request(3) },
        }
    }
}

fn item_fields(slice: &Slice, properties: &[Property], places: &mut Allocator) -> Vec<ItemFields> {
    let counts = properties.contains(&Property::NoLostUpdate);
    let fences = properties.contains(&Property::FencedWrites);
    let unseen = properties.contains(&Property::NoUnseenRemoval);
    let items = slice.program.items.iter().enumerate();
    items
        .map(|(index, item)| {
            let needs = Needs::of(slice, index);
            let promised = u8::try_from(index).is_ok_and(|index| counts_updates(slice, properties, ItemId(index)));
            let counts = item.counted && (counts || promised);
            let mut place = |wanted: bool| wanted.then(|| place_item(item, places));
            ItemFields {
                value: place(needs.value || counts),
                commits: place(counts),
                newest_token: place(fences && needs.token),
                fence: place(needs.fence),
                unseen: (unseen && needs.cleared).then(|| bit(item, places)),
            }
        })
        .collect()
}

fn spend_fields(slice: &Slice, properties: &[Property], places: &mut Allocator) -> Vec<Option<Field>> {
    let asked = properties.contains(&Property::SpentOnce);
    slice.promises.spends.iter().map(|_| asked.then(|| places.per_request(3))).collect()
}

fn bit(item: &Item, places: &mut Allocator) -> Field {
    if item.shared { places.global(1) } else { places.per_request(1) }
}

fn place_item(item: &Item, places: &mut Allocator) -> Field {
    if item.shared { places.global(3) } else { places.per_request(3) }
}

#[derive(Default)]
struct Needs {
    value: bool,
    token: bool,
    fence: bool,
    cleared: bool,
}

impl Needs {
    fn of(slice: &Slice, index: usize) -> Needs {
        let is = |item: ItemId| item.index() == index;
        let copied = slice.promises.copies.iter().any(|copy| is(copy.item))
            || slice.promises.caches.iter().any(|promise| is(promise.cache) || is(promise.source));
        let mut needs = Needs { value: copied, ..Needs::default() };
        let operations = slice.program.operations.iter();
        for step in operations.flat_map(|operation| &operation.steps) {
            match step.kind {
                StepKind::Read { item, .. } if is(item) => needs.value = true,
                StepKind::Write { item: Some(item), kind, guard, token, .. } if is(item) => {
                    needs.cleared |= matches!(kind, WriteKind::Clear(_));
                    needs.value |= matches!(kind, WriteKind::Clear(_));
                    needs.value |= matches!(guard, Guard::Cas(_) | Guard::Version(_));
                    needs.fence |= matches!(guard, Guard::Fence(_));
                    needs.token |= token.is_some();
                }
                _ => {}
            }
        }
        needs
    }
}

fn newest_fields(slice: &Slice, properties: &[Property], places: &mut Allocator) -> Vec<Option<Field>> {
    let topics = slice.program.topics.iter().enumerate();
    topics
        .map(|(index, _)| {
            let copied = slice.promises.copies.iter().any(|copy| copy.topic.index() == index);
            (copied && properties.contains(&Property::Convergence)).then(|| places.global(3))
        })
        .collect()
}

fn outbox_fields(slice: &Slice, places: &mut Allocator) -> Vec<Option<OutboxFields>> {
    let steps = |topic: TopicId| {
        let operations = slice.program.operations.iter();
        operations
            .flat_map(|operation| &operation.steps)
            .any(|step| matches!(step.kind, StepKind::Outbox { topic: to, .. } if to == topic))
    };
    let topics = slice.program.topics.iter().enumerate();
    topics
        .map(|(index, _)| {
            let topic = TopicId(u8::try_from(index).ok()?);
            steps(topic).then(|| OutboxFields {
                pending: places.per_request(2),
                publishing: places.per_request(1),
                payload: places.per_request(3),
            })
        })
        .collect()
}
