//! Which modules make one program.

use crate::ir::Module;
use crate::knowledge::{Knowledge, Versions};
use crate::lower::entries::{self, Found};
use crate::lower::program::{FunctionId, Program, folder_of, join_path};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::Ignored;
use whatif_model::facts::code::{CodeUnit, Language};
use whatif_model::{Evidence, Fact, FileId, Span, Stage};

/// Stack of the thread that interprets: own functions are inlined, so nesting adds up.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// A file that says where a program's root is, and which versions of libraries it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Root-relative path.
    pub path: String,
    /// Its text; may be empty for files whose place alone matters.
    pub text: String,
}

/// Modules that are built into one program.
struct Unit<'a> {
    root: String,
    name: String,
    language: Language,
    modules: Vec<(&'a Module, String)>,
    main: Option<usize>,
    roots: Vec<String>,
}

/// Turns the modules of one repository into units with their flows. Pure; the order of `modules` does not matter.
pub fn lower(modules: &[Module], manifests: &[Manifest], knowledge: &Knowledge) -> Vec<CodeUnit> {
    let mut sorted: Vec<&Module> = modules.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut units = go_units(&sorted, manifests);
    units.extend(python_units(&sorted, manifests));
    let worker = || units.iter().map(|unit| lower_unit(unit, manifests, knowledge)).collect::<Vec<_>>();
    let mut lowered = std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
        match spawned.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(lowered)) => lowered,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Vec::new(),
        }
    });
    lowered.sort_by(|a, b| (&a.root, a.language, a.span).cmp(&(&b.root, b.language, b.span)));
    lowered
}

fn lower_unit(unit: &Unit<'_>, manifests: &[Manifest], knowledge: &Knowledge) -> CodeUnit {
    let mut versions = Versions::default();
    let mut nearest: Vec<&Manifest> =
        manifests.iter().filter(|manifest| is_around(folder_of(&manifest.path), &unit.root)).collect();
    nearest.sort_by_key(|manifest| std::cmp::Reverse(manifest.path.len()));
    for manifest in nearest {
        versions.read(&manifest.path, &manifest.text);
    }
    let program = Program::new(unit.language, unit.modules.clone(), unit.roots.clone());
    let main = unit.main.and_then(|module| main_function(&program, module));
    let found = entries::run(&program, knowledge, &versions, main);
    assemble(unit, &program, main, found, knowledge)
}

fn main_function(program: &Program<'_>, module: usize) -> Option<FunctionId> {
    program.find_function(program.package_of[module], "main")
}

fn assemble(
    unit: &Unit<'_>,
    program: &Program<'_>,
    main: Option<FunctionId>,
    found: Found,
    knowledge: &Knowledge,
) -> CodeUnit {
    let span = match main {
        Some(main) => {
            let declared = program.function(main);
            program.span(declared.module, declared.ir.name_range)
        }
        None => first_span(unit),
    };
    let serving = !found.entries.is_empty();
    let tool = uses_tool(unit, knowledge);
    let auxiliary =
        tool || (!serving && found.serves.is_empty() && found.background.is_empty()) || in_tool_folder(&unit.root);
    let whole = |fact: Fact<_>, label: &str| -> Fact<bool> {
        if fact.is_unknown() && serving { Fact::absent(Evidence::stated(Stage::Code, span, label)) } else { fact }
    };
    let mut tracing = found.tracing;
    if tracing.is_unknown() {
        tracing = by_agent(unit, knowledge);
    }
    if tracing.is_unknown() && serving {
        tracing = Fact::absent(Evidence::stated(Stage::Code, span, "no tracing is installed"));
    }
    CodeUnit {
        root: unit.root.clone(),
        name: unit.name.clone(),
        language: unit.language,
        span,
        entries: found.entries,
        background: found.background,
        serves: found.serves,
        peers: found.peers,
        server_timeout: found.server_timeout,
        unused_deadlines: found.unused_deadlines,
        graceful_shutdown: if unit.language == Language::Go {
            whole(found.graceful, "no stop signal is handled")
        } else {
            found.graceful
        },
        tracing,
        auxiliary,
        ignored: ignored(unit),
        problems: Vec::new(),
    }
}

