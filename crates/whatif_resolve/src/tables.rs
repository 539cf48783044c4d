//! Which declared tables a store holds: those its users read and write by name.

use crate::components::Draft;
use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::flow::{EffectKind, Target};

/// Fills [`Store::tables`](whatif_model::system::Store::tables). A table of one name that several files declare
/// or complete (`CREATE UNIQUE INDEX`) is kept as often as it is declared.
pub(crate) fn assign(input: &Input, draft: &mut Draft) {
    let mut used: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for effect in draft.system.operations.iter().flat_map(|operation| &operation.flow.effects) {
        if let (Some(item), Target::Store(store)) = (item(&effect.kind), &effect.target) {
            used.entry(store.0).or_default().insert(item.to_lowercase());
        }
    }
    let declared = || input.designs.iter().flat_map(|(_, facts)| &facts.tables);
    for (store, items) in used {
        let Some(store) = draft.system.stores.get_mut(store as usize) else { continue };
        store.tables.extend(declared().filter(|table| items.contains(&table.name.to_lowercase())).cloned());
    }
}

fn item(kind: &EffectKind) -> Option<&str> {
    match kind {
        EffectKind::Read { item, .. }
        | EffectKind::Write { item, .. }
        | EffectKind::DedupCheck { item }
        | EffectKind::DedupMark { item, .. } => Some(item),
        _ => None,
    }
}
