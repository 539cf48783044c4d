//! `go.mod`.

use super::reading::{dependency, lines};
use whatif_model::facts::package::Package;
use whatif_model::{FileId, Range};

/// Module path and required versions.
pub(super) fn read(text: &str, file: FileId, package: &mut Package) {
    for (at, line) in lines(text) {
        let bare = line.split("//").next().unwrap_or("").trim();
        if let Some(name) = bare.strip_prefix("module ") {
            package.name = Some(name.trim().trim_matches('"').to_owned());
        }
        let mut words = bare.strip_prefix("require ").unwrap_or(bare).split_whitespace();
        if let (Some(module), Some(version)) = (words.next(), words.next())
            && let Some(version) = version.strip_prefix('v')
            && module.contains('.')
        {
            let span = Range::new(at, at + line.len()).in_file(file);
            package.dependencies.push(dependency(module, Some(version), false, span));
        }
    }
}
