//! `Cargo.toml` and `Cargo.lock`.

use super::reading::{anywhere, dependency, join};
use toml::{Table, Value};
use whatif_model::FileId;
use whatif_model::facts::package::{Dependency, Package};

/// Name, members, dependencies, and versions a workspace decides.
pub(super) fn manifest(text: &str, file: FileId, package: &mut Package) {
    let Ok(root) = text.parse::<Table>() else { return };
    let folder = package.folder().to_owned();
    package.name = root.get("package").and_then(|it| it.get("name")).and_then(Value::as_str).map(str::to_owned);
    let workspace = root.get("workspace");
    let members = workspace.and_then(|it| it.get("members")).and_then(Value::as_array);
    for member in members.into_iter().flatten().filter_map(Value::as_str) {
        package.modules.extend(join(&folder, member.trim_end_matches("/*")));
    }
    for (name, test) in [("dependencies", false), ("dev-dependencies", true)] {
        for (name, value) in root.get(name).and_then(Value::as_table).into_iter().flatten() {
            if let Some(path) = value.get("path").and_then(Value::as_str) {
                package.projects.extend(join(&folder, path));
            }
            package.dependencies.push(of_entry(name, value, test, file));
        }
    }
    let shared = workspace.and_then(|it| it.get("dependencies")).and_then(Value::as_table);
    package.managed.extend(shared.into_iter().flatten().map(|(name, value)| of_entry(name, value, false, file)));
}

fn of_entry(name: &str, value: &Value, test: bool, file: FileId) -> Dependency {
    let name = value.get("package").and_then(Value::as_str).unwrap_or(name);
    let version = value.as_str().or_else(|| value.get("version").and_then(Value::as_str));
    let version =
        version.map(|text| text.trim_start_matches(['^', '~', '=', ' '])).filter(|text| !text.contains(['<', '*']));
    dependency(name, version, test, anywhere(file))
}

/// Exact versions; of a crate in several versions the newest.
pub(super) fn lock(text: &str, file: FileId, package: &mut Package) {
    let Ok(root) = text.parse::<Table>() else { return };
    package.locked = true;
    let packages = root.get("package").and_then(Value::as_array).into_iter().flatten();
    for it in packages.rev() {
        let text = |key: &str| it.get(key).and_then(Value::as_str);
        package.managed.extend(text("name").map(|name| dependency(name, text("version"), false, anywhere(file))));
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::Versions;
    use crate::knowledge::manifest::read;

    #[test]
    fn a_workspace_and_its_lockfile() {
        let root = read(
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"crates/*\"]\n[workspace.dependencies]\nreqwest = { version = \"0.11\" }\n",
        );
        let member = read(
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n[dependencies]\nreqwest.workspace = true\nb = { path = \"../b\" }\ntonic = \"^0.9\"\n",
        );
        let lock = read(
            "Cargo.lock",
            "[[package]]\nname = \"reqwest\"\nversion = \"0.11.27\"\n[[package]]\nname = \"reqwest\"\nversion = \"0.12.3\"\n",
        );
        assert_eq!(
            (root.modules, member.projects.clone()),
            (vec!["a".to_owned(), "crates".to_owned()], vec!["b".to_owned()])
        );
        assert_eq!(member.name.as_deref(), Some("a"));
        let versions = Versions::of_packages([&member, &lock]);
        assert!(versions.of("reqwest").is_some_and(|v| v.is_between("0.12", "0.13")));
        assert!(versions.of("tonic").is_some_and(|v| v.is_between("0.9", "0.10")));
    }
}
