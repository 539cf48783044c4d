//! What a step of a trace changed, in the words of the system.

use super::build::Built;
use crate::explore::limits::MAX_STAGE;
use crate::explore::{Change, Subject};
use whatif_model::verdict::StateChange;

/// The changes a reader of a whole trace wants to see, on one line.
pub(super) fn delta(built: &Built<'_>, changes: &[Change]) -> String {
    let told = |change: &&Change| {
        !matches!(
            change.subject,
            Subject::Key(_) | Subject::Saga(_) | Subject::Lock(_) | Subject::Operation(_) | Subject::Promise(_)
        )
    };
    let words = changes.iter().filter(told).filter_map(|change| words(built, change));
    let mut words: Vec<String> =
        words.map(|change| format!("{}: {} -> {}", change.name, change.before, change.after)).collect();
    // What is counted twice, once for each promise, is one thing to a reader.
    words.dedup();
    words.join(", ")
}

/// Every change, told apart by request where there are several.
pub(super) fn changes(built: &Built<'_>, changes: &[Change], several: bool) -> Vec<StateChange> {
    let mut all: Vec<StateChange> = Vec::new();
    for change in changes {
        let Some(mut words) = words(built, change) else { continue };
        if let Some(request) = change.request.filter(|_| several) {
            words.name = format!("{} (request {})", words.name, u32::from(request) + 1);
        }
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}

fn words(built: &Built<'_>, change: &Change) -> Option<StateChange> {
    let program = &built.slice.program;
    let name = match change.subject {
        Subject::Item(id) => program.items.get(id.index())?.name.clone(),
        Subject::Effect(id) => format!("{} done", program.effects.get(id.index())?.name),
        Subject::Undone(id) => format!("{} undone", program.effects.get(id.index())?.name),
        Subject::Outbox(id) => format!("outbox of {}", program.topics.get(id.index())?.name),
        Subject::Key(id) => format!("key in {}", program.tables.get(id.index())?.name),
        Subject::Saga(id) => format!("log of {}", program.operations.get(id.index())?.name),
        Subject::Lock(id) => format!("lock {}", program.locks.get(id.index())?.name),
        Subject::Operation(_) | Subject::Promise(_) => return None,
    };
    let value = |value: u8| match (change.subject, value) {
        (Subject::Key(_), 0) | (Subject::Saga(_), 0) => "absent".to_owned(),
        (Subject::Key(_), 1) => "in flight".to_owned(),
        (Subject::Key(_), _) => "done".to_owned(),
        (Subject::Saga(_), stage) if stage > MAX_STAGE => "closed".to_owned(),
        (Subject::Saga(_), stage) => format!("stage {stage}"),
        (Subject::Lock(_), 0) => "free".to_owned(),
        (Subject::Lock(_), token) => format!("held by token {token}"),
        (_, number) => number.to_string(),
    };
    Some(StateChange { name, before: value(change.before), after: value(change.after) })
}