/// An agent that instruments by being imported.
fn by_agent(unit: &Unit<'_>, knowledge: &Knowledge) -> Fact<String> {
    let agents = &knowledge.words(unit.language).tracing_agents;
    let is_agent = |path: &str, agent: &str| {
        path.strip_prefix(agent).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    };
    let imports = unit.modules.iter().flat_map(|(module, _)| module.imports.iter().map(move |import| (module, import)));
    let found = imports.filter_map(|(module, import)| {
        let agent = agents.iter().find(|agent| is_agent(&import.path, agent))?;
        let span = import.range.in_file(FileId::of(&module.path));
        Some(Fact::known(agent.clone(), Evidence::stated(Stage::Code, span, "a tracing agent is imported")))
    });
    found.into_iter().next().unwrap_or_default()
}

fn first_span(unit: &Unit<'_>) -> Span {
    let module = unit.modules.iter().map(|(module, _)| *module).find(|module| !module.is_test);
    let path = module.map_or("", |module| module.path.as_str());
    whatif_model::Range::new(0, 0).in_file(FileId::of(path))
}

/// Syntax the front end could not read.
fn ignored(unit: &Unit<'_>) -> Vec<Ignored> {
    let mut ignored = Vec::new();
    for (module, _) in &unit.modules {
        let file = FileId::of(&module.path);
        ignored.extend(
            module
                .errors
                .iter()
                .map(|range| Ignored { span: range.in_file(file), reason: "syntax that could not be read".to_owned() }),
        );
    }
    ignored
}

fn uses_tool(unit: &Unit<'_>, knowledge: &Knowledge) -> bool {
    let tools = &knowledge.words(unit.language).tool_packages;
    let is_tool = |path: &str| {
        tools
            .iter()
            .any(|tool| path == tool || path.starts_with(&format!("{tool}.")) || path.starts_with(&format!("{tool}/")))
    };
    unit.modules.iter().any(|(module, _)| !module.is_test && module.imports.iter().any(|import| is_tool(&import.path)))
}

/// Folders whose programs nobody deploys as a service.
fn in_tool_folder(root: &str) -> bool {
    const TOOLS: [&str; 12] = [
        "test",
        "tests",
        "e2e",
        "scripts",
        "script",
        "tools",
        "hack",
        "examples",
        "example",
        "loadgenerator",
        "load-gen",
        "loadtest",
    ];
    root.split('/').any(|part| TOOLS.contains(&part.to_lowercase().as_str()))
}

/// Whether `folder` is `inner` or around it.
fn is_around(folder: &str, inner: &str) -> bool {
    folder.is_empty() || inner == folder || inner.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// One unit per `package main`, with the packages it imports.
fn go_units<'a>(modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let go: Vec<&'a Module> =
        modules.iter().copied().filter(|module| module.language == Language::Go && !module.is_test).collect();
    let roots = go_modules(manifests);
    let mut folders: BTreeMap<&str, Vec<&'a Module>> = BTreeMap::new();
    for module in &go {
        folders.entry(folder_of(&module.path)).or_default().push(module);
    }
    let import_path = |folder: &str| -> String {
        let root = roots.iter().filter(|(root, _)| is_around(root, folder)).max_by_key(|(root, _)| root.len());
        match root {
            Some((root, path)) if folder.len() > root.len() => {
                let rest = folder[root.len()..].trim_start_matches('/');
                format!("{path}/{rest}")
            }
            Some((_, path)) => path.clone(),
            None => folder.to_owned(),
        }
    };
    let by_import: BTreeMap<String, &str> = folders.keys().map(|folder| (import_path(folder), *folder)).collect();
    let mut units = Vec::new();
    for (folder, files) in &folders {
        let Some(main) = files.iter().position(|module| is_main(module)) else { continue };
        let mut wanted: BTreeSet<&str> = BTreeSet::from([*folder]);
        let mut queue = vec![*folder];
        while let Some(next) = queue.pop() {
            for import in folders[next].iter().flat_map(|module| &module.imports) {
                if let Some(found) = by_import.get(&import.path)
                    && wanted.insert(found)
                {
                    queue.push(found);
                }
            }
        }
        let mut chosen: Vec<(&'a Module, String)> = Vec::new();
        for folder in &wanted {
            let path = import_path(folder);
            let files = folders[folder].iter().filter(|module| {
                wanted.len() == 1 || module.package != "main" || *folder == folder_of(&files[main].path)
            });
            chosen.extend(files.map(|module| (*module, path.clone())));
        }
        let at = chosen.iter().position(|(module, _)| module.path == files[main].path);
        let root = (*folder).to_owned();
        units.push(Unit {
            name: go_name(&root, &import_path(folder)),
            root,
            language: Language::Go,
            modules: chosen,
            main: at,
            roots: Vec::new(),
        });
    }
    units
}

fn is_main(module: &Module) -> bool {
    module.package == "main"
        && module.functions.iter().any(|function| function.name == "main" && function.owner.is_none())
}

/// The nearest folder whose name says something, else the module's.
fn go_name(root: &str, import_path: &str) -> String {
    const NEUTRAL: [&str; 8] = ["cmd", "app", "main", "server", "src", "service", "internal", "api"];
    let telling =
        |path: &str| path.rsplit('/').find(|part| !part.is_empty() && !NEUTRAL.contains(part)).map(str::to_owned);
    let last = || import_path.rsplit('/').next().unwrap_or(import_path).to_owned();
    telling(root).or_else(|| telling(import_path)).unwrap_or_else(last)
}

/// Folder and module path of every `go.mod`.
fn go_modules(manifests: &[Manifest]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.path.rsplit('/').next() == Some("go.mod")) {
        let path = manifest
            .text
            .lines()
            .find_map(|line| line.trim().strip_prefix("module "))
            .map(|path| path.trim().trim_matches('"').to_owned());
        found.push((folder_of(&manifest.path).to_owned(), path.unwrap_or_default()));
    }
    found
}

