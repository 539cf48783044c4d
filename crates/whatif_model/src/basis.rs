//! What an effect or an answer rests on: what earlier effects of the same run found.
//!
//! A read-then-write race, a repeat that is recognised but answered otherwise, and a failure told as "not found"
//! are one question asked of a flow: which earlier result decided that this happens? Lowering answers it once, for
//! all languages; rules and the explorer only look it up. What the store decides by itself (`WHERE status = 'held'`,
//! a conditional put) is not a basis: that is [`crate::flow::WriteKind::Conditional`].

use crate::flow::{EffectId, Outcome};
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// Most conditions one effect or answer keeps; further ones are left out, innermost first kept.
pub const GIVEN_MAX: usize = 16;

/// What must have been found, and what it was made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// What earlier effects must have found for it to happen, outermost first. Empty: nothing, or not known.
    pub given: Vec<Given>,
    /// Effects whose results its values were computed from, sorted.
    pub from: Vec<EffectId>,
    /// It happens because one of these effects failed. Empty: it does not happen because of a failure.
    pub failed: Vec<EffectId>,
}

/// One thing an earlier effect must have found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The effect whose result is looked at.
    pub effect: EffectId,
    /// What is asked of it.
    pub asks: Asks,
    /// The field that is looked at, as the code names it (`status`); empty: the result as a whole, or not known.
    pub field: String,
    /// What it is compared with, as far as the text names it (`pending`); empty: not known, or not compared.
    pub value: String,
    /// The answer on this path; `None`: the result has a say, but either answer leads here.
    pub holds: Option<bool>,
    /// The condition.
    pub span: Span,
}

/// What is asked of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Asks {
    /// Whether there is any (`row == nil`, `rows.length > 0`, `sql.ErrNoRows`, a count compared with nothing).
    Exists,
    /// Whether a field is a certain value (`status == "pending"`).
    Equals,
    /// Whether a number is below another one, or at most as large (`taken < capacity`).
    Below,
    /// Something else.
    Other,
}

/// One way in which an operation answers.
///
/// A flow lists every answer it can give, also those to failures that its steps leave out because nothing else is
/// done about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether the caller is told that it worked.
    pub outcome: Outcome,
    /// Of which class it is.
    pub status: Status,
    /// What must have been found, and what the answer was made of.
    pub basis: Basis,
    /// Where.
    pub span: Span,
}

/// The class of an answer, where the code says it.
///
/// HTTP: RFC 9110, section 15. gRPC: the table of <https://grpc.io/docs/guides/status-codes/>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// None is said.
    #[default]
    Unknown,
    /// It worked, or goes on elsewhere: 1xx to 3xx, `OK`.
    Success,
    /// What was asked for is not there: 404, 410, `NOT_FOUND`.
    NotFound,
    /// The state does not allow it, now or again: 409, 412, `ALREADY_EXISTS`, `FAILED_PRECONDITION`, `ABORTED`.
    Conflict,
    /// Too much was asked for; later it may work: 429, `RESOURCE_EXHAUSTED`.
    Throttled,
    /// The request is at fault in another way: 400, 401, 403, 422, `INVALID_ARGUMENT`, `UNAUTHENTICATED`.
    Rejected,
    /// Whoever answers is at fault, for now or for good: 5xx, `INTERNAL`, `UNAVAILABLE`, `DEADLINE_EXCEEDED`.
    Failed,
    /// Whatever an earlier effect answered, unchanged.
    Forwarded(EffectId),
}

impl Status {
    /// The class of an HTTP status code.
    pub fn of_http(code: u16) -> Self {
        match code {
            100..400 => Self::Success,
            404 | 410 => Self::NotFound,
            409 | 412 => Self::Conflict,
            429 => Self::Throttled,
            400..500 => Self::Rejected,
            500..600 => Self::Failed,
            _ => Self::Unknown,
        }
    }

    /// The class of a gRPC status by its name in any spelling: `NOT_FOUND`, `NotFound`.
    pub fn of_grpc(name: &str) -> Self {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "ok" => Self::Success,
            "notfound" => Self::NotFound,
            "alreadyexists" | "failedprecondition" | "aborted" => Self::Conflict,
            "resourceexhausted" => Self::Throttled,
            "invalidargument" | "outofrange" | "unauthenticated" | "permissiondenied" => Self::Rejected,
            "internal" | "unavailable" | "deadlineexceeded" | "dataloss" | "unknown" | "unimplemented" => Self::Failed,
            _ => Self::Unknown,
        }
    }

    /// Whether it tells the caller that the request itself is at fault: sending it again will not help.
    pub fn blames_the_request(self) -> bool {
        matches!(self, Self::NotFound | Self::Conflict | Self::Rejected)
    }
}

impl Basis {
    /// What was asked of an effect.
    pub fn asked(&self, effect: EffectId) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(move |given| given.effect == effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_classes() {
        let of = Status::of_http;
        assert_eq!([of(201), of(404), of(409), of(422)], {
            use Status::{Conflict, NotFound, Rejected, Success};
            [Success, NotFound, Conflict, Rejected]
        });
        assert_eq!([of(429), of(503), of(7)], [Status::Throttled, Status::Failed, Status::Unknown]);
        assert_eq!(Status::of_grpc("NOT_FOUND"), Status::of_grpc("NotFound"));
        assert_eq!(Status::of_grpc("FAILED_PRECONDITION"), Status::Conflict);
        assert!(Status::Conflict.blames_the_request() && !Status::Failed.blames_the_request());
    }
}
