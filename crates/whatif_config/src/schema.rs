//! The JSON schema of `whatif.toml`, for editors.

/// JSON Schema, draft 7: the newest draft Taplo and other TOML editors agree on.
pub fn schema() -> &'static str {
    include_str!("schema.json")
}
