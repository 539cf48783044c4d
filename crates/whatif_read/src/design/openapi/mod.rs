//! OpenAPI 3.0, 3.1, 3.2 (<https://spec.openapis.org/oas/v3.1.1.html>) and 2.0, as YAML or JSON.
//!
//! | what we read | fact |
//! | --- | --- |
//! | `info.title`, `servers`, `host` + `basePath` | the contract and where it is served |
//! | `paths.*.<method>` | operations, whether they change state (RFC 9110, verbs) |
//! | `parameters`, `requestBody`, local `$ref`, `allOf`/`oneOf`/`anyOf` | parameters, top-level body fields, idempotency key |
//! | `responses` | status codes |
//! | `description`, `summary` | promises of idempotency, validity of keys |
//!
//! References to other files and to the network are never followed; they are listed, and what they hide is unknown.

mod document;
mod operation;
mod reference;

pub(crate) use document::{ID, read, recognises};
