//! The modules of one unit with their names resolved to declarations.

use crate::ir;
use crate::knowledge::Knowledge;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use whatif_model::facts::code::Language;
use whatif_model::{FileId, Range, Span};

/// Index of a function in its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionId(pub(crate) u32);

/// Index of a type in its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(pub(crate) u32);

/// Longest chain of packages that hand a type on.
const ALIASES_MAX: usize = 4;

/// One unit's code.
pub(crate) struct Program<'a> {
    pub(crate) language: Language,
    /// In path order.
    pub(crate) modules: Vec<&'a ir::Module>,
    pub(crate) files: Vec<FileId>,
    pub(crate) functions: Vec<Declared<'a>>,
    pub(crate) types: Vec<DeclaredType<'a>>,
    /// Go: one per folder. Python: one per module.
    pub(crate) packages: Vec<Package<'a>>,
    /// The package of each module.
    pub(crate) package_of: Vec<usize>,
    /// Go: import path to package. Java, C#: package or namespace. Else: file path without its extension.
    by_path: BTreeMap<String, usize>,
    imports: Vec<HashMap<&'a str, &'a str>>,
    /// Functions that are called like members of their first argument, by name.
    extensions: HashMap<&'a str, Vec<FunctionId>>,
    /// Types whose name others have too.
    ambiguous: HashMap<&'a str, Vec<TypeId>>,
    /// Types by the module that declares them.
    in_module: HashMap<(usize, &'a str), TypeId>,
    /// The types below each type, found out when first asked for.
    subtypes: std::cell::OnceCell<HashMap<TypeId, Vec<TypeId>>>,
    /// Methods of one type that share their name, by the first of them.
    overloads: HashMap<FunctionId, Vec<FunctionId>>,
    /// Python: folders names may be imported from, shortest last.
    pub(crate) roots: Vec<String>,
    /// What is known of libraries: a module the team described as one is a library.
    knowledge: &'a Knowledge,
    /// Modules that another program looks at by itself.
    pub(crate) borrowed: BTreeSet<usize>,
    /// What paths stand for, by module: names are asked for again and again.
    resolved: Vec<RefCell<HashMap<Box<str>, Imported>>>,
}

/// A function and where it is.
pub(crate) struct Declared<'a> {
    pub(crate) ir: &'a ir::Function,
    pub(crate) module: usize,
}

/// A type and where it is.
pub(crate) struct DeclaredType<'a> {
    pub(crate) ir: &'a ir::TypeDecl,
    pub(crate) module: usize,
    pub(crate) methods: BTreeMap<&'a str, FunctionId>,
}

/// Names declared together.
#[derive(Default)]
pub(crate) struct Package<'a> {
    pub(crate) modules: Vec<usize>,
    pub(crate) functions: HashMap<&'a str, FunctionId>,
    pub(crate) types: HashMap<&'a str, TypeId>,
}

/// What an imported path stands for.
#[derive(Clone)]
pub(crate) enum Imported {
    /// A package of the program, and what remains of the path (Python: an attribute of the module).
    Own(usize, Vec<String>),
    /// A library, by canonical name.
    Library(String),
}

