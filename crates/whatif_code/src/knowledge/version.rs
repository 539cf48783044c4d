//! Versions of libraries as manifests name them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use whatif_model::facts::package::Package;

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

    /// The versions manifests name, those nearest to the program first. Lockfiles win, then what the program itself
    /// says, then what its parents, catalogues and bills of materials decide.
    pub fn of_packages<'p>(nearest: impl IntoIterator<Item = &'p Package>) -> Self {
        let nearest: Vec<&Package> = nearest.into_iter().collect();
        let mut properties: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, value) in nearest.iter().flat_map(|package| &package.properties) {
            properties.entry(name).or_insert(value);
        }
        let locked = nearest.iter().filter(|package| package.locked).flat_map(|package| &package.managed);
        let own = nearest.iter().flat_map(|package| &package.dependencies);
        let plugins = nearest.iter().flat_map(|package| &package.plugins);
        let managed = nearest.iter().flat_map(|package| &package.managed);
        let mut versions = Self::default();
        for dependency in locked.chain(own).chain(plugins).chain(managed) {
            if let Some(version) = dependency.version.as_deref().and_then(|text| expanded(text, &properties)) {
                versions.add(crate::lower::canonical(&dependency.package).as_ref(), &version);
                if PLATFORMS.contains(&dependency.package.as_str()) {
                    versions.add("org.springframework.boot:spring-boot", &version);
                }
            }
        }
        versions
    }
}

/// What decides the version of Spring Boot for a whole build, under its several names.
const PLATFORMS: [&str; 4] = [
    "org.springframework.boot:spring-boot-starter-parent",
    "org.springframework.boot:spring-boot-dependencies",
    "org.springframework.boot:spring-boot-gradle-plugin",
    "org.springframework.boot",
];

/// How often a property is looked up inside a property.
const HOPS_MAX: usize = 4;

/// `${x.version}`, `$xVersion` and `$(XVersion)` replaced; none when a property is not known.
fn expanded(text: &str, properties: &BTreeMap<&str, &str>) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..HOPS_MAX {
        let Some(at) = text.find('$') else { return Some(text) };
        let rest = text.get(at + 1..)?;
        let closing = if rest.starts_with('{') { Some('}') } else { rest.starts_with('(').then_some(')') };
        let (name, end) = match closing {
            Some(closing) => {
                let end = rest.find(closing)?;
                (rest.get(1..end)?, end + 1)
            }
            None => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (rest.get(..end)?, end)
            }
        };
        let value = properties.get(name)?;
        text = format!("{}{value}{}", text.get(..at)?, rest.get(end..)?);
    }
    None
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
    use crate::knowledge::manifest::read;

    #[test]
    fn manifests_name_versions() {
        let packages = [
            read("a/go.mod", "module x\nrequire (\n\tgithub.com/redis/go-redis/v9 v9.5.1 // indirect\n)\n"),
            read("b/requirements.txt", "Flask_SQLAlchemy==3.1.0 # pinned\nuvicorn[standard]==0.30\nredis>=4\n"),
            read("b/pyproject.toml", "[tool.poetry.dependencies]\nhttpx = \"^0.27.2\"\n"),
        ];
        let versions = Versions::of_packages(&packages);
        assert!(versions.of("github.com/redis/go-redis").is_some_and(|v| v.is_between("9", "10")));
        assert!(versions.of("flask-sqlalchemy").is_some_and(|v| v.is_between("3.1", "")));
        assert!(versions.of("uvicorn").is_some() && versions.of("httpx").is_some());
        assert!(versions.of("redis").is_none(), "a lower bound does not say which version runs");
    }
}
