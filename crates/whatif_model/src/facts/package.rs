//! Facts about packages: what the manifests of build tools say a program is and depends on.

use crate::text::Span;
use serde::{Deserialize, Serialize};

/// What one manifest or lockfile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Root-relative path of the manifest.
    pub path: String,
    /// Its name: artifact, crate, assembly or package name; none when the manifest names nothing.
    pub name: Option<String>,
    /// Root-relative folders of the modules it is an aggregate of.
    pub modules: Vec<String>,
    /// Root-relative folders or manifests of packages of the same repository it is built with.
    pub projects: Vec<String>,
    /// Build properties that versions may name, and what the tool calls the project itself.
    pub properties: Vec<(String, String)>,
    /// What it depends on, the parent it inherits from included.
    pub dependencies: Vec<Dependency>,
    /// Versions it decides for whoever depends on these packages (dependency management, central versions, catalogues).
    pub managed: Vec<Dependency>,
    /// Build plugins it applies.
    pub plugins: Vec<Dependency>,
    /// Whether its versions are exact, as in a lockfile.
    pub locked: bool,
}

/// A package somebody depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Its name as the ecosystem writes it: `group:artifact`, `@scope/name`, a Go module path.
    pub package: String,
    /// The version as written; `None` when another place decides it.
    pub version: Option<String>,
    /// Whether only tests need it.
    pub test: bool,
    /// Where.
    pub span: Span,
}

impl Package {
    /// The folder of the manifest, empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The folder whose programs it is about: its own, but a version catalogue lies one below.
    pub fn scope(&self) -> &str {
        let folder = self.folder();
        let catalogue = self.path.ends_with("gradle/libs.versions.toml");
        if catalogue { folder.strip_suffix("gradle").unwrap_or(folder).trim_end_matches('/') } else { folder }
    }

    /// The dependency on a package, unless only tests have it.
    pub fn needs(&self, package: &str) -> Option<&Dependency> {
        self.dependencies.iter().find(|dependency| !dependency.test && dependency.package == package)
    }

    /// Whether a build plugin is applied.
    pub fn applies(&self, plugin: &str) -> bool {
        self.plugins.iter().any(|applied| applied.package == plugin)
    }
}