impl<'a> Program<'a> {
    /// Indexes `modules`; `paths` names their packages (see [`Program::by_path`]), one per module.
    pub(crate) fn new(
        language: Language,
        modules: Vec<(&'a ir::Module, String)>,
        roots: Vec<String>,
        knowledge: &'a Knowledge,
    ) -> Self {
        let mut program = Self {
            language,
            files: modules.iter().map(|(module, _)| FileId::of(&module.path)).collect(),
            imports: modules.iter().map(|(module, _)| import_map(module)).collect(),
            modules: Vec::new(),
            functions: Vec::new(),
            types: Vec::new(),
            packages: Vec::new(),
            package_of: Vec::new(),
            by_path: BTreeMap::new(),
            extensions: HashMap::new(),
            overloads: HashMap::new(),
            ambiguous: HashMap::new(),
            subtypes: std::cell::OnceCell::new(),
            in_module: HashMap::new(),
            roots,
            knowledge,
            borrowed: BTreeSet::new(),
            resolved: modules.iter().map(|_| RefCell::default()).collect(),
        };
        for (module, path) in modules {
            program.add(module, path);
        }
        program.attach_methods();
        program
    }

    fn add(&mut self, module: &'a ir::Module, path: String) {
        let at = self.modules.len();
        self.modules.push(module);
        let package = *self.by_path.entry(path).or_insert_with(|| {
            self.packages.push(Package::default());
            self.packages.len() - 1
        });
        self.package_of.push(package);
        self.packages[package].modules.push(at);
        for ty in &module.types {
            let id = TypeId(index(self.types.len()));
            self.types.push(DeclaredType { ir: ty, module: at, methods: BTreeMap::new() });
            self.packages[package].types.entry(&ty.name).or_insert(id);
        }
        for function in &module.functions {
            let id = FunctionId(index(self.functions.len()));
            self.functions.push(Declared { ir: function, module: at });
            let extends = |param: &ir::Param| param.decorators.iter().any(|it| it.dotted().as_deref() == Some("this"));
            if function.params.first().is_some_and(extends) {
                self.extensions.entry(&function.name).or_default().push(id);
            }
            if function.owner.is_none() && function.name != "init" {
                self.packages[package].functions.entry(&function.name).or_insert(id);
            }
        }
    }

    fn attach_methods(&mut self) {
        if self.names_are_bare() {
            let mut named: HashMap<&'a str, Vec<TypeId>> = HashMap::new();
            for (at, ty) in self.types.iter().enumerate().filter(|(_, ty)| !is_partial(ty.ir)) {
                named.entry(ty.ir.name.as_str()).or_default().push(TypeId(index(at)));
            }
            named.retain(|_, types| types.len() > 1);
            self.ambiguous = named;
        }
        for (at, ty) in self.types.iter().enumerate() {
            self.in_module.entry((ty.module, ty.ir.name.as_str())).or_insert(TypeId(index(at)));
        }
        for (at, function) in self.functions.iter().enumerate() {
            let Some(owner) = &function.ir.owner else { continue };
            let package = &self.packages[self.package_of[function.module]];
            let whole = || package.types.get(owner.as_str()).copied();
            let declared = self.in_module.get(&(function.module, owner.as_str())).copied();
            // The parts of a partial class are one type: the first.
            let ty = match declared {
                Some(own) if is_partial(self.types[own.0 as usize].ir) => whole().or(declared),
                _ => declared.or_else(whole),
            };
            // An implementation may stand in another file than the type.
            let ty = ty.or_else(|| self.imported_type(function.module, owner));
            if let Some(ty) = ty {
                let methods = &mut self.types[ty.0 as usize].methods;
                let first = *methods.entry(&function.ir.name).or_insert(FunctionId(index(at)));
                if first.0 != index(at) {
                    self.overloads.entry(first).or_default().push(FunctionId(index(at)));
                }
            }
        }
    }

    /// Takes names that a module imports with all others of a package from what is known about libraries.
    pub(crate) fn import_wildcards(&mut self, knowledge: &'a Knowledge) {
        let mut known: HashMap<&str, Vec<(&'a str, &'a str)>> = HashMap::new();
        for (at, module) in self.modules.iter().enumerate() {
            for import in module.imports.iter().filter(|import| import.name == "*") {
                let path = import.path.trim_end_matches(".*");
                let names = known.entry(path).or_insert_with(|| knowledge.names_below(self.language, path));
                for (name, symbol) in names {
                    self.imports[at].entry(name).or_insert(symbol);
                }
            }
        }
    }

    /// Every method of its type that shares the name of this one, itself first.
    pub(crate) fn overloads(&self, first: FunctionId) -> impl Iterator<Item = FunctionId> + '_ {
        std::iter::once(first).chain(self.overloads.get(&first).into_iter().flatten().copied())
    }

