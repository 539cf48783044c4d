//! The `whatif` command.
fn main() {}
