//! Which build tool a manifest belongs to, and what all of them share.

use super::{cargo, dotnet, go, gradle, maven, npm, python};
use whatif_model::facts::package::{Dependency, Package};
use whatif_model::{FileId, Range, Span};

/// A build tool's manifest, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Cargo,
    CargoLock,
    DotNet,
    Go,
    Gradle,
    GradleProperties,
    GradleCatalogue,
    Maven,
    Npm,
    NpmLock,
    YarnLock,
    PnpmLock,
    Python,
}

/// Whether a file of this name is a manifest or lockfile this module reads.
pub fn is_manifest(path: &str) -> bool {
    tool(path).is_some()
}

/// Reads one. Pure; what is no manifest, or cannot be read, says nothing.
pub fn read(path: &str, text: &str) -> Package {
    let mut package = Package { path: path.to_owned(), ..Package::default() };
    let file = FileId::of(path);
    match tool(path) {
        Some(Tool::Cargo) => cargo::manifest(text, file, &mut package),
        Some(Tool::CargoLock) => cargo::lock(text, file, &mut package),
        Some(Tool::DotNet) => dotnet::read(text, file, &mut package),
        Some(Tool::Go) => go::read(text, file, &mut package),
        Some(Tool::Gradle) => gradle::script(text, file, &mut package),
        Some(Tool::GradleProperties) => gradle::properties(text, &mut package),
        Some(Tool::GradleCatalogue) => gradle::catalogue(text, file, &mut package),
        Some(Tool::Maven) => maven::read(text, file, &mut package),
        Some(Tool::Npm) => npm::manifest(text, file, &mut package),
        Some(Tool::NpmLock) => npm::package_lock(text, file, &mut package),
        Some(Tool::YarnLock) => npm::yarn_lock(text, file, &mut package),
        Some(Tool::PnpmLock) => npm::pnpm_lock(text, file, &mut package),
        Some(Tool::Python) => python::read(text, file, &mut package),
        None => {}
    }
    package
}

fn tool(path: &str) -> Option<Tool> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "Cargo.toml" => Tool::Cargo,
        "Cargo.lock" => Tool::CargoLock,
        "Directory.Packages.props" | "Directory.Build.props" => Tool::DotNet,
        "go.mod" => Tool::Go,
        "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts" => Tool::Gradle,
        "gradle.properties" => Tool::GradleProperties,
        "libs.versions.toml" => Tool::GradleCatalogue,
        "pom.xml" => Tool::Maven,
        "package.json" => Tool::Npm,
        "package-lock.json" | "npm-shrinkwrap.json" => Tool::NpmLock,
        "yarn.lock" => Tool::YarnLock,
        "pnpm-lock.yaml" => Tool::PnpmLock,
        "pyproject.toml" | "Pipfile" | "setup.py" | "setup.cfg" => Tool::Python,
        _ if name.starts_with("requirements") && name.ends_with(".txt") => Tool::Python,
        _ if [".csproj", ".fsproj", ".vbproj"].iter().any(|ending| name.ends_with(ending)) => Tool::DotNet,
        _ => return None,
    })
}

/// A dependency at a place.
pub(super) fn dependency(package: impl Into<String>, version: Option<&str>, test: bool, span: Span) -> Dependency {
    let version = version.map(str::trim).filter(|version| !version.is_empty()).map(str::to_owned);
    Dependency { package: package.into(), version, test, span }
}

/// The whole of a file, where no better place is known.
pub(super) fn anywhere(file: FileId) -> Span {
    Range::new(0, 0).in_file(file)
}

/// Lines with the offset they begin at.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

/// A path relative to a folder as a root-relative one; none when it leaves the root.
pub(crate) fn join(folder: &str, relative: &str) -> Option<String> {
    whatif_model::text::join(folder, &relative.replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_who_reads() {
        for path in ["pom.xml", "a/build.gradle.kts", "src/Shop.Api/Shop.Api.csproj", "requirements-dev.txt"] {
            assert!(is_manifest(path), "{path}");
        }
        assert!(!is_manifest("a/application.yml") && !is_manifest("pom.xml.bak"));
    }

    #[test]
    fn paths_stay_below_the_root() {
        assert_eq!(
            join("src/Web", "..\\Basket.API\\Basket.API.csproj").as_deref(),
            Some("src/Basket.API/Basket.API.csproj")
        );
        assert_eq!(join("a", "../../b"), None);
    }

    #[test]
    fn garbage_says_nothing() {
        for path in [
            "pom.xml",
            "x.csproj",
            "package.json",
            "package-lock.json",
            "Cargo.toml",
            "Cargo.lock",
            "libs.versions.toml",
            "build.gradle",
            "yarn.lock",
            "pnpm-lock.yaml",
        ] {
            for text in
                ["", "<", "{", "[", "\"", "\u{0}", "<!DOCTYPE a [<!ENTITY b \"&b;\">]><a>&b;</a>", "'a:b:", "\"é:é:é"]
            {
                let _ = read(path, text);
            }
        }
    }
}
