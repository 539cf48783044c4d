//! Facts about contracts: the operations a service offers, by what it publishes about them.

use crate::evidence::Fact;
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// One contract document, or one service of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// Which language it is written in.
    pub kind: ContractKind,
    /// Its title (OpenAPI `info.title`) or fully qualified service name (protobuf `package.Service`).
    pub name: String,
    /// Hosts the document says it is served at.
    pub servers: Vec<String>,
    /// Where the name stands.
    pub span: Span,
    /// Its operations.
    pub operations: Vec<ContractOperation>,
}

/// The contract language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContractKind {
    /// OpenAPI.
    OpenApi,
    /// Protocol buffers.
    Protobuf,
}

/// One operation of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractOperation {
    /// Operation id, or rpc name.
    pub name: String,
    /// Upper-case HTTP method; empty for rpc without an HTTP binding.
    pub method: String,
    /// Path template; empty for rpc without an HTTP binding.
    pub path: String,
    /// The operation (name or method line).
    pub span: Span,
    /// Whether it changes state: by method, by `idempotency_level`, by the verb of its name (derived).
    pub mutates: Fact<bool>,
    /// The idempotency key it accepts: header, parameter or field name. `Absent` when every parameter and
    /// field was read and none is one.
    pub key: Fact<String>,
    /// Whether it promises idempotency (`idempotency_level`, PUT/DELETE, prose).
    pub idempotent: Fact<bool>,
    /// Whether something says how long keys are valid.
    pub key_validity: Fact<String>,
    /// Parameters and top-level request fields.
    pub fields: Vec<Field>,
    /// Status codes it declares, as written.
    pub responses: Vec<String>,
    /// Its description or leading comment, empty when none.
    pub description: String,
    /// Whether the client or the server streams.
    pub streaming: bool,
}

/// A parameter or a request field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `header`, `query`, `path`, `cookie`, `body`.
    pub place: String,
    /// Its type as written.
    pub ty: String,
    /// Whether it is required.
    pub required: bool,
    /// Where.
    pub span: Span,
}
