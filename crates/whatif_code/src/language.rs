//! What differs between languages: everything a language adds beside its tables is one [`Dialect`] in its folder.

use crate::ir::Module;
use crate::lower::{Imported, Manifest, Program, Unit};
use whatif_model::facts::DesignFacts;
use whatif_model::facts::code::Language;

/// A language: how its files are read, which of them make one program, what its names mean.
pub(crate) trait Dialect: Sync {
    /// Which one.
    fn language(&self) -> Language;

    /// Extensions of its source files, without dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Reads one file. Pure, and without failure.
    fn read(&self, path: &str, text: &str) -> Module;

    /// Its tables of libraries.
    fn tables(&self) -> &'static [&'static str];

    /// Whether a file says where a program's root is, or which versions of libraries it uses.
    fn is_manifest(&self, name: &str) -> bool;

    /// Which modules make one program. `modules` are those of this language, in path order, tests left out.
    fn units<'a>(&self, modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>>;

    /// What an import path stands for, seen from a module; `None` for a library.
    fn resolve(&self, program: &Program<'_>, module: usize, path: &str) -> Option<Imported>;

    /// Entry points that a framework finds by the place and name of what a file exports.
    fn conventions(&self, _path: &str) -> Vec<Convention> {
        Vec::new()
    }

    /// How the language behaves where lowering has to know.
    fn manners(&self) -> Manners;
}

/// An HTTP handler by convention.
pub(crate) struct Convention {
    /// What the file calls it.
    pub(crate) name: &'static str,
    /// The method, empty for any.
    pub(crate) method: &'static str,
    /// The path it answers.
    pub(crate) route: String,
    /// The types of what it is given.
    pub(crate) given: &'static [&'static str],
    /// The package that finds it, where the place of the file alone does not tell; it answers whatever it does.
    pub(crate) page_of: &'static str,
}

/// How a language behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// Failures are returned and may be dropped unseen (Go, Rust), instead of thrown.
    pub(crate) errors_are_values: bool,
    /// What a bare number means where a span of time is expected, in milliseconds.
    pub(crate) number_ms: f64,
    /// Types, functions and variants are named by paths through modules and types (Rust).
    pub(crate) qualified_paths: bool,
    /// Generated code spells the methods of services in snake or camel case (Rust, Java).
    pub(crate) snake_case_stubs: bool,
    /// Handlers are given what was made at the start, by its type (Rust).
    pub(crate) shares_state: bool,
    /// Programs begin in a function `main`, and modules do nothing by being loaded.
    pub(crate) starts_in_main: bool,
    /// That a caller has given up is told by a token, which is an argument of every call that may take long (C#).
    pub(crate) tokens: bool,
    /// Names are declared, so an assignment without a declaration changes the name around it.
    pub(crate) declares: bool,
    /// Results come to a function given last, the failure first (Node).
    pub(crate) callbacks: bool,
    /// A call of an asynchronous function runs on by itself when nobody awaits it.
    pub(crate) async_starts: bool,
    /// Members may be named without their receiver (Java, C#).
    pub(crate) implicit_receiver: bool,
    /// Names that are not the program's are a library's and known without where they come from: imports name
    /// namespaces, not what is in them (C#).
    pub(crate) bare_library_names: bool,
    /// Functions have names like types, so a capital letter does not tell a constructor (Go, C#).
    pub(crate) capital_functions: bool,
    /// Classes have methods for their fields that nobody wrote: records, annotations that make them (Java).
    pub(crate) accessors: bool,
    /// How many layers of functions stand between an operation and what it does, where frameworks dispatch through
    /// several of their own: a multiple of the chain of calls that is followed elsewhere.
    pub(crate) layers: usize,
    /// Objects are handed to constructors, fields and handlers by their declared types.
    pub(crate) injects: bool,
}

/// Every language that is read.
pub(crate) const DIALECTS: [&dyn Dialect; 6] = [
    &crate::csharp::CSharp,
    &crate::go::Go,
    &crate::java::Java,
    &crate::javascript::JavaScript,
    &crate::python::Python,
    &crate::rust::Rust,
];

/// The dialect of a language.
pub(crate) fn dialect(language: Language) -> &'static dyn Dialect {
    let found = DIALECTS.into_iter().find(|dialect| dialect.language() == language);
    found.expect("modules are only made by the dialects listed")
}

/// The language of a source file, by its extension.
pub fn of_path(path: &str) -> Option<Language> {
    let extension = path.rsplit('/').next()?.rsplit_once('.')?.1;
    DIALECTS.into_iter().find(|dialect| dialect.extensions().contains(&extension)).map(Dialect::language)
}

/// Reads one source file; `None` when no front end reads its kind.
pub fn read(path: &str, text: &str) -> Option<Module> {
    of_path(path).map(|language| dialect(language).read(path, text))
}

/// The deployment a program declares in code, if it is one that does.
pub fn deployment(module: &Module) -> Option<DesignFacts> {
    (module.language == Language::CSharp).then(|| crate::csharp::deployment(module)).flatten()
}

/// Whether a file is a manifest of some language's program, or a lockfile.
pub fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    crate::knowledge::manifest::is_manifest(path) || DIALECTS.into_iter().any(|dialect| dialect.is_manifest(name))
}
