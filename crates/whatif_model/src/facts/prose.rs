//! Facts about prose. (Types arrive with the Markdown reader.)
use serde::{Deserialize, Serialize};

/// Everything one document of prose said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProseFacts {}
