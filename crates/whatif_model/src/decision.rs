//! Decisions: what an operation read, what was asked of it, and the write that changes the answer.
//!
//! Of two runs at once both may get the old answer, unless the store checks it again with the write, or a lock makes
//! both one step. Rules and the explorer share this one definition.

use crate::basis::{Asks, Given};
use crate::facts::deploy::Table;
use crate::flow::{Effect, EffectId, EffectKind, Flow, Target, WriteKind};
use crate::system::System;

/// A read, what it decided, and the write that makes the next run decide otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What was read.
    pub read: EffectId,
    /// What changes the answer.
    pub write: EffectId,
    /// How.
    pub kind: DecisionKind,
    /// What was asked; `None` where the write is numbered by what was read.
    pub given: Option<Given>,
    /// Further effects that happen only under the same answer, in order of the text.
    pub acts: Vec<EffectId>,
}

/// How a write changes the answer of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    /// It moves a row out of the state that was asked for (`status == "pending"`, then `SET status = "done"`).
    Leaves,
    /// It adds the row that was not there, or one more to those that were counted.
    Fills,
    /// It takes from the amount that was found sufficient.
    Takes,
    /// It removes from those that were counted.
    Removes,
    /// It is numbered by what was read (`max(position) + 1`).
    Numbers,
}

impl Flow {
    /// Every decision of the flow, in order of its writes.
    pub fn decisions(&self) -> Vec<Decision> {
        let writes = self.numbered().filter(|(_, effect)| is_plain_write(effect));
        writes
            .flat_map(|(write, effect)| self.decided(write, effect).into_iter().chain(self.counted(write, effect)))
            .collect()
    }

    /// The newest read of the written item that decides the write.
    fn decided(&self, write: EffectId, effect: &Effect) -> Option<Decision> {
        let locked = |given: &Given| {
            let read = self.effect(given.effect);
            read.is_some_and(|read| {
                matches!(&read.kind, EffectKind::Read { for_update: true, .. }) && read.target == effect.target
            })
        };
        if effect.basis.given.iter().any(locked) {
            // It was asked again where nobody else can answer in between.
            return None;
        }
        let (given, kind) = effect.basis.given.iter().rev().find_map(|given| {
            let read = self.effect(given.effect).filter(|read| reads_the_same(read, effect))?;
            Some((given, kind(read, given, effect)?))
        })?;
        let acts = self.acts(given, write);
        Some(Decision { read: given.effect, write, kind, given: Some(given.clone()), acts })
    }

    /// The read of the highest number so far that a new row is numbered by.
    fn counted(&self, write: EffectId, effect: &Effect) -> Option<Decision> {
        let numbered = |read: &&EffectId| {
            let read = self.effect(**read);
            read.is_some_and(|read| reads_the_same(read, effect) && read.fields.iter().any(|field| is_maximum(field)))
        };
        let read = *effect.basis.from.iter().rev().find(numbered)?;
        let is_new = matches!(effect.kind, EffectKind::Write { how: WriteKind::Insert, .. });
        is_new.then_some(Decision { read, write, kind: DecisionKind::Numbers, given: None, acts: Vec::new() })
    }

    /// What else happens only under this answer.
    fn acts(&self, given: &Given, write: EffectId) -> Vec<EffectId> {
        let decided = |effect: &Effect| {
            effect.basis.failed.is_empty()
                && effect
                    .basis
                    .asked(given.effect)
                    .any(|asked| (&asked.field, asked.holds) == (&given.field, given.holds))
        };
        let adds = |effect: &Effect| match &effect.kind {
            EffectKind::Write { how, .. } => !how.is_naturally_idempotent(),
            EffectKind::Publish { .. } | EffectKind::Call { .. } => true,
            _ => false,
        };
        let acts = self.numbered().filter(|(id, effect)| *id != write && adds(effect) && decided(effect));
        acts.map(|(id, _)| id).collect()
    }

    fn numbered(&self) -> impl Iterator<Item = (EffectId, &Effect)> {
        (0..).map(EffectId).zip(&self.effects)
    }
}

impl Decision {
    /// Whether the same check passes again when the first run is over.
    pub fn passes_again(&self) -> bool {
        match self.kind {
            DecisionKind::Leaves => false,
            DecisionKind::Fills => self.limits(),
            DecisionKind::Takes | DecisionKind::Removes | DecisionKind::Numbers => true,
        }
    }

    /// Whether a number was compared with a limit.
    pub fn limits(&self) -> bool {
        let some_left = |given: &Given| given.value != "0" || given.holds == Some(false);
        self.given.as_ref().is_some_and(|given| given.asks == Asks::Below && some_left(given))
    }

