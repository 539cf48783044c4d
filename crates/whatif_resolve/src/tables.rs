//! Which declared tables a store holds: those its users read and write by name.

use crate::components::Draft;
use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::deploy::Table;
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

/// Decides by the declared table whether a second record of the same key is refused.
pub(crate) fn settle(draft: &mut Draft) {
    let stores = &draft.system.stores;
    for effect in draft.system.operations.iter_mut().flat_map(|operation| &mut operation.flow.effects) {
        let Target::Store(store) = &effect.target else { continue };
        let EffectKind::DedupMark { item, unique } = &mut effect.kind else { continue };
        let Some(store) = stores.get(store.0 as usize).filter(|_| unique.is_unknown()) else { continue };
        let tables = || store.tables.iter().filter(|table| table.name.eq_ignore_ascii_case(item));
        let column = |table: &&Table| table.columns.iter().find(|column| holds_key(column)).cloned();
        let Some((table, key)) = tables().find_map(|table| Some((table, column(&table)?))) else { continue };
        let refused = tables().flat_map(|table| &table.unique).flatten().any(|column| *column == key);
        let label = if refused { "is unique" } else { "may occur any number of times" };
        *unique = Fact::known(refused, Evidence::stated(Stage::Design, table.span, format!("`{key}` {label}")));
    }
}

/// Whether a column holds the key of a request and nothing else.
fn holds_key(column: &str) -> bool {
    let plain: String = column.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    ["idempoten", "dedup"].iter().any(|word| plain.contains(word))
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
