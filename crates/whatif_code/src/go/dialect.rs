//! Go as a [`Dialect`].

use super::units;
use crate::ir::Module;
use crate::language::{Dialect, Manners};
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::code::Language;

/// Go.
pub(crate) struct Go;

impl Dialect for Go {
    fn language(&self) -> Language {
        Language::Go
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["go"]
    }

    fn read(&self, path: &str, text: &str) -> Module {
        super::read(path, text)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            include_str!("../knowledge/go/words.toml"),
            include_str!("../knowledge/go/telemetry.toml"),
            include_str!("../knowledge/go/language.toml"),
            include_str!("../knowledge/go/http.toml"),
            include_str!("../knowledge/go/rpc.toml"),
            include_str!("../knowledge/go/sql.toml"),
            include_str!("../knowledge/go/stores.toml"),
            include_str!("../knowledge/go/brokers.toml"),
            include_str!("../knowledge/go/resilience.toml"),
        ]
    }

    fn is_manifest(&self, name: &str) -> bool {
        name == "go.mod"
    }

    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
        units::units(modules, manifests)
    }

    fn resolve(&self, program: &Program<'_>, _module: usize, path: &str) -> Option<Imported> {
        let own = program.package_at(path).map(|package| Imported::Own(package, Vec::new()));
        // The forerunner of the standard package, and an alias of it since (<https://pkg.go.dev/golang.org/x/net/context>).
        let alias = || (path == "golang.org/x/net/context").then(|| Imported::Library("context".to_owned()));
        own.or_else(alias)
    }

    fn manners(&self) -> Manners {
        Manners {
            errors_are_values: true,
            // `time.Duration` counts nanoseconds (<https://pkg.go.dev/time#Duration>).
            number_ms: 1e-6,
            qualified_paths: false,
            snake_case_stubs: false,
            shares_state: false,
            starts_in_main: true,
            tokens: false,
            declares: true,
            callbacks: false,
            async_starts: false,
            implicit_receiver: false,
            bare_library_names: false,
            capital_functions: true,
            accessors: false,
            layers: 1,
            injects: false,
        }
    }
}
