//! One program: from its modules to a unit with its flows.

use crate::ir::Module;
use crate::knowledge::{Knowledge, Versions};
use crate::language::dialect;
use crate::lower::entries::{self, Found};
use crate::lower::program::{FunctionId, Program};
use crate::lower::telemetry;
use std::collections::BTreeSet;
use whatif_model::facts::Ignored;
use whatif_model::facts::code::{CodeUnit, Language};
use whatif_model::facts::package::Package;
use whatif_model::facts::telemetry::Telemetry;
use whatif_model::{Evidence, Fact, FileId, Span, Stage};

/// A file that says where a program's root is, and which versions of libraries it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Root-relative path.
    pub path: String,
    /// Its text; may be empty for files whose place alone matters.
    pub text: String,
}

/// Modules that are built into one program.
pub(crate) struct Unit<'a> {
    /// Root-relative folder.
    pub(crate) root: String,
    /// What the program is called.
    pub(crate) name: String,
    pub(crate) language: Language,
    /// Its modules and shared ones, each with the package it belongs to as [`Program::package_at`] knows it.
    pub(crate) modules: Vec<(&'a Module, String)>,
    /// Which module holds `main`.
    pub(crate) main: Option<usize>,
    /// Folders names may be imported from (Python).
    pub(crate) roots: Vec<String>,
}

pub(super) fn lower_unit<'p>(
    unit: &Unit<'_>,
    borrowed: &BTreeSet<usize>,
    packages: impl Iterator<Item = &'p Package>,
    knowledge: &Knowledge,
) -> CodeUnit {
    let packages: Vec<&Package> = packages.collect();
    let versions = Versions::of_packages(packages.iter().copied());
    let shown = telemetry::scan(unit, packages.iter().copied(), knowledge);
    let mut program = Program::new(unit.language, unit.modules.clone(), unit.roots.clone(), knowledge);
    program.borrowed.clone_from(borrowed);
    program.import_wildcards(knowledge);
    let main = unit.main.and_then(|module| main_function(&program, module));
    let mut found = entries::run(&program, knowledge, &versions, main);
    if unit.main.is_none() && dialect(unit.language).manners().starts_in_main {
        found.belongs_to_others();
    }
    assemble(unit, &program, main, found, shown, knowledge)
}

fn main_function(program: &Program<'_>, module: usize) -> Option<FunctionId> {
    let declared = program.find_function(program.package_of[module], "main");
    declared.or_else(|| program.static_main(module))
}

fn assemble(
    unit: &Unit<'_>,
    program: &Program<'_>,
    main: Option<FunctionId>,
    found: Found,
    mut shown: Telemetry,
    knowledge: &Knowledge,
) -> CodeUnit {
    let span = match main {
        Some(main) => {
            let declared = program.function(main);
            program.span(declared.module, declared.ir.name_range)
        }
        None => first_span(unit),
    };
    let manners = dialect(unit.language).manners();
    let serving = !found.entries.is_empty();
    let tool = uses_tool(unit, knowledge) || in_tool_folder(&unit.root);
    let auxiliary = tool || (!serving && found.serves.is_empty() && found.background.is_empty());
    let whole = |fact: Fact<_>, label: &str| -> Fact<bool> {
        if fact.is_unknown() && serving { Fact::absent(Evidence::stated(Stage::Code, span, label)) } else { fact }
    };
    let mut tracing = found.tracing;
    let agent = by_agent(unit, knowledge);
    shown.listens = found.listens;
    // Where nothing is called `main`, what is missing is missing where the program begins to serve.
    let begins = shown.listens.first().copied().or(found.entries.first().map(|entry| entry.span));
    let seen_at = if main.is_some() { span } else { begins.unwrap_or(span) };
    // An agent may be attached where the program is started.
    let told_whole = serving && !(manners.starts_in_main && manners.injects);
    if told_whole {
        telemetry::settle(&mut shown, seen_at, !agent.is_unknown());
    }
    if tracing.is_unknown() {
        tracing = agent;
    }
    if tracing.is_unknown() && told_whole {
        tracing = Fact::absent(Evidence::stated(Stage::Code, seen_at, "no tracing is installed"));
    }
    CodeUnit {
        root: unit.root.clone(),
        name: unit.name.clone(),
        language: unit.language,
        span,
        entries: found.entries,
        background: found.background,
        unreached: found.unreached,
        reached: found.reached,
        serves: found.serves,
        peers: found.peers,
        server_timeout: found.server_timeout,
        unused_deadlines: found.unused_deadlines,
        handles: found.handles,
        unused_limits: super::options::unused_limits(program, knowledge),
        sagas: super::sagas::sagas(program, knowledge),
        // Frameworks that inject also handle the stop signal, as their configuration says.
        graceful_shutdown: if manners.starts_in_main && !manners.injects {
            whole(found.graceful, "no stop signal is handled")
        } else {
            found.graceful
        },
        tracing,
        telemetry: shown,
        auxiliary,
        tool,
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
        if is_bundle(module) {
            let reason = "bundled or minified code is not read".to_owned();
            ignored.push(Ignored { span: whatif_model::Range::new(0, 0).in_file(file), reason });
        }
        ignored.extend(
            module
                .errors
                .iter()
                .map(|range| Ignored { span: range.in_file(file), reason: "syntax that could not be read".to_owned() }),
        );
    }
    ignored
}

/// A file made by a machine of which nothing was read; declarations hold no code.
fn is_bundle(module: &Module) -> bool {
    let empty =
        module.functions.is_empty() && module.types.is_empty() && module.top.is_empty() && module.imports.is_empty();
    module.language == Language::JavaScript && module.is_generated && empty && !module.path.ends_with(".d.ts")
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
    const TOOLS: [&str; 13] = [
        "contrib",
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
pub(crate) fn is_around(folder: &str, inner: &str) -> bool {
    folder.is_empty() || inner == folder || inner.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
