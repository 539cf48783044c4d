//! Protocol buffers, proto2, proto3 and editions (<https://protobuf.dev/reference/protobuf/proto3-spec/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `service`, `rpc`, `stream` | a contract per service, its operations |
//! | `google.api.http` | method and path |
//! | `idempotency_level` | whether it changes state, whether it is idempotent |
//! | messages of the same file | top-level request fields, and the idempotency key among them |
//! | comments | descriptions |
//!
//! Messages of other files are not followed here: their fields are unknown.

mod facts;
mod lexer;
mod syntax;

pub(crate) use facts::{ID, read};
