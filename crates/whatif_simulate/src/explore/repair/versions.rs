//! Copies and caches that take nothing old.

use super::super::program::{Exit, Guard, ItemId, Operation, Register, Slice, StepKind, WriteKind};

/// Guards every write of a version, and keeps versions in caches.
pub(super) fn check_versions(slice: &mut Slice) {
    let promises = &slice.promises;
    let copies: Vec<ItemId> = promises.copies.iter().map(|copy| copy.item).collect();
    let caches = promises.caches.clone();
    for operation in &mut slice.program.operations {
        for promise in &caches {
            leave_version(operation, promise.cache, promise.source);
        }
        for step in &mut operation.steps {
            let StepKind::Write { item: Some(item), kind: WriteKind::Put(version), guard, on_conflict, .. } =
                &mut step.kind
            else {
                continue;
            };
            let kept = copies.contains(item) || caches.iter().any(|promise| promise.cache == *item);
            if kept && *guard == Guard::None {
                *guard = Guard::Version(*version);
                *on_conflict = Exit::Next;
            }
        }
    }
}

/// A writer that knows the new version leaves it where it emptied the cache.
fn leave_version(operation: &mut Operation, cache: ItemId, source: ItemId) {
    let mut known: Option<Register> = None;
    for step in &mut operation.steps {
        match &mut step.kind {
            StepKind::Read { item, into, .. } if *item == source => known = Some(*into),
            StepKind::Write { item: Some(item), kind, .. } if *item == cache && *kind == WriteKind::Set(0) => {
                if let Some(version) = known {
                    *kind = WriteKind::Put(version);
                }
            }
            _ => {}
        }
    }
}

/// Gives cache entries a time to live.
pub(super) fn expire(slice: &mut Slice) {
    for promise in slice.promises.caches.clone() {
        if let Some(item) = slice.program.items.get_mut(promise.cache.index()) {
            item.expires = true;
        }
    }
}
