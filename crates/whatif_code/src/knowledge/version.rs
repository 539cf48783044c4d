//! Versions of libraries as manifests name them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Package to version, of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    known: BTreeMap<String, Version>,
}

/// A version as far as ordering needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Vec<u64>);

impl Versions {
    /// Adds one, keeping what is there.
    #[must_use]
    pub fn with(mut self, package: &str, version: &str) -> Self {
        self.add(package, version);
        self
    }

    /// Adds one, keeping what is there.
    pub fn add(&mut self, package: &str, version: &str) {
        if let Some(version) = Version::read(version) {
            self.known.entry(normal(package)).or_insert(version);
        }
    }

    /// The version of a package. Go's major-version suffix does not matter.
    pub fn of(&self, package: &str) -> Option<&Version> {
        self.known.get(&normal(package))
    }

    /// Reads the versions a manifest names: `go.mod`, requirements files, `pyproject.toml`, `Pipfile`, `setup.py`.
    pub fn read(&mut self, path: &str, text: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name == "go.mod" {
            text.lines().for_each(|line| self.go_line(line));
        } else if !name.contains("ockerfile") {
            text.lines().for_each(|line| self.python_line(line));
        }
    }

    fn go_line(&mut self, line: &str) {
        let line = line.split("//").next().unwrap_or("").trim();
        let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
        if let (Some(module), Some(version)) = (words.next(), words.next())
            && version.starts_with('v')
            && module.contains('.')
        {
            self.add(&crate::lower::canonical(module), &version[1..]);
        }
    }

    /// `flask==2.3.1`, `"httpx ~= 0.27"`, `redis = "^5.0"`. Only a pinned or caret-bound version says something.
    fn python_line(&mut self, line: &str) {
        let line = line.split('#').next().unwrap_or("").trim().trim_matches(['"', '\'', ',', ' ']);
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(line.len());
        let (package, mut rest) = line.split_at(end);
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').map_or("", |(_, rest)| rest);
        }
        let rest = rest.trim().trim_matches(['"', '\'', ',']);
        let pinned = ["==", "~=", "="].iter().find_map(|op| rest.strip_prefix(op));
        let Some(version) = pinned else { return };
        let version = version.trim().trim_matches(['"', '\'', ',', ' ', '=', '^', '~']);
        if !package.is_empty() {
            self.add(package, version);
        }
    }
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let numbers: Vec<u64> =
            text.split(['.', '-', '+', ';', ' ', ',']).map_while(|part| part.parse().ok()).collect();
        (!numbers.is_empty()).then_some(Self(numbers))
    }

    /// Whether it is `since` or later and before `until`; empty bounds do not bind.
    pub fn is_between(&self, since: &str, until: &str) -> bool {
        let bound = |text: &str| Self::read(text);
        bound(since).is_none_or(|since| self.order(&since) != Ordering::Less)
            && bound(until).is_none_or(|until| self.order(&until) == Ordering::Less)
    }

    fn order(&self, other: &Self) -> Ordering {
        let len = self.0.len().max(other.0.len());
        let part = |version: &Self, at: usize| version.0.get(at).copied().unwrap_or(0);
        (0..len).map(|at| part(self, at).cmp(&part(other, at))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Python treats `-`, `_` and `.` alike and ignores case (PEP 503); Go paths have neither problem.
fn normal(package: &str) -> String {
    if package.contains('/') { package.to_owned() } else { package.to_ascii_lowercase().replace(['_', '.'], "-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_versions() {
        let mut versions = Versions::default();
        versions.read("a/go.mod", "module x\nrequire (\n\tgithub.com/redis/go-redis/v9 v9.5.1 // indirect\n)\n");
        versions.read("b/requirements.txt", "Flask_SQLAlchemy==3.1.0 # pinned\nuvicorn[standard]==0.30\nredis>=4\n");
        versions.read("b/pyproject.toml", "[tool.poetry.dependencies]\nhttpx = \"^0.27.2\"\n");
        assert!(versions.of("github.com/redis/go-redis").is_some_and(|v| v.is_between("9", "10")));
        assert!(versions.of("flask-sqlalchemy").is_some_and(|v| v.is_between("3.1", "")));
        assert!(versions.of("uvicorn").is_some() && versions.of("httpx").is_some());
        assert!(versions.of("redis").is_none(), "a lower bound does not say which version runs");
    }
}