    /// The declared table, when nothing in it refuses the row of a second run: no unique key beside the row's own
    /// id or, for numbered rows, none with the number.
    pub fn free_table<'s>(&self, system: &'s System, flow: &Flow) -> Option<&'s Table> {
        let write = flow.effect(self.write)?;
        let (EffectKind::Write { item, .. }, Target::Store(store)) = (&write.kind, &write.target) else { return None };
        let read = flow.effect(self.read)?;
        let aggregates = read.fields.iter().filter_map(|field| field.split_once('('));
        let numbered: Vec<&str> = aggregates.map(|(_, column)| column.trim_end_matches(')')).collect();
        let numbers = |column: &String| numbered.iter().any(|name| same_field(name, column));
        let is_free = |table: &Table| match self.kind {
            DecisionKind::Numbers => !table.unique.iter().flatten().any(numbers),
            _ => {
                let own_id = table.unique.len() <= 1 && table.unique.iter().all(|columns| columns.len() == 1);
                own_id && table.nullable_keys.is_empty() && !is_nested(table)
            }
        };
        let mut tables = system[*store].tables.iter().filter(|table| table.name.eq_ignore_ascii_case(item));
        let table = tables.next()?;
        (is_free(table) && tables.all(is_free)).then_some(table)
    }
}

/// Whether a row belongs to another of its rows: there a search may be for the parent.
fn is_nested(table: &Table) -> bool {
    let name = table.name.to_lowercase();
    let singular = name.strip_suffix('s').unwrap_or(&name).to_owned();
    let relations = ["parent", "previous", "prev_", "original", "reply", "root_", "source_", "version", "supersede"];
    table
        .columns
        .iter()
        .map(|column| column.to_lowercase())
        .any(|column| relations.iter().any(|word| column.contains(word)) || column == format!("{singular}_id"))
}

/// A write that the store does not check again.
fn is_plain_write(effect: &Effect) -> bool {
    use WriteKind::{Delete, Increment, Insert, Set};
    matches!(effect.kind, EffectKind::Write { how: Set | Insert | Increment | Delete, .. })
        && effect.basis.failed.is_empty()
}

fn reads_the_same(read: &Effect, write: &Effect) -> bool {
    let (EffectKind::Read { item, for_update: false }, EffectKind::Write { item: written, .. }) =
        (&read.kind, &write.kind)
    else {
        return false;
    };
    !item.is_empty() && item.eq_ignore_ascii_case(written) && read.target == write.target
}

fn kind(read: &Effect, given: &Given, write: &Effect) -> Option<DecisionKind> {
    let EffectKind::Write { how, .. } = write.kind else { return None };
    let counts = read.fields.iter().any(|field| is_count(field));
    // More than none is there: whether there is any, not how many.
    let (asks, holds) = match given.asks {
        Asks::Below if given.value == "0" && !is_amount(given, how) => (Asks::Exists, given.holds.map(|below| !below)),
        asks => (asks, given.holds),
    };
    match (how, asks) {
        (WriteKind::Insert, Asks::Exists) if holds == Some(false) => Some(DecisionKind::Fills),
        (WriteKind::Insert, Asks::Below) if counts || is_count(&given.field) => Some(DecisionKind::Fills),
        (WriteKind::Set | WriteKind::Delete, Asks::Below) if counts => {
            (!is_checked(write, &read.conditions)).then_some(DecisionKind::Removes)
        }
        (WriteKind::Increment, Asks::Below) => {
            let taken = is_among(&given.field, &write.fields);
            (taken && !is_among(&given.field, &write.conditions)).then_some(DecisionKind::Takes)
        }
        (WriteKind::Set, Asks::Equals | Asks::Other) => {
            let leaves = is_among(&given.field, &write.fields) && !is_among(&given.field, &write.conditions);
            leaves.then_some(DecisionKind::Leaves)
        }
        (WriteKind::Set, Asks::Exists) => {
            // The state is part of the search: `WHERE status = 'active'`.
            let sought = read.conditions.iter().filter(|column| is_among(column, &write.fields));
            let open = sought.into_iter().any(|column| !is_among(column, &write.conditions));
            (open && holds == Some(true)).then_some(DecisionKind::Leaves)
        }
        _ => None,
    }
}

/// More than nothing is left to be taken: a row is added, or an amount taken, because something is left.
fn is_amount(given: &Given, how: WriteKind) -> bool {
    how == WriteKind::Increment || (how == WriteKind::Insert && given.holds == Some(false))
}

/// Whether the store compares one of these columns again, beside those that say which row.
fn is_checked(write: &Effect, columns: &[String]) -> bool {
    let says_which = |column: &str| plain(column) == "id" || plain(column).ends_with("id");
    columns.iter().any(|column| !says_which(column) && is_among(column, &write.conditions))
}

fn is_among(field: &str, columns: &[String]) -> bool {
    let field = plain(field);
    !field.is_empty() && columns.iter().any(|column| plain(column) == field)
}