    /// The method that a call with so many arguments means, when several share the name.
    pub(crate) fn overload(&self, first: FunctionId, count: usize) -> FunctionId {
        if !self.overloads.contains_key(&first) {
            return first;
        }
        let fits = |id: &FunctionId| self.function(*id).ir.params.len() == count;
        let takes_more = |id: &FunctionId| {
            let params = &self.function(*id).ir.params;
            params.last().is_some_and(|last| last.ty.starts_with("...") || last.default.is_some())
        };
        let found = self.overloads(first).find(fits).or_else(|| self.overloads(first).find(takes_more));
        found.unwrap_or(first)
    }

    /// The functions that are called like members of their first argument.
    pub(crate) fn extensions(&self, name: &str) -> &[FunctionId] {
        self.extensions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The package at a path, as the dialect named it in [`Unit::modules`](crate::lower::Unit).
    pub(crate) fn package_at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    pub(crate) fn function(&self, id: FunctionId) -> &Declared<'a> {
        &self.functions[id.0 as usize]
    }

    pub(crate) fn ty(&self, id: TypeId) -> &DeclaredType<'a> {
        &self.types[id.0 as usize]
    }

    pub(crate) fn span(&self, module: usize, range: Range) -> Span {
        range.in_file(self.files[module])
    }

    /// What `name` is imported as in a module.
    pub(crate) fn import(&self, module: usize, name: &str) -> Option<&'a str> {
        self.imports[module].get(name).copied()
    }

    /// A function by package and name.
    pub(crate) fn find_function(&self, package: usize, name: &str) -> Option<FunctionId> {
        self.packages[package].functions.get(name).copied()
    }

    /// The `main` of a class that a module declares.
    pub(crate) fn static_main(&self, module: usize) -> Option<FunctionId> {
        let is_main = |declared: &Declared<'_>| {
            declared.module == module && declared.ir.name == "main" && declared.ir.receiver.is_empty()
        };
        self.functions.iter().position(is_main).map(|at| FunctionId(index(at)))
    }

    /// A type by package and name.
    pub(crate) fn find_type(&self, package: usize, name: &str) -> Option<TypeId> {
        self.packages[package].types.get(name).copied()
    }

    /// The type that a type's text names in a module, when it is one of the program's.
    pub(crate) fn named_type(&self, module: usize, text: &str) -> Option<TypeId> {
        let text = crate::ir::bare(text.trim_start_matches(['*', '&']));
        match text.split_once('.') {
            None => self
                .declared_here(module, text)
                .or_else(|| self.chosen(module, text))
                .or_else(|| self.find_type(self.package_of[module], text))
                .or_else(|| self.imported_type(module, text)),
            Some((_, rest)) if self.names_are_bare() => {
                let last = rest.rsplit('.').next().unwrap_or(rest);
                self.find_type(self.package_of[module], last)
            }
            Some((outer, rest)) if self.nests(module, outer) => {
                let outer = self.named_type(module, outer)?;
                let last = rest.rsplit('.').next().unwrap_or(rest);
                self.find_type(self.package_of[self.ty(outer).module], last)
            }
            Some((package, name)) => match self
                .resolve(module, self.import(module, package).or_else(|| keyword(package))?)
            {
                Imported::Own(package, rest) if rest.is_empty() && !name.contains('.') => self.find_type(package, name),
                Imported::Own(..) => match self.resolve(module, text) {
                    Imported::Own(package, rest) => self.type_in(package, &rest, ALIASES_MAX),
                    Imported::Library(_) => None,
                },
                Imported::Library(_) => None,
            },
        }
    }

    /// Whether a name is a type that may hold others.
    fn nests(&self, module: usize, name: &str) -> bool {
        crate::language::dialect(self.language).manners().implicit_receiver && self.named_type(module, name).is_some()
    }

    /// A type that the module itself declares.
    fn declared_here(&self, module: usize, name: &str) -> Option<TypeId> {
        let own = self.in_module.get(&(module, name)).copied()?;
        if is_partial(self.ty(own).ir) { None } else { Some(own) }
    }

    /// Of several types of one name in one program, the one a module can see: in its own namespace, in one around it,
    /// or in one that it, or a file of its project that does nothing else, uses.
    pub(crate) fn chosen(&self, module: usize, name: &str) -> Option<TypeId> {
        let candidates = self.ambiguous.get(name)?;
        let own = self.modules[module].package.as_str();
        let rank = |ty: &TypeId| {
            let declared = self.modules[self.ty(*ty).module].package.as_str();
            let is_around = || own.strip_prefix(declared).is_some_and(|rest| rest.starts_with('.'));
            match () {
                () if declared == own => 3,
                () if self.uses(module, declared) => 2,
                () if is_around() => 1,
                () => 0,
            }
        };
        // The first of the best: one's own project comes first.
        let best = candidates.iter().map(rank).max()?;
        candidates.iter().find(|ty| rank(ty) == best).copied()
    }

    fn uses(&self, module: usize, namespace: &str) -> bool {
        let names =
            |module: &ir::Module| module.imports.iter().any(|import| import.name == "*" && import.path == namespace);
        let only_uses = |other: &&&'a ir::Module| {
            other.types.is_empty() && other.functions.is_empty() && other.top.is_empty() && !other.imports.is_empty()
        };
        let here = folder_of(&self.modules[module].path);
        let around = |other: &&&'a ir::Module| {
            let folder = folder_of(&other.path);
            folder.is_empty() || here == folder || here.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        names(self.modules[module]) || self.modules.iter().filter(only_uses).filter(around).any(|other| names(other))
    }

    /// Whether the names of libraries are known without where they come from.
    fn names_are_bare(&self) -> bool {
        crate::language::dialect(self.language).manners().bare_library_names
    }

    fn imported_type(&self, module: usize, name: &str) -> Option<TypeId> {
        let Some(path) = self.import(module, name) else { return self.type_among_all(module, name) };
        match self.resolve(module, path) {
            Imported::Own(package, rest) => self.type_in(package, &rest, ALIASES_MAX),
            Imported::Library(_) => None,
        }
    }

    /// A type of a package of which everything is imported.
    fn type_among_all(&self, module: usize, name: &str) -> Option<TypeId> {
        let wildcards = self.modules[module].imports.iter().filter(|import| import.name == "*");
        wildcards.into_iter().find_map(|import| match self.resolve(module, &import.path) {
            Imported::Own(package, rest) if rest.is_empty() => self.find_type(package, name),
            _ => None,
        })
    }

    /// A type by what remains of a path below a package, which may only hand it on.
    fn type_in(&self, package: usize, rest: &[String], depth: usize) -> Option<TypeId> {
        let name = match rest {
            [name] => name,
            // A type inside another one is listed by its own name.
            [outer, .., name] if self.find_type(package, outer).is_some() => name,
            _ => return None,
        };
        if let Some(found) = self.find_type(package, name) {
            return Some(found);
        }
        let module = *self.packages[package].modules.first().filter(|_| depth > 0)?;
        let wildcards = self.modules[module].imports.iter().filter(|import| import.name == "*");
        let paths = self
            .import(module, name)
            .map(str::to_owned)
            .into_iter()
            .chain(wildcards.map(|import| format!("{}.{name}", import.path.trim_end_matches(".*"))));
        paths.into_iter().find_map(|path| match self.resolve(module, &path) {
            Imported::Own(inner, rest) if (inner, rest.as_slice()) != (package, std::slice::from_ref(name)) => {
                self.type_in(inner, &rest, depth - 1)
            }
            _ => None,
        })
    }

    /// The canonical name of a library type written `text` in a module.
    pub(crate) fn library_type(&self, module: usize, text: &str) -> Option<String> {
        let text = crate::ir::bare(text.trim_start_matches(['*', '&', '[', ']']));
        if self.names_are_bare() && self.import(module, text).is_none() {
            let last = text.rsplit('.').next().unwrap_or(text);
            return (!last.is_empty() && self.named_type(module, last).is_none()).then(|| last.to_owned());
        }
        let (head, rest) = text.split_once('.').map_or((text, ""), |(head, rest)| (head, rest));
        match self.resolve(module, self.import(module, head)?) {
            Imported::Library(path) if rest.is_empty() => Some(path),
            Imported::Library(path) => Some(format!("{path}.{rest}")),
            Imported::Own(..) => None,
        }
    }

    /// A method of a type, looked up through what it extends or embeds.
    pub(crate) fn method(&self, ty: TypeId, name: &str) -> Option<FunctionId> {
        self.lineage(ty).into_iter().find_map(|ty| self.ty(ty).methods.get(name).copied())
    }

    /// Whether a type or one of its bases is an interface with a method.
    pub(crate) fn promises(&self, ty: TypeId, name: &str) -> bool {
        self.lineage(ty).into_iter().any(|ty| self.ty(ty).ir.interface_methods.iter().any(|method| method == name))
    }

    /// The types that extend or implement a type, however far down, in order.
    pub(crate) fn subtypes(&self, ty: TypeId) -> &[TypeId] {
        let below = self.subtypes.get_or_init(|| {
            let mut below: HashMap<TypeId, Vec<TypeId>> = HashMap::new();
            for candidate in (0..self.types.len()).map(|at| TypeId(index(at))) {
                for base in self.lineage(candidate).into_iter().skip(1) {
                    below.entry(base).or_default().push(candidate);
                }
            }
            below
        });
        below.get(&ty).map_or(&[], Vec::as_slice)
    }

    /// A type and its bases inside the program, nearest first.
    pub(crate) fn lineage(&self, ty: TypeId) -> Vec<TypeId> {
        let mut found = vec![ty];
        let mut next = 0;
        while let Some(current) = found.get(next).copied() {
            next += 1;
            let declared = self.ty(current);
            for base in &declared.ir.bases {
                if let Some(base) = self.named_type(declared.module, base)
                    && !found.contains(&base)
                    && found.len() < 16
                {
                    found.push(base);
                }
            }
        }
        found
    }

    /// The bases of a type outside the program, by canonical name.
    pub(crate) fn library_bases(&self, ty: TypeId) -> Vec<String> {
        let declared = self.lineage(ty);
        let bases = declared.iter().flat_map(|ty| {
            let declared = self.ty(*ty);
            declared.ir.bases.iter().filter_map(move |base| self.library_type(declared.module, base))
        });
        bases.collect()
    }

    /// What an import path stands for, seen from a module.
    pub(crate) fn resolve(&self, module: usize, path: &str) -> Imported {
        let seen = &self.resolved[module];
        if let Some(found) = seen.borrow().get(path) {
            return found.clone();
        }
        if self.knowledge.is_described(self.language, path) {
            return Imported::Library(canonical(path));
        }
        let found = crate::language::dialect(self.language).resolve(self, module, path);
        let found = found.unwrap_or_else(|| Imported::Library(canonical(path)));
        seen.borrow_mut().insert(path.into(), found.clone());
        found
    }
}

