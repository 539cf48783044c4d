//! Requirements files, `pyproject.toml`, `Pipfile`, `setup.py`: line by line, as far as literal.

use super::reading::{dependency, lines};
use whatif_model::facts::package::Package;
use whatif_model::{FileId, Range};

/// `flask==2.3.1`, `"httpx ~= 0.27"`, `redis = "^5.0"`. Only a pinned or caret-bound version says something.
pub(super) fn read(text: &str, file: FileId, package: &mut Package) {
    for (at, whole) in lines(text) {
        let line = whole.split('#').next().unwrap_or("").trim().trim_matches(['"', '\'', ',', ' ']);
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(line.len());
        let (name, mut rest) = line.split_at(end);
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').map_or("", |(_, rest)| rest);
        }
        let rest = rest.trim().trim_matches(['"', '\'', ',']);
        let Some(version) = ["==", "~=", "="].iter().find_map(|op| rest.strip_prefix(op)) else { continue };
        let version = version.trim().trim_matches(['"', '\'', ',', ' ', '=', '^', '~']);
        if !name.is_empty() {
            let span = Range::new(at, at + whole.len()).in_file(file);
            package.dependencies.push(dependency(name, Some(version), false, span));
        }
    }
}
