//! `package.json` and the lockfiles of npm, Yarn and pnpm.

use super::reading::{anywhere, dependency, join, lines};
use serde_json::{Map, Value};
use whatif_model::FileId;
use whatif_model::facts::package::Package;

/// Name, workspaces and dependencies.
pub(super) fn manifest(text: &str, file: FileId, package: &mut Package) {
    let Ok(Value::Object(root)) = serde_json::from_str(text) else { return };
    package.name = root.get("name").and_then(Value::as_str).map(str::to_owned);
    let folder = package.folder().to_owned();
    let workspaces = root.get("workspaces").map(|it| it.get("packages").unwrap_or(it)).and_then(Value::as_array);
    for pattern in workspaces.into_iter().flatten().filter_map(Value::as_str) {
        package.modules.extend(join(&folder, pattern.trim_end_matches("/*")));
    }
    for (key, test) in [("dependencies", false), ("peerDependencies", false), ("devDependencies", true)] {
        for (name, version) in entries(&root, key) {
            let version = version.as_str().unwrap_or("");
            match version.split_once(':') {
                Some(("file" | "link", path)) => package.projects.extend(join(&folder, path)),
                _ => package.dependencies.push(dependency(name, pinned(version), test, anywhere(file))),
            }
        }
    }
}

/// The lowest version a caret or tilde range allows; other ranges say nothing.
fn pinned(range: &str) -> Option<&str> {
    let bare = range.trim().trim_start_matches(['^', '~', '=', 'v']);
    (bare.starts_with(|c: char| c.is_ascii_digit()) && !bare.contains([' ', '|', '*', 'x'])).then_some(bare)
}

/// `packages` of version 2 and 3, `dependencies` of version 1.
pub(super) fn package_lock(text: &str, file: FileId, package: &mut Package) {
    let Ok(Value::Object(root)) = serde_json::from_str(text) else { return };
    package.locked = true;
    let direct = entries(&root, "packages").filter_map(|(path, it)| Some((path.strip_prefix("node_modules/")?, it)));
    let direct = direct.filter(|(name, _)| !name.contains("/node_modules/"));
    let old = entries(&root, "dependencies").map(|(name, it)| (name.as_str(), it));
    for (name, it) in direct.chain(old) {
        let version = it.get("version").and_then(Value::as_str);
        package.managed.push(dependency(name, version, false, anywhere(file)));
    }
}

fn entries<'v>(root: &'v Map<String, Value>, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    root.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// `"name@range", name@range:` and, below it, `version "1.2.3"` or `version: 1.2.3`.
pub(super) fn yarn_lock(text: &str, file: FileId, package: &mut Package) {
    package.locked = true;
    let mut name = None;
    for (_, line) in lines(text) {
        let bare = line.trim();
        if !line.starts_with([' ', '#']) && bare.ends_with(':') {
            name = bare.trim_matches(['"', ':']).split(", ").next().and_then(package_of);
        } else if let (Some(name), Some(version)) = (name, bare.strip_prefix("version")) {
            let version = version.trim_matches([':', ' ', '"']);
            package.managed.push(dependency(name, Some(version), false, anywhere(file)));
        }
    }
}

/// `  /name@1.2.3:`, `  'name@1.2.3':`, with peers in parentheses behind.
pub(super) fn pnpm_lock(text: &str, file: FileId, package: &mut Package) {
    package.locked = true;
    for (_, line) in lines(text).filter(|(_, line)| line.starts_with("  ") && !line.starts_with("   ")) {
        let Some(key) = line.trim().strip_suffix(':') else { continue };
        let key = key.trim_matches(['\'', '"', '/']);
        let key = key.split('(').next().unwrap_or(key);
        if let (Some(name), Some((_, version))) = (package_of(key), key.rsplit_once('@')) {
            package.managed.push(dependency(name, Some(version), false, anywhere(file)));
        }
    }
}

/// `@scope/name@1` → `@scope/name`.
fn package_of(key: &str) -> Option<&str> {
    let (name, _) = key.rsplit_once('@')?;
    let name = name.split_once("@npm:").map_or(name, |(name, _)| name);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::knowledge::Versions;
    use crate::knowledge::manifest::read;

    #[test]
    fn a_lockfile_wins_over_the_range() {
        let manifest = read(
            "web/package.json",
            "{\"name\": \"web\", \"dependencies\": {\"axios\": \"^0.21.0\", \"got\": \">=9\", \"lib\": \"file:../lib\"}, \"devDependencies\": {\"jest\": \"29.0.0\"}}",
        );
        let lock = read(
            "web/package-lock.json",
            "{\"packages\": {\"\": {}, \"node_modules/axios\": {\"version\": \"0.27.2\"}, \"node_modules/x/node_modules/axios\": {\"version\": \"0.1.0\"}}}",
        );
        assert_eq!(
            (manifest.name.as_deref(), manifest.projects.as_slice()),
            (Some("web"), ["lib".to_owned()].as_slice())
        );
        assert!(manifest.needs("jest").is_none() && manifest.needs("got").is_some());
        let versions = Versions::of_packages([&manifest, &lock]);
        assert!(versions.of("axios").is_some_and(|v| v.is_between("0.27", "0.28")));
        assert!(versions.of("got").is_none(), "a lower bound does not say which version runs");
    }

    #[test]
    fn other_lockfiles() {
        let yarn = read(
            "yarn.lock",
            "# yarn lockfile v1\n\n\"@nestjs/common@^9.0.0\", \"@nestjs/common@^9.1.0\":\n  version \"9.4.3\"\n\naxios@^1.0.0:\n  version \"1.6.2\"\n",
        );
        let berry = read("yarn.lock", "\"undici@npm:^5.0.0\":\n  version: 5.28.3\n");
        let pnpm = read(
            "pnpm-lock.yaml",
            "packages:\n\n  '@grpc/grpc-js@1.9.0':\n    resolution: {}\n\n  /got@12.1.0(x@1.0.0):\n    dev: false\n",
        );
        let versions = Versions::of_packages([&yarn, &berry, &pnpm]);
        for (name, since, until) in [
            ("@nestjs/common", "9.4", "10"),
            ("axios", "1.6", "1.7"),
            ("undici", "5.28", "6"),
            ("@grpc/grpc-js", "1.9", "2"),
            ("got", "12", "13"),
        ] {
            assert!(versions.of(name).is_some_and(|v| v.is_between(since, until)), "{name}");
        }
    }
}
