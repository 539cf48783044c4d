//! What a second run of an operation does again.

use whatif_model::flow::{Effect, EffectKind, Identity, Target, WriteKind};
use whatif_model::routes::repeats_change;
use whatif_model::system::{Operation, System};

/// The first effect of its own that a repeat does again. An insert into what was read before may be guarded by
/// it: that is a question of concurrency, not of a missing key.
pub(crate) fn adds_up<'a>(system: &System, operation: &'a Operation) -> Option<&'a Effect> {
    operation.flow.effects.iter().find(|effect| is_added(system, operation, effect))
}

/// The same without what may be told apart further down: it carries an identity of the request, or depends on a
/// state that was read before.
pub(crate) fn surely_adds_up<'a>(system: &System, operation: &'a Operation) -> Option<&'a Effect> {
    let is_keyed = |effect: &Effect| effect.identity.holds(|identity| matches!(identity, Identity::FromRequest(_)));
    let reads = operation.flow.effects.iter().any(|effect| matches!(effect.kind, EffectKind::Read { .. }));
    let depends_on_state = |effect: &Effect| match &effect.kind {
        EffectKind::Write { how, .. } => *how == WriteKind::SetFromRead,
        EffectKind::Publish { .. } => reads,
        _ => false,
    };
    let mut added = operation.flow.effects.iter().filter(|effect| is_added(system, operation, effect));
    added.find(|effect| !is_keyed(effect) && !depends_on_state(effect))
}

fn is_added(system: &System, operation: &Operation, effect: &Effect) -> bool {
    match &effect.kind {
        EffectKind::Write { how, .. } => {
            let is_guarded =
                *how == WriteKind::Insert && (is_refused(system, effect) || is_looked_up(operation, effect));
            matches!(how, WriteKind::SetFromRead | WriteKind::Increment | WriteKind::Insert) && !is_guarded
        }
        EffectKind::Publish { .. } => true,
        EffectKind::Call { operation, .. } => {
            let is_outside = matches!(effect.target, Target::External(_));
            is_outside && repeats_change(operation)
        }
        _ => false,
    }
}

/// Whether the operation reads the item it inserts before it does.
fn is_looked_up(operation: &Operation, insert: &Effect) -> bool {
    let EffectKind::Write { item: inserted, .. } = &insert.kind else { return false };
    let before = operation.flow.effects.iter().take_while(|effect| !std::ptr::eq(*effect, insert));
    before.filter(|effect| effect.target == insert.target).any(|effect| match &effect.kind {
        EffectKind::Read { item, .. } | EffectKind::DedupCheck { item } => item == inserted && !item.is_empty(),
        _ => false,
    })
}

/// Whether the table takes the same business key only once: it has a unique set beside its primary key, or a
/// primary key of several columns.
pub(crate) fn is_refused(system: &System, effect: &Effect) -> bool {
    let (EffectKind::Write { item, .. }, Target::Store(store)) = (&effect.kind, &effect.target) else { return false };
    let tables = system[*store].tables.iter().filter(|table| table.name.eq_ignore_ascii_case(item));
    tables.flat_map(|table| table.unique.iter().enumerate()).any(|(at, columns)| at > 0 || columns.len() > 1)
}

/// What a repeat does once more, for people: `adds to \`stock\``.
pub(crate) fn done_again(system: &System, effect: &Effect) -> String {
    let item = |item: &str| if item.is_empty() { "an item".to_owned() } else { format!("`{item}`") };
    match &effect.kind {
        EffectKind::Write { item: name, how: WriteKind::Insert } => format!("inserts into {} again", item(name)),
        EffectKind::Write { item: name, how: WriteKind::Increment } => format!("adds to {} again", item(name)),
        EffectKind::Write { item: name, .. } => format!("changes {} again", item(name)),
        EffectKind::Publish { .. } => match node_of(&effect.target) {
            Some(node) => format!("publishes to `{}` again", system.address(node)),
            None => "publishes again".to_owned(),
        },
        EffectKind::Call { operation, .. } => format!("sends `{operation}` again"),
        _ => "has its effect again".to_owned(),
    }
}

fn node_of(target: &Target) -> Option<whatif_model::system::Node> {
    use whatif_model::system::Node;
    match target {
        Target::Topic(id) => Some(Node::Topic(*id)),
        Target::Broker(id) => Some(Node::Broker(*id)),
        Target::Store(id) => Some(Node::Store(*id)),
        Target::Service(id, _) => Some(Node::Service(*id)),
        Target::External(id) => Some(Node::External(*id)),
        _ => None,
    }
}