/// The words a path may begin with that stand for modules of the program.
fn keyword(word: &str) -> Option<&str> {
    matches!(word, "crate" | "self" | "super").then_some(word)
}

/// Whether a type is declared in parts.
fn is_partial(ty: &ir::TypeDecl) -> bool {
    ty.decorators.iter().any(|decorator| decorator.dotted().as_deref() == Some("partial"))
}

fn import_map(module: &ir::Module) -> HashMap<&str, &str> {
    module.imports.iter().map(|import| (import.name.as_str(), import.path.as_str())).collect()
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

pub(crate) use whatif_model::text::folder_of;

/// Joins a folder and a name.
pub(crate) fn join_path(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The name of a library without the major version Go writes into the path
/// (`github.com/jackc/pgx/v5/pgxpool` is `github.com/jackc/pgx/pgxpool`; `gopkg.in/yaml.v3` is `gopkg.in/yaml`).
pub(crate) fn canonical(path: &str) -> String {
    if !path.contains('/') {
        return path.to_owned();
    }
    let is_major =
        |part: &str| part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let parts = path.split('/').enumerate().filter(|(at, part)| *at < 2 || !is_major(part));
    let joined = parts.map(|(_, part)| part).collect::<Vec<_>>().join("/");
    match joined.rsplit_once(".v") {
        Some((name, major)) if joined.starts_with("gopkg.in/") && major.bytes().all(|b| b.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => joined,
    }
}
