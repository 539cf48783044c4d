//! Which projects of one build a program is made of, and which of their packages its framework looks through.

use super::units::is_manifest;
use crate::ir::{Expr, ExprKind, Module};
use crate::knowledge::manifest;
use crate::lower::{Manifest, folder_of};
use std::collections::{BTreeMap, BTreeSet};

/// The projects of a build by their folders, and whom each declares that it needs.
pub(super) struct Declared<'m> {
    needs: BTreeMap<&'m str, BTreeSet<&'m str>>,
}

impl<'m> Declared<'m> {
    pub(super) fn of(manifests: &'m [Manifest]) -> Self {
        let own: Vec<&Manifest> =
            manifests.iter().filter(|manifest| is_manifest(manifest.path.rsplit('/').next().unwrap_or(""))).collect();
        let folders: BTreeSet<&str> = own.iter().map(|manifest| folder_of(&manifest.path)).collect();
        let poms = own.iter().filter(|manifest| manifest.path.ends_with("pom.xml"));
        let poms: Vec<_> = poms.map(|it| (folder_of(&it.path), manifest::read(&it.path, &it.text))).collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (folder, package) in &poms {
            let dependencies = package.dependencies.iter().filter(|dependency| !dependency.test);
            let artifacts: BTreeSet<&str> =
                dependencies.filter_map(|it| it.package.rsplit_once(':')).map(|(_, artifact)| artifact).collect();
            let is_needed = |name: &Option<String>| name.as_deref().is_some_and(|name| artifacts.contains(name));
            let needed = poms.iter().filter(|(other, package)| other != folder && is_needed(&package.name));
            needs.entry(folder).or_default().extend(needed.map(|(other, _)| *other));
        }
        for script in own.iter().filter(|manifest| manifest.path.contains("build.gradle")) {
            let paths = script.text.lines().filter_map(project_path);
            let needed = paths.filter_map(|path| {
                folders.iter().filter(|folder| is_at(folder, &path)).min_by_key(|folder| folder.len()).copied()
            });
            needs.entry(folder_of(&script.path)).or_default().extend(needed);
        }
        Self { needs }
    }

    /// Whom a project needs, directly or through others, itself left out.
    pub(super) fn behind(&self, root: &str) -> BTreeSet<&'m str> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let mut queue: Vec<&str> = self.needs.get(root).into_iter().flatten().copied().collect();
        while let Some(next) = queue.pop() {
            if next != root && found.insert(next) {
                queue.extend(self.needs.get(next).into_iter().flatten());
            }
        }
        found
    }
}

/// Whether a folder is the one of a project path: `orders/domain`, in the root of the build or below.
fn is_at(folder: &str, path: &str) -> bool {
    folder == path || folder.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'))
}

/// The project a line of a build script depends on when the program runs: `implementation project(":orders:domain")`
/// (<https://docs.gradle.org/current/userguide/declaring_dependencies_basics.html>).
fn project_path(line: &str) -> Option<String> {
    let (configuration, rest) = line.trim().split_once("project(")?;
    if configuration.to_lowercase().contains("test") || configuration.starts_with("//") {
        return None;
    }
    let quoted = rest.split(['"', '\'']).nth(1)?;
    let path = quoted.trim_start_matches(':').replace(':', "/");
    (!path.is_empty()).then_some(path)
}

/// The packages whose components the framework finds by itself, with those below them: what the program's annotation
/// names, else the package of its `main`
/// (<https://docs.spring.io/spring-boot/reference/using/structuring-your-code.html>).
pub(super) fn scanned(main: &Module) -> BTreeSet<String> {
    const SCANS: [&str; 2] = ["SpringBootApplication", "ComponentScan"];
    let decorators = main.types.iter().flat_map(|ty| &ty.decorators);
    let mut named = BTreeSet::new();
    let mut is_application = false;
    for decorator in decorators {
        let ExprKind::Call(call) = &decorator.kind else {
            is_application |= decorator.dotted().is_some_and(|name| SCANS.contains(&name.as_str()));
            continue;
        };
        if !call.callee.dotted().is_some_and(|name| SCANS.contains(&name.as_str())) {
            continue;
        }
        is_application = true;
        let packages = |name: &str| matches!(name, "" | "value" | "basePackages" | "scanBasePackages");
        for arg in call.args.iter().filter(|arg| packages(&arg.name)) {
            crate::ir::walk::each_inner(&arg.value, &mut |expr: &Expr| {
                if let ExprKind::Str(text) = &expr.kind {
                    named.insert(text.clone());
                }
            });
        }
    }
    if named.is_empty() && is_application {
        named.insert(main.package.clone());
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str, text: &str) -> Manifest {
        Manifest { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn projects_of_one_build() {
        let gradle = "implementation project(':orders:domain')\n  testImplementation project(':testing')\n";
        let manifests = [
            manifest("orders/main/build.gradle", gradle),
            manifest("orders/domain/build.gradle", "api(project(\":money\"))\n"),
            manifest("money/build.gradle", ""),
            manifest("testing/build.gradle", ""),
        ];
        let declared = Declared::of(&manifests);
        let behind: Vec<_> = declared.behind("orders/main").into_iter().collect();
        assert_eq!(behind, ["money", "orders/domain"]);
    }

    #[test]
    fn modules_of_maven() {
        let needs = |name: &str| {
            format!(
                "<dependencies><dependency><groupId>shop</groupId><artifactId>{name}</artifactId></dependency></dependencies>"
            )
        };
        let pom = |name: &str, rest: &str| format!("<project><artifactId>{name}</artifactId>{rest}</project>");
        let manifests = [
            manifest("app/pom.xml", &pom("shop-app", &needs("shop-web"))),
            manifest("web/pom.xml", &pom("shop-web", &needs("shop-app"))),
        ];
        assert_eq!(Declared::of(&manifests).behind("app").into_iter().collect::<Vec<_>>(), ["web"]);
    }

    #[test]
    fn packages_that_are_looked_through() {
        let scans = |text: &str| scanned(&super::super::read("App.java", text)).into_iter().collect::<Vec<_>>();
        assert_eq!(scans("package a.b;\n@SpringBootApplication class App {}"), ["a.b"]);
        assert_eq!(
            scans("package a.b;\n@SpringBootApplication(scanBasePackages = {\"a\", \"c\"}) class App {}"),
            ["a", "c"]
        );
        assert!(scans("package a.b;\nclass App {}").is_empty());
    }
}
