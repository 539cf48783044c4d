//! Rust as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// Deepest chain of imports that name each other.
const ALIASES_MAX: usize = 4;

/// Rust.
pub(crate) struct Rust;

impl Dialect for Rust {
    fn language(&self) -> Language {
        Language::Rust
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["rs"]
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/rust/words.toml"),
            include_str!("../knowledge/rust/telemetry.toml"),
            include_str!("../knowledge/rust/language.toml"),
            include_str!("../knowledge/rust/http_servers.toml"),
            include_str!("../knowledge/rust/http_clients.toml"),
            include_str!("../knowledge/rust/rpc.toml"),
            include_str!("../knowledge/rust/sql.toml"),
            include_str!("../knowledge/rust/stores.toml"),
            include_str!("../knowledge/rust/brokers.toml"),
            include_str!("../knowledge/rust/resilience.toml"),
        ]
    }

    fn is_manifest(&self, name: &str) -> bool {
        name == "Cargo.toml" || name == "Cargo.lock"
    }

    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
        units::units(modules, manifests)
    }

    fn resolve(&self, program: &Program<'_>, module: usize, path: &str) -> Option<Imported> {
        resolve(program, module, path, ALIASES_MAX)
    }

    fn manners(&self) -> Manners {
        Manners {
            errors_are_values: true,
            // Spans of time are `Duration`s; a bare number in a setting is taken for seconds.
            number_ms: 1e3,
            qualified_paths: true,
            snake_case_stubs: true,
            shares_state: true,
            starts_in_main: true,
            tokens: false,
            declares: false,
            callbacks: false,
            async_starts: false,
            implicit_receiver: false,
            bare_library_names: false,
            capital_functions: false,
            accessors: false,
            layers: 1,
            injects: false,
        }
    }
}

/// Paths begin with `crate`, `self`, `super`, the name of a crate of the unit, or a name of the module
/// (<https://doc.rust-lang.org/reference/paths.html>).
fn resolve(program: &Program<'_>, module: usize, path: &str, depth: usize) -> Option<Imported> {
    let mut segments = path.split('.');
    let head = segments.next().unwrap_or(path);
    let rest: Vec<&str> = segments.collect();
    let own = units::module_key(&program.modules[module].path);
    let root = units::root_of(&program.roots, &own);
    match head {
        "self" => locate(program, own, &rest),
        "crate" => locate(program, root?.to_owned(), &rest),
        "super" => {
            let parent = own.rsplit_once('/').map(|(parent, _)| parent.to_owned())?;
            let parent = if program.package_at(&parent).is_some() { parent } else { root?.to_owned() };
            locate(program, parent, &rest)
        }
        _ => {
            if let Some(root) = units::crate_root(&program.roots, head) {
                return locate(program, root.to_owned(), &rest);
            }
            let alias = program.import(module, head).filter(|alias| *alias != head && depth > 0)?;
            let mut full = alias.to_owned();
            for segment in rest {
                full.push('.');
                full.push_str(segment);
            }
            resolve(program, module, &full, depth - 1).or(Some(Imported::Library(full)))
        }
    }
}

/// The module that is deepest along a path, and what remains of the path.
fn locate(program: &Program<'_>, start: String, rest: &[&str]) -> Option<Imported> {
    let mut key = start;
    let mut package = program.package_at(&key);
    let mut used = 0;
    let mut folder = units::children_of(&key);
    for (at, segment) in rest.iter().enumerate() {
        let next = if *segment == "super" {
            folder.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned())
        } else {
            format!("{folder}/{segment}")
        };
        let Some(found) = program.package_at(&next) else { break };
        package = Some(found);
        used = at + 1;
        key = next;
        folder = units::children_of(&key);
    }
    let rest = rest.get(used..).unwrap_or(&[]).iter().map(|segment| (*segment).to_owned()).collect();
    package.map(|package| Imported::Own(package, rest))
}
