//! The programs of a repository, each lowered by itself.

use super::units::{Manifest, Unit, is_around, lower_unit};
use crate::ir::Module;
use crate::knowledge::{Knowledge, manifest};
use crate::language::DIALECTS;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use whatif_model::FileId;
use whatif_model::evidence::Fact;
use whatif_model::facts::Problem;
use whatif_model::facts::code::CodeUnit;
use whatif_model::facts::package::Package;

/// Stack of a thread that interprets: own functions are inlined, so nesting adds up. Only what is used is ever touched.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// The programs that the modules of one repository make up.
pub struct Programs<'a> {
    units: Vec<Unit<'a>>,
    /// Of each unit, the modules that another one looks at by itself.
    borrowed: Vec<BTreeSet<usize>>,
    manifests: Vec<(&'a Manifest, Package)>,
    knowledge: &'a Knowledge,
}

/// Turns the modules of one repository into units with their flows. Pure; the order of `modules` does not matter.
pub fn lower(modules: &[Module], manifests: &[Manifest], knowledge: &Knowledge) -> Vec<CodeUnit> {
    let programs = Programs::new(modules, manifests, knowledge);
    let mut lowered = programs.lower(&(0..programs.len()).collect::<Vec<_>>(), 1);
    sort(&mut lowered);
    lowered
}

/// The order units are listed in.
pub fn sort(units: &mut [CodeUnit]) {
    units.sort_by(|a, b| (&a.root, a.language, a.span).cmp(&(&b.root, b.language, b.span)));
}

impl<'a> Programs<'a> {
    /// Finds out which modules make one program. The order of `modules` does not matter.
    pub fn new(modules: &'a [Module], manifests: &'a [Manifest], knowledge: &'a Knowledge) -> Self {
        let mut sorted: Vec<&'a Module> = modules.iter().collect();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut units = Vec::new();
        for dialect in DIALECTS {
            let own = |module: &&&'a Module| module.language == dialect.language() && !module.is_test;
            let modules: Vec<&'a Module> = sorted.iter().filter(own).copied().collect();
            units.extend(dialect.units(&modules, manifests));
        }
        let manifests = manifests.iter().map(|it| (it, manifest::read(&it.path, &it.text))).collect();
        let borrowed = borrowed(&units);
        Self { units, borrowed, manifests, knowledge }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The paths of a program's modules.
    pub fn files(&self, at: usize) -> impl Iterator<Item = &'a str> {
        self.units[at].modules.iter().map(|(module, _)| module.path.as_str())
    }

    /// Everything besides its files that decides what a program is lowered to.
    pub fn surroundings(&self, at: usize) -> Vec<&str> {
        let unit = &self.units[at];
        let mut texts = vec![unit.root.as_str(), unit.name.as_str(), unit.language.as_str()];
        texts.extend(unit.modules.iter().map(|(_, package)| package.as_str()));
        texts.extend(unit.main.map(|main| unit.modules[main].0.path.as_str()));
        texts.extend(unit.roots.iter().map(String::as_str));
        texts.push("borrowed");
        texts.extend(self.borrowed[at].iter().map(|module| unit.modules[*module].0.path.as_str()));
        for (manifest, _) in self.manifests_around(unit) {
            texts.extend([manifest.path.as_str(), manifest.text.as_str()]);
        }
        texts
    }

    /// The manifests that hold for a unit, nearest first.
    fn manifests_around(&self, unit: &Unit<'_>) -> Vec<&(&'a Manifest, Package)> {
        let around = |(_, package): &&(&'a Manifest, Package)| is_around(package.scope(), &unit.root);
        let mut nearest: Vec<_> = self.manifests.iter().filter(around).collect();
        nearest.sort_by_key(|(manifest, _)| std::cmp::Reverse(manifest.path.len()));
        nearest
    }

    /// Lowers some of the programs on so many threads; the result is in the order of `wanted`.
    pub fn lower(&self, wanted: &[usize], jobs: usize) -> Vec<CodeUnit> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, CodeUnit)>> = Mutex::new(Vec::with_capacity(wanted.len()));
        let worker = || {
            while let Some((place, at)) = take(&next, wanted) {
                let lowered = self.lower_one(at);
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((place, lowered));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, wanted.len().max(1)) {
                // A thread that cannot be had leaves its share to the others.
                let _ = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, unit)| unit).collect()
    }

    /// A program whose lowering panics is our bug, and costs this program only.
    fn lower_one(&self, at: usize) -> CodeUnit {
        let unit = &self.units[at];
        let packages = || self.manifests_around(unit).into_iter().map(|(_, package)| package);
        let lowered =
            catch_unwind(AssertUnwindSafe(|| lower_unit(unit, &self.borrowed[at], packages(), self.knowledge)));
        lowered.unwrap_or_else(|_| failed(unit))
    }
}

/// Modules that several programs share, except in the one that lies closest around them.
fn borrowed(units: &[Unit<'_>]) -> Vec<BTreeSet<usize>> {
    let mut owners: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        for (module, _) in &unit.modules {
            let closeness = if is_around(&unit.root, &module.path) { unit.root.len() + 1 } else { 0 };
            let owner = owners.entry(&module.path).or_insert((closeness, at));
            if closeness > owner.0 {
                *owner = (closeness, at);
            }
        }
    }
    let of = |(at, unit): (usize, &Unit<'_>)| {
        let modules = unit.modules.iter().enumerate();
        let others = modules.filter(|(_, (module, _))| owners.get(module.path.as_str()).is_some_and(|own| own.1 != at));
        others.map(|(module, _)| module).collect()
    };
    units.iter().enumerate().map(of).collect()
}

fn take(next: &AtomicUsize, wanted: &[usize]) -> Option<(usize, usize)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    wanted.get(place).map(|at| (place, *at))
}

fn failed(unit: &Unit<'_>) -> CodeUnit {
    let path = unit.modules.first().map_or("", |(module, _)| module.path.as_str()).to_owned();
    CodeUnit {
        root: unit.root.clone(),
        name: unit.name.clone(),
        language: unit.language,
        span: whatif_model::Range::new(0, 0).in_file(FileId::of(&path)),
        entries: Vec::new(),
        background: Vec::new(),
        unreached: Vec::new(),
        reached: Vec::new(),
        serves: Vec::new(),
        peers: Vec::new(),
        server_timeout: Fact::Unknown,
        unused_deadlines: Vec::new(),
        handles: Vec::new(),
        unused_limits: Vec::new(),
        sagas: Vec::new(),
        graceful_shutdown: Fact::Unknown,
        tracing: Fact::Unknown,
        telemetry: Default::default(),
        auxiliary: false,
        tool: false,
        ignored: Vec::new(),
        problems: vec![Problem {
            path,
            span: None,
            message: "whatif failed on the program this file belongs to; please report it".to_owned(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_does_not_show() {
        let source = |name: &str| {
            crate::language::read(
                &format!("{name}/main.py"),
                &format!("import requests\nrequests.get('http://{name}/')\n"),
            )
        };
        let modules: Vec<Module> = ["a", "b", "c", "d", "e"].iter().filter_map(|name| source(name)).collect();
        let programs = Programs::new(&modules, &[], Knowledge::built_in());
        let all: Vec<usize> = (0..programs.len()).collect();
        assert_eq!(programs.len(), 5);
        assert_eq!(programs.lower(&all, 1), programs.lower(&all, 4));
    }
}
