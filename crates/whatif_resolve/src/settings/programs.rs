//! Which documents of configuration make up the settings of one program, and what they declare.

use super::{conditions, platform, routes};
use crate::identity::canonical;
use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::Span;
use whatif_model::facts::DesignFacts;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::facts::package::Package;
use whatif_model::facts::settings::{Framework, Setting, Settings};
use whatif_model::text::folder_of;

/// A program that reads configuration.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Root-relative folder of its code.
    pub(crate) folder: String,
    /// What it calls itself, else the name of its package or folder.
    pub(crate) name: String,
    /// The port it listens on, when it says so itself.
    pub(crate) port: Option<u16>,
    /// What it does for the platform, by what it depends on.
    pub(crate) role: Option<platform::Role>,
    /// Prefixes of keys none of its libraries reads.
    pub(crate) unused: Vec<&'static str>,
    /// Its documents, those that win first.
    pub(crate) documents: Vec<Document>,
    /// The unit that declares it, by design and unit index; none when nothing says that it is a program.
    pub(crate) unit: Option<(usize, usize)>,
}

/// A document of a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Document {
    /// Where it comes from: what the config server serves wins over what lies beside the code.
    pub(crate) source: Source,
    /// Profiles under which it counts; empty: always.
    pub(crate) profiles: Vec<String>,
    /// Design and settings index. Of equals the later one wins.
    at: (usize, usize),
}

/// Where a document lies, the winner first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A config repository, for this program.
    Repository,
    /// A config repository, for all programs.
    Shared,
    /// Beside the code.
    Own,
    /// Beside the code, read before anything else.
    Bootstrap,
}

impl Program {
    /// The entries of a document.
    pub(crate) fn entries<'i>(&self, input: &'i Input, document: &Document) -> &'i [Setting] {
        &input.designs[document.at.0].1.settings[document.at.1].entries
    }

    /// Every entry of every document, whatever its profile, those that win first.
    pub(crate) fn all<'i>(&self, input: &'i Input) -> impl Iterator<Item = &'i Setting> {
        self.documents.iter().flat_map(|document| self.entries(input, document))
    }
}

/// Groups all settings into programs, and adds what they declare to the input.
pub(crate) fn declare(input: &mut Input) -> Vec<Program> {
    let own = own_documents(input);
    let mut programs: Vec<Program> =
        own.into_iter().map(|(folder, documents)| program(input, folder, documents)).collect();
    serve(input, &mut programs);
    programs.retain(|program| !program.documents.is_empty());
    for program in &mut programs {
        program
            .documents
            .sort_by(|a, b| (a.source, a.profiles.is_empty(), b.at).cmp(&(b.source, b.profiles.is_empty(), a.at)));
    }
    for program in &mut programs {
        let facts = DesignFacts {
            units: unit(input, program).into_iter().collect(),
            routes: routes::of(input, program),
            ..DesignFacts::default()
        };
        if !facts.units.is_empty() {
            program.unit = Some((input.designs.len(), 0));
        }
        // The path orders declarations; these come from the program's own documents.
        let path = program.documents.first().map_or("", |document| input.designs[document.at.0].0.as_str());
        input.designs.push((path.to_owned(), facts));
    }
    programs
}

fn documents(input: &Input) -> impl Iterator<Item = ((usize, usize), &Settings)> {
    let designs = input.designs.iter().enumerate();
    let all = designs.flat_map(|(d, (_, facts))| facts.settings.iter().enumerate().map(move |(s, it)| ((d, s), it)));
    all.filter(|(_, settings)| !is_test(&settings.path))
}