/// One unit per folder with a manifest or Dockerfile, else per top folder.
fn python_units<'a>(modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let python: Vec<&'a Module> =
        modules.iter().copied().filter(|module| module.language == Language::Python && !module.is_test).collect();
    let marks: BTreeSet<&str> = manifests
        .iter()
        .filter(|manifest| marks_python(&manifest.path))
        .map(|manifest| folder_of(&manifest.path))
        .collect();
    let mut groups: BTreeMap<String, Vec<&'a Module>> = BTreeMap::new();
    for module in &python {
        let folder = folder_of(&module.path);
        let mark = marks.iter().filter(|mark| is_around(mark, folder)).max_by_key(|mark| mark.len());
        let root = match mark {
            Some(mark) => (*mark).to_owned(),
            None => folder.split('/').next().unwrap_or("").to_owned(),
        };
        groups.entry(root).or_default().push(module);
    }
    let all: BTreeMap<&str, &'a Module> = python.iter().map(|module| (module.path.as_str(), *module)).collect();
    let mut units = Vec::new();
    for (root, own) in groups {
        let roots = python_roots(&root);
        let chosen = with_imported(&own, &roots, &all);
        let name = root.rsplit('/').next().unwrap_or(&root).to_owned();
        let modules =
            chosen.into_iter().map(|module| (module, module.path.trim_end_matches(".py").to_owned())).collect();
        units.push(Unit { name, root, language: Language::Python, modules, main: None, roots });
    }
    units
}

fn marks_python(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_lowercase();
    lower.contains("dockerfile")
        || matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile" | "manage.py")
        || (lower.starts_with("requirements") && (lower.ends_with(".txt") || lower.ends_with(".in")))
}

/// Where imports are looked up: the root, its `src`, and every folder around it.
fn python_roots(root: &str) -> Vec<String> {
    let mut roots = vec![root.to_owned(), join_path(root, "src"), join_path(root, "app")];
    let mut folder = root;
    while !folder.is_empty() {
        folder = folder_of(folder);
        roots.push(folder.to_owned());
        roots.push(join_path(folder, "src"));
    }
    roots.dedup();
    roots
}

/// A unit's own modules and those outside that they import (shared packages).
fn with_imported<'a>(own: &[&'a Module], roots: &[String], all: &BTreeMap<&str, &'a Module>) -> Vec<&'a Module> {
    let mut chosen: BTreeMap<&str, &'a Module> = own.iter().map(|module| (module.path.as_str(), *module)).collect();
    let mut queue: Vec<&'a Module> = own.to_vec();
    while let Some(module) = queue.pop() {
        for import in &module.imports {
            let parts: Vec<&str> = import.path.split('.').filter(|part| !part.is_empty()).collect();
            for used in 1..=parts.len() {
                let file = parts[..used].join("/");
                let found = roots.iter().find_map(|root| {
                    let base = join_path(root, &file);
                    all.get(format!("{base}.py").as_str())
                        .or_else(|| all.get(format!("{base}/__init__.py").as_str()))
                        .copied()
                });
                if let Some(found) = found
                    && chosen.insert(&found.path, found).is_none()
                {
                    queue.push(found);
                }
            }
        }
    }
    chosen.into_values().collect()
}
