//! Java as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// Java.
pub(crate) struct Java;

impl Dialect for Java {
    fn language(&self) -> Language {
        Language::Java
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["java"]
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/java/words.toml"),
            include_str!("../knowledge/java/telemetry.toml"),
            include_str!("../knowledge/java/language.toml"),
            include_str!("../knowledge/java/spring.toml"),
            include_str!("../knowledge/java/http.toml"),
            include_str!("../knowledge/java/stores.toml"),
            include_str!("../knowledge/java/brokers.toml"),
            include_str!("../knowledge/java/resilience.toml"),
            include_str!("../knowledge/java/rpc.toml"),
        ]
    }

    fn is_manifest(&self, name: &str) -> bool {
        units::is_manifest(name)
    }

    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
        units::units(modules, manifests)
    }

    fn resolve(&self, program: &Program<'_>, _module: usize, path: &str) -> Option<Imported> {
        units::resolve(program, path)
    }

    fn manners(&self) -> Manners {
        Manners {
            errors_are_values: false,
            number_ms: 1.0,
            qualified_paths: false,
            snake_case_stubs: true,
            shares_state: false,
            starts_in_main: true,
            tokens: false,
            declares: false,
            callbacks: false,
            async_starts: false,
            implicit_receiver: true,
            bare_library_names: false,
            capital_functions: false,
            accessors: true,
            layers: 2,
            injects: true,
        }
    }
}
