//! P5: at rest, nothing is held, pending or waiting.

use super::super::environment::SAGA_CLOSED;
use super::super::program::{LockId, OperationId, TableId};
use super::super::state::Phase;
use super::super::step::IN_FLIGHT;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.quiescent {
        return None;
    }
    held_lock(view).or_else(|| pending_saga(view)).or_else(|| key_in_flight(view)).or_else(|| waiting_thread(view))
}

fn held_lock(view: &View) -> Broken {
    let mut locks = (0u8..).zip(&view.code.layout.locks);
    let (lock, _) = locks.find(|(_, fields)| view.state.get(fields.holder, 0) != 0)?;
    Some((Subject::Lock(LockId(lock)), None))
}

fn pending_saga(view: &View) -> Broken {
    view.requests().find_map(|request| {
        let mut logs = (0u8..).zip(&view.code.layout.sagas);
        let (operation, _) =
            logs.find(|(_, log)| log.is_some_and(|log| !matches!(view.state.get(log, request), 0 | SAGA_CLOSED)))?;
        Some((Subject::Saga(OperationId(operation)), Some(request)))
    })
}

fn key_in_flight(view: &View) -> Broken {
    view.requests().find_map(|request| {
        let mut tables = (0u8..).zip(&view.code.layout.rows);
        let (table, _) = tables.find(|(_, rows)| {
            let mut rows = rows.iter();
            rows.any(|row| view.state.get(*row, request) == IN_FLIGHT)
        })?;
        Some((Subject::Key(TableId(table)), Some(request)))
    })
}

fn waiting_thread(view: &View) -> Broken {
    let thread = view.state.slots().find(|slot| slot.phase() == Phase::Running)?;
    let operation = view.code.operation_of[thread.at()];
    let operation = OperationId(u8::try_from(operation).unwrap_or(u8::MAX));
    Some((Subject::Operation(operation), Some(thread.of_request())))
}
