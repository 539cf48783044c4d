//! Trees of YAML and JSON documents that keep the byte range of every key and value.
//!
//! Both languages end in the same [`Node`], so that a reader of OpenAPI, Kubernetes or compose files does
//! not know which of the two it reads.

mod interpolate;
mod json;
mod lines;
mod node;
mod repair;
mod template;
mod unique;
mod yaml;

pub use interpolate::{Dialect, interpolate};
pub use json::parse_json;
pub use node::{Document, Documents, Entry, Kind, Node, TreeProblem};
pub use template::{first_template_action, has_template_control};
pub use yaml::parse_yaml;