/// Documents that lie where a program looks for them, by the program's folder.
fn own_documents(input: &Input) -> BTreeMap<String, Vec<Document>> {
    let mut own: BTreeMap<String, Vec<Document>> = BTreeMap::new();
    for (at, settings) in documents(input) {
        let stem = stem_of(&settings.path);
        let bases: &[(&str, Source)] = match settings.framework {
            Framework::Spring => &[("application", Source::Own), ("bootstrap", Source::Bootstrap)],
            Framework::DotNet => &[("appsettings", Source::Own), ("ocelot", Source::Own)],
        };
        let found = bases.iter().find_map(|(base, source)| Some((suffix(stem, base)?, *source)));
        let Some((profile, source)) = found else { continue };
        let mut profiles = settings.profiles.clone();
        profiles.extend(profile.map(str::to_owned));
        let folder = match settings.framework {
            Framework::Spring => module_folder(&settings.path),
            Framework::DotNet => folder_of(&settings.path),
        };
        own.entry(folder.to_owned()).or_default().push(Document { source, profiles, at });
    }
    own
}

/// `application-docker` → `docker`; `appsettings.Development` → `Development`; none when it is another name.
fn suffix<'s>(stem: &'s str, base: &str) -> Option<Option<&'s str>> {
    let start = stem.get(..base.len()).filter(|start| start.eq_ignore_ascii_case(base))?;
    match stem.get(start.len()..)? {
        "" => Some(None),
        rest => rest.strip_prefix(['-', '.']).map(Some),
    }
}

fn program(input: &Input, folder: String, documents: Vec<Document>) -> Program {
    let mut program =
        Program { folder, name: String::new(), port: None, role: None, unused: Vec::new(), documents, unit: None };
    // What the program says of itself holds in the default profile; other profiles only fill gaps.
    program.documents.sort_by_key(|document| (!document.profiles.is_empty(), document.source, document.at));
    let package = package(input, &program.folder);
    let filtered = |name: &String| !name.contains(['@', '$']);
    let stated = first(&program, input, "spring.application.name").filter(filtered);
    let by_package = || package.and_then(|package| package.name.clone());
    let by_folder = || program.folder.rsplit('/').next().unwrap_or("").to_owned();
    program.name = stated.or_else(by_package).unwrap_or_else(by_folder);
    program.port = first(&program, input, "server.port").and_then(|port| port.trim().parse().ok());
    program.role = package.and_then(platform::role);
    program.unused = conditions::unused(&input.packages, &program.folder);
    program
}

/// The first literal value of a key, placeholders replaced by their defaults.
fn first(program: &Program, input: &Input, key: &str) -> Option<String> {
    let mut entries = program.all(input).filter(|entry| entry.key.eq_ignore_ascii_case(key));
    entries.find_map(|entry| entry.value.substitute(|_| None).as_text()).filter(|text| !text.is_empty())
}

/// The manifest of a folder that says what the program depends on.
fn package<'i>(input: &'i Input, folder: &str) -> Option<&'i Package> {
    let here = || input.packages.iter().filter(|package| package.folder() == folder && !package.locked);
    here().find(|package| package.name.is_some()).or_else(|| here().find(|package| !package.dependencies.is_empty()))
}

/// Gives programs the documents a config repository in the tree holds for them.
fn serve(input: &Input, programs: &mut [Program]) {
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for (at, settings) in documents(input).filter(|(_, settings)| settings.framework == Framework::Spring) {
        let stem = stem_of(&settings.path);
        let named = programs.iter_mut().filter_map(|program| Some((suffix(stem, &program.name)?, program)));
        let Some((profile, program)) = named.max_by_key(|(_, program)| program.name.len()) else { continue };
        if program.name.is_empty() || ["application", "bootstrap"].contains(&canonical(stem).as_str()) {
            continue;
        }
        let mut profiles = settings.profiles.clone();
        profiles.extend(profile.map(str::to_owned));
        program.documents.push(Document { source: Source::Repository, profiles, at });
        folders.insert(folder_of(&settings.path).to_owned());
    }
    folders.retain(|folder| !folder.ends_with("src/main/resources"));
    let clients: Vec<bool> = programs.iter().map(|program| program.all(input).any(is_client_setting)).collect();
    for (at, settings) in documents(input).filter(|(_, settings)| folders.contains(folder_of(&settings.path))) {
        let Some(profile) = suffix(stem_of(&settings.path), "application") else { continue };
        let mut profiles = settings.profiles.clone();
        profiles.extend(profile.map(str::to_owned));
        let document = Document { source: Source::Shared, profiles, at };
        for (program, is_client) in programs.iter_mut().zip(&clients) {
            program.documents.retain(|own| own.at != at);
            program.documents.extend(is_client.then(|| document.clone()));
        }
    }
}

