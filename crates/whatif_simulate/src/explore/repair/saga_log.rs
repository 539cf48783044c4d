//! A log ahead of each stage of the entry operation, and its resumption.

use super::super::limits::MAX_STAGE;
use super::super::program::{Applies, EffectId, Exit, Label, Operation, Slice, StepKind};
use super::edit;

/// Logs the entry operation: from its first effect on, at the start of each
/// failure path, and when it answers.
pub(super) fn log_and_resume(slice: &mut Slice) -> Option<()> {
    let effects: Vec<EffectId> = slice.promises.sagas.iter().flatten().copied().collect();
    let entry = slice.entry?.index();
    let operation = slice.program.operations.get_mut(entry)?;
    if operation.resumes || operation.steps.iter().any(|step| is_log(step.kind)) {
        return None;
    }
    close_before_answers(operation);
    let stage = log_failure_paths(operation);
    log_first_effect(operation, &effects)?;
    log_later_effects(operation, &effects, stage);
    operation.resumes = true;
    Some(())
}

fn is_log(step: StepKind) -> bool {
    matches!(step, StepKind::SagaLog { .. })
}

fn close_before_answers(operation: &mut Operation) {
    let mut at = 0;
    while at < operation.steps.len() {
        if matches!(operation.steps[at].kind, StepKind::Respond { .. }) {
            edit::insert_before(operation, at, &[StepKind::SagaLog { stage: None }]);
            at += 1;
        }
        at += 1;
    }
}

/// Returns the first stage that is still free.
fn log_failure_paths(operation: &mut Operation) -> u8 {
    let mut stage = 2;
    let mut at = 0;
    while at < operation.steps.len() && stage <= MAX_STAGE {
        if let StepKind::Call { on_timeout: Exit::Goto(Label(path)), .. } = operation.steps[at].kind {
            let log = StepKind::SagaLog { stage: Some(stage) };
            edit::insert_before(operation, usize::from(path), &[log]);
            stage += 1;
        }
        at += 1;
    }
    stage
}

/// Each further effect of its own in the transaction of that effect: whoever
/// resumes must not take back, or do again, what is done.
fn log_later_effects(operation: &mut Operation, effects: &[EffectId], mut stage: u8) {
    let mut at = 0;
    while at < operation.steps.len() && stage <= MAX_STAGE {
        let own = matches!(operation.steps[at].kind,
            StepKind::Write { effect: Some(Applies { effect, undo: false }), .. } if effects.contains(&effect));
        if own {
            let (begin, commit) = edit::in_transaction(operation, at);
            let logged = operation.steps[begin..commit].iter().any(|step| is_log(step.kind));
            if !logged {
                edit::insert_before(operation, commit, &[StepKind::SagaLog { stage: Some(stage) }]);
                stage += 1;
            }
            at = commit;
        }
        at += 1;
    }
}

/// In the transaction of the first effect, or before the first call.
fn log_first_effect(operation: &mut Operation, effects: &[EffectId]) -> Option<()> {
    let log = StepKind::SagaLog { stage: Some(1) };
    let is_first = |kind: StepKind| match kind {
        StepKind::Call { .. } => true,
        StepKind::Write { effect: Some(Applies { effect, undo: false }), .. } => effects.contains(&effect),
        _ => false,
    };
    let at = operation.steps.iter().position(|step| is_first(step.kind))?;
    if matches!(operation.steps[at].kind, StepKind::Call { .. }) {
        edit::insert_before(operation, at, &[log]);
    } else {
        let (_, commit) = edit::in_transaction(operation, at);
        edit::insert_before(operation, commit, &[log]);
    }
    Some(())
}
