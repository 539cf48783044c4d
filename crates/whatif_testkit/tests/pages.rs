//! One test per rule: its page is well-formed and every example on it is true.
//!
//! `WHATIF_UPDATE=1 cargo test -p whatif_testkit` rewrites the `finding` blocks; read the diff.

use libtest_mimic::{Arguments, Trial};
use std::path::PathBuf;

fn main() {
    let arguments = Arguments::from_args();
    let update = std::env::var_os("WHATIF_UPDATE").is_some();
    let trials = whatif_review::rules()
        .map(|rule| {
            Trial::test(rule.id, move || {
                if update {
                    std::fs::write(page_path(rule.id), whatif_testkit::updated(rule))?;
                    return Ok(());
                }
                whatif_testkit::check(rule).map_err(Into::into)
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn page_path(id: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../whatif_review/src");
    root.join(format!("{}.md", id.replace('-', "_")))
}