/// Whether a setting makes its program ask a config server.
fn is_client_setting(entry: &Setting) -> bool {
    let key = entry.key.to_lowercase();
    let own = key.starts_with("spring.cloud.config.") && !key.starts_with("spring.cloud.config.server");
    let import = key.starts_with("spring.config.import") && entry.value.display().contains("configserver");
    own || import
}

/// The unit a program declares: it has a name of its own, a port, or a build that makes it run.
fn unit(input: &Input, program: &Program) -> Option<DeployUnit> {
    let package = package(input, &program.folder);
    let declares = |entry: &&Setting| {
        ["spring.application.name", "server.port"].iter().any(|key| entry.key.eq_ignore_ascii_case(key))
    };
    let declared = program.all(input).find(declares);
    let runs = package.is_some_and(is_program);
    if (declared.is_none() && !runs) || package.is_some_and(is_host) || program.name.is_empty() {
        return None;
    }
    let span = declared.or_else(|| program.all(input).next()).map(|entry| entry.span)?;
    Some(bare_unit(program, span))
}

/// A build that ends in something that runs.
fn is_program(package: &Package) -> bool {
    let plugins = [
        "org.springframework.boot:spring-boot-maven-plugin",
        "org.springframework.boot",
        "Microsoft.NET.Sdk.Web",
        "Microsoft.NET.Sdk.Worker",
    ];
    plugins.iter().any(|plugin| package.applies(plugin))
}

/// A program that only starts the others.
fn is_host(package: &Package) -> bool {
    package.applies("Aspire.AppHost.Sdk")
        || package.needs("Aspire.Hosting.AppHost").is_some()
        || package.properties.iter().any(|(name, value)| name == "IsAspireHost" && value == "true")
}

fn bare_unit(program: &Program, span: Span) -> DeployUnit {
    DeployUnit {
        build_context: Some(program.folder.clone()).filter(|folder| !folder.is_empty()),
        ports: program.port.into_iter().collect(),
        ..DeployUnit::new(program.name.clone(), UnitKind::Program, span)
    }
}

fn stem_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The folder of the module a document belongs to: resources lie below `src/main`, or beside the program in `config`.
fn module_folder(path: &str) -> &str {
    let folder = folder_of(path);
    if let Some(at) = folder.find("src/main").filter(|at| *at == 0 || folder.as_bytes().get(at - 1) == Some(&b'/')) {
        return folder.get(..at).unwrap_or("").trim_end_matches('/');
    }
    let (parent, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    if matches!(last, "config" | "resources") { parent } else { folder }
}

/// Folders build tools keep test resources in.
const TESTS: [&str; 8] =
    ["test", "tests", "testing", "integrationtest", "integration-test", "componenttest", "component-test", "it"];

/// Settings of tests say nothing about what runs.
fn is_test(path: &str) -> bool {
    let folders = folder_of(path).split('/').map(str::to_lowercase);
    let is_test = |folder: String| TESTS.contains(&folder.as_str());
    folders.into_iter().any(is_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_find_their_module() {
        assert_eq!(module_folder("a/b/src/main/resources/application.yml"), "a/b");
        assert_eq!(module_folder("src/main/resources/config/application.yml"), "");
        assert_eq!(module_folder("cart/config/application.yml"), "cart");
        assert!(is_test("a/src/test/resources/application.yml") && is_test("a/src/integrationTest/application.yml"));
        assert!(!is_test("contest-service/src/main/resources/application.yml"));
    }

    #[test]
    fn file_names_hold_profiles() {
        assert_eq!(suffix("application-docker", "application"), Some(Some("docker")));
        assert_eq!(suffix("Cart", "cart"), Some(None));
        assert_eq!(suffix("carts", "cart"), None);
    }
}
