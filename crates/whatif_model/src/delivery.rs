//! What a broker is asked to do with a message.

use crate::evidence::Fact;
use serde::{Deserialize, Serialize};

/// How a message is handed to a broker, or back to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whether a message that is sent survives a restart of the broker. `Absent`: nothing asks for it, and the
    /// library does not by itself.
    pub persistent: Fact<bool>,
    /// Whether the broker's receipt is asked for. `Absent`: nothing asks for it, and the library does not by itself.
    pub confirmed: Fact<bool>,
    /// Whether a refused message is delivered again.
    pub requeued: Fact<bool>,
    /// Whether the exchange or queue it is sent to survives a restart of the broker, by its declaration. `Absent`:
    /// the declaration does not ask for it, and the library does not by itself.
    #[serde(default)]
    pub route_durable: Fact<bool>,
}
