//! JavaScript as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Convention, Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// JavaScript and TypeScript.
pub(crate) struct JavaScript;

impl Dialect for JavaScript {
    fn language(&self) -> Language {
        Language::JavaScript
    }

    fn extensions(&self) -> &'static [&'static str] {
        &super::file::EXTENSIONS
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/javascript/words.toml"),
            include_str!("../knowledge/javascript/telemetry.toml"),
            include_str!("../knowledge/javascript/language.toml"),
            include_str!("../knowledge/javascript/http_clients.toml"),
            include_str!("../knowledge/javascript/http_servers.toml"),
            include_str!("../knowledge/javascript/nest.toml"),
            include_str!("../knowledge/javascript/rpc.toml"),
            include_str!("../knowledge/javascript/sql.toml"),
            include_str!("../knowledge/javascript/stores.toml"),
            include_str!("../knowledge/javascript/brokers.toml"),
            include_str!("../knowledge/javascript/resilience.toml"),
            include_str!("../knowledge/javascript/partners.toml"),
            include_str!("../knowledge/javascript/cloud.toml"),
        ]
    }

    fn is_manifest(&self, name: &str) -> bool {
        matches!(name, "package.json" | "tsconfig.json")
    }

    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
        units::units(modules, manifests)
    }

    fn resolve(&self, program: &Program<'_>, module: usize, path: &str) -> Option<Imported> {
        units::resolve(program, module, path)
    }

    fn conventions(&self, path: &str) -> Vec<Convention> {
        super::convention::conventions(path)
    }

    fn manners(&self) -> Manners {
        Manners {
            errors_are_values: false,
            number_ms: 1.0,
            qualified_paths: false,
            snake_case_stubs: false,
            shares_state: false,
            starts_in_main: false,
            tokens: false,
            declares: true,
            callbacks: true,
            async_starts: true,
            implicit_receiver: false,
            bare_library_names: false,
            capital_functions: false,
            accessors: false,
            layers: 1,
            injects: true,
        }
    }
}
