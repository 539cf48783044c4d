//! Python as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// Python.
pub(crate) struct Python;

impl Dialect for Python {
    fn language(&self) -> Language {
        Language::Python
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["py"]
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/python/words.toml"),
            include_str!("../knowledge/python/telemetry.toml"),
            include_str!("../knowledge/python/language.toml"),
            include_str!("../knowledge/python/http_clients.toml"),
            include_str!("../knowledge/python/rpc.toml"),
            include_str!("../knowledge/python/http_servers.toml"),
            include_str!("../knowledge/python/sql.toml"),
            include_str!("../knowledge/python/stores.toml"),
            include_str!("../knowledge/python/brokers.toml"),
            include_str!("../knowledge/python/resilience.toml"),
            include_str!("../knowledge/python/partners.toml"),
        ]
    }

    fn is_manifest(&self, name: &str) -> bool {
        matches!(name, "requirements.txt" | "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile")
    }

    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
        units::units(modules, manifests)
    }

    fn resolve(&self, program: &Program<'_>, module: usize, path: &str) -> Option<Imported> {
        units::resolve(program, module, path)
    }

    fn manners(&self) -> Manners {
        Manners {
            errors_are_values: false,
            number_ms: 1e3,
            qualified_paths: false,
            snake_case_stubs: false,
            shares_state: false,
            starts_in_main: false,
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
