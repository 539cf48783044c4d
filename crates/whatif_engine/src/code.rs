//! Source code to units, without doing again what was done for the same files before.
//!
//! Nothing changed: the units of the whole repository are in the cache, and no program is looked at. Something
//! changed: programs are taken from the cache or were just read, and only the units they belong to are lowered again.

use crate::cache::{Cache, Part};
use crate::read::ReadFile;
use rayon::prelude::*;
use std::collections::BTreeMap;
use whatif_code::ir::Module;
use whatif_code::knowledge::Knowledge;
use whatif_code::lower::{Manifest, Programs, sort};
use whatif_model::facts::code::CodeUnit;

/// The units of everything that was read. Takes the programs out of `files`.
pub(crate) fn units(
    files: &mut [ReadFile],
    manifests: &[Manifest],
    knowledge: &Knowledge,
    cache: &Cache,
) -> Vec<CodeUnit> {
    let described = knowledge.described();
    let whole = whole_key(files, manifests, &described);
    if let Some(units) = cache.get(whole, Part::Units) {
        for file in files.iter().filter(|file| file.is_code) {
            cache.keep(file.key, Part::Module);
        }
        return units;
    }
    let keys: BTreeMap<String, u128> =
        files.iter().filter(|file| file.is_code).map(|file| (file.source.path.clone(), file.key)).collect();
    let modules: Vec<Module> = files.par_iter_mut().filter_map(|file| module(file, cache)).collect();
    let programs = Programs::new(&modules, manifests, knowledge);
    let unit_keys: Vec<u128> = (0..programs.len()).map(|at| unit_key(&programs, at, &keys, &described)).collect();
    let mut found: Vec<Option<CodeUnit>> = unit_keys.par_iter().map(|key| cache.get(*key, Part::Unit)).collect();
    let missing: Vec<usize> = (0..programs.len()).filter(|at| found[*at].is_none()).collect();
    for (at, unit) in missing.iter().zip(programs.lower(&missing, rayon::current_num_threads())) {
        cache.put(unit_keys[*at], Part::Unit, &unit);
        found[*at] = Some(unit);
    }
    let mut units: Vec<CodeUnit> = found.into_iter().flatten().collect();
    sort(&mut units);
    cache.put(whole, Part::Units, &units);
    units
}

/// The program of a file, as just read, from the cache, or read now.
fn module(file: &mut ReadFile, cache: &Cache) -> Option<Module> {
    if !file.is_code {
        return None;
    }
    let known = file.facts.module.take().or_else(|| cache.get(file.key, Part::Module));
    known.or_else(|| {
        let module = crate::read::read_text(&file.source.path, &file.source.text).module?;
        cache.put(file.key, Part::Module, &module);
        Some(module)
    })
}

fn whole_key(files: &[ReadFile], manifests: &[Manifest], described: &str) -> u128 {
    let keys: Vec<[u8; 16]> = files.iter().filter(|file| file.is_code).map(|file| file.key.to_le_bytes()).collect();
    let texts = manifests.iter().flat_map(|manifest| [manifest.path.as_bytes(), manifest.text.as_bytes()]);
    Cache::key_of(keys.iter().map(<[u8; 16]>::as_slice).chain(texts).chain([described.as_bytes()]))
}

fn unit_key(programs: &Programs<'_>, at: usize, keys: &BTreeMap<String, u128>, described: &str) -> u128 {
    let files: Vec<[u8; 16]> =
        programs.files(at).map(|path| keys.get(path).copied().unwrap_or_default().to_le_bytes()).collect();
    let around = programs.surroundings(at).into_iter().chain([described]);
    Cache::key_of(files.iter().map(<[u8; 16]>::as_slice).chain(around.map(str::as_bytes)))
}
