//! C# as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// C#.
pub(crate) struct CSharp;

impl Dialect for CSharp {
    fn language(&self) -> Language {
        Language::CSharp
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["cs", "razor", "cshtml"]
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/csharp/words.toml"),
            include_str!("../knowledge/csharp/telemetry.toml"),
            include_str!("../knowledge/csharp/language.toml"),
            include_str!("../knowledge/csharp/web.toml"),
            include_str!("../knowledge/csharp/http.toml"),
            include_str!("../knowledge/csharp/data.toml"),
            include_str!("../knowledge/csharp/brokers.toml"),
            include_str!("../knowledge/csharp/buses.toml"),
            include_str!("../knowledge/csharp/resilience.toml"),
        ]
    }

    fn is_manifest(&self, _name: &str) -> bool {
        // Project files are manifests of every tool.
        false
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
            number_ms: 1.0,
            qualified_paths: false,
            snake_case_stubs: false,
            shares_state: false,
            starts_in_main: false,
            tokens: true,
            declares: false,
            callbacks: false,
            async_starts: true,
            implicit_receiver: true,
            bare_library_names: true,
            capital_functions: true,
            accessors: false,
            layers: 3,
            injects: true,
        }
    }
}