fn is_count(field: &str) -> bool {
    ["count(", "sum("].iter().any(|aggregate| field.starts_with(aggregate))
        || ["count", "length", "size", "total", "taken", "len"].contains(&plain(field).as_str())
}

fn is_maximum(field: &str) -> bool {
    field.starts_with("max(") || field.starts_with("count(")
}

/// Whether two names are one field's: `captured_at` and `capturedAt`.
pub fn same_field(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// `captured_at` and `capturedAt` are one name; a leading underscore is a field's manner.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Target;
    use crate::system::StoreId;
    use crate::text::{FileId, Range, Span};

    fn span() -> Span {
        Range::new(0, 1).in_file(FileId::of("a"))
    }

    fn effect(kind: EffectKind, fields: &[&str], conditions: &[&str]) -> Effect {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let effect = Effect::new(kind, Target::Store(StoreId(0)), span());
        Effect { fields: owned(fields), conditions: owned(conditions), ..effect }
    }

    fn read(fields: &[&str], conditions: &[&str]) -> Effect {
        effect(EffectKind::Read { item: "orders".into(), for_update: false }, fields, conditions)
    }

    fn write(how: WriteKind, fields: &[&str], conditions: &[&str], asks: Asks, field: &str, holds: bool) -> Effect {
        let given = Given {
            effect: EffectId(0),
            asks,
            field: field.to_owned(),
            value: String::new(),
            holds: Some(holds),
            span: span(),
        };
        let mut effect = effect(EffectKind::Write { item: "orders".into(), how }, fields, conditions);
        effect.basis.given.push(given);
        effect
    }

    fn kinds(effects: Vec<Effect>) -> Vec<DecisionKind> {
        let flow = Flow { effects, ..Flow::default() };
        flow.decisions().iter().map(|decision| decision.kind).collect()
    }

    #[test]
    fn a_state_is_left_unless_the_store_checks_it_again() {
        let set = |conditions: &[&str]| {
            write(WriteKind::Set, &["status", "paid_at"], conditions, Asks::Equals, "Status", true)
        };
        assert_eq!(kinds(vec![read(&[], &["id"]), set(&["id"])]), [DecisionKind::Leaves]);
        assert!(kinds(vec![read(&[], &["id"]), set(&["id", "status"])]).is_empty());
        let other = write(WriteKind::Set, &["seen_at"], &["id"], Asks::Equals, "status", true);
        assert!(kinds(vec![read(&[], &["id"]), other]).is_empty());
    }

    #[test]
    fn a_state_may_be_part_of_the_search() {
        let cancel = || write(WriteKind::Set, &["status"], &["id"], Asks::Exists, "", true);
        assert_eq!(kinds(vec![read(&[], &["user_id", "status"]), cancel()]), [DecisionKind::Leaves]);
        assert!(kinds(vec![read(&[], &["user_id"]), cancel()]).is_empty());
    }

    #[test]
    fn rows_are_counted_searched_and_numbered() {
        let insert = |asks, field, holds| write(WriteKind::Insert, &["id"], &[], asks, field, holds);
        let counted = || read(&["count(*)"], &["course_id"]);
        assert_eq!(kinds(vec![counted(), insert(Asks::Below, "taken", true)]), [DecisionKind::Fills]);
        assert_eq!(kinds(vec![read(&["id"], &[]), insert(Asks::Exists, "", false)]), [DecisionKind::Fills]);
        assert!(kinds(vec![read(&["id"], &[]), insert(Asks::Exists, "", true)]).is_empty());
        // `remaining > 0` is a limit, `count > 0` before a deletion only asks whether there is any.
        let with_zero = |how, holds| {
            let mut write = write(how, &["id"], &[], Asks::Below, "n", holds);
            write.basis.given[0].value = "0".to_owned();
            write
        };
        assert_eq!(kinds(vec![counted(), with_zero(WriteKind::Insert, false)]), [DecisionKind::Fills]);
        assert!(kinds(vec![counted(), with_zero(WriteKind::Delete, false)]).is_empty());
        let mut next = effect(EffectKind::Write { item: "orders".into(), how: WriteKind::Insert }, &["position"], &[]);
        next.basis.from.push(EffectId(0));
        assert_eq!(kinds(vec![read(&["max(position)"], &[]), next]), [DecisionKind::Numbers]);
    }

    #[test]
    fn an_amount_is_taken_unless_the_store_checks_it() {
        let take =
            |conditions: &[&str]| write(WriteKind::Increment, &["balance"], conditions, Asks::Below, "balance", false);
        assert_eq!(kinds(vec![read(&["balance"], &["id"]), take(&["id"])]), [DecisionKind::Takes]);
        assert!(kinds(vec![read(&["balance"], &["id"]), take(&["id", "balance"])]).is_empty());
    }
}
