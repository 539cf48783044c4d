//! Which of several values a setting has in a deployment.

use super::keys::{self, relaxed};
use super::profiles;
use super::programs::{Document, Program, Source};
use crate::address;
use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::settings::Setting;
use whatif_model::value::Value;

/// A setting with the value that holds.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The key as written.
    pub(crate) key: String,
    /// Its value.
    pub(crate) value: Value,
    /// Where it is set.
    pub(crate) evidence: Evidence,
}

/// The settings of a program, by relaxed key. `active`: the profiles its deployment states; nothing is known when it
/// states none. Then documents of other profiles fill gaps, and replace a loopback address, which cannot be a
/// partner of something that runs in a container of its own.
pub(crate) fn effective(
    program: &Program,
    input: &Input,
    active: Option<&BTreeSet<String>>,
) -> BTreeMap<String, Found> {
    let own = own_profiles(program, input);
    let profiles: BTreeSet<String> = active.into_iter().flatten().cloned().chain(own).collect();
    let counts = |document: &&Document| profiles::counts(&document.profiles, &profiles);
    let mut settings: BTreeMap<String, Found> = BTreeMap::new();
    let read = |document: &Document, entry: &&Setting| {
        document.source != Source::Shared || !program.unused.iter().any(|prefix| keys::is_below(&entry.key, prefix))
    };
    for document in program.documents.iter().filter(counts) {
        for entry in program.entries(input, document).iter().filter(|entry| read(document, entry)) {
            settings.entry(relaxed(&entry.key)).or_insert_with(|| found(entry));
        }
    }
    if active.is_none() {
        for document in program.documents.iter().filter(|document| !counts(document)) {
            for entry in program.entries(input, document).iter().filter(|entry| read(document, entry)) {
                let held = settings.entry(relaxed(&entry.key)).or_insert_with(|| found(entry));
                if is_loopback(&held.value) && !is_loopback(&entry.value) {
                    *held = found(entry);
                }
            }
        }
    }
    settings
}

fn found(entry: &Setting) -> Found {
    let evidence = Evidence::stated(Stage::Design, entry.span, format!("`{}` is set here", entry.key));
    Found { key: entry.key.clone(), value: entry.value.clone(), evidence }
}

/// Profiles the program's own documents activate.
fn own_profiles(program: &Program, input: &Input) -> BTreeSet<String> {
    let always = program.documents.iter().filter(|document| document.profiles.is_empty());
    let entries = always.flat_map(|document| program.entries(input, document));
    let keys = ["spring.profiles.active", "spring.profiles.include"];
    let listed = entries.filter(|entry| keys.iter().any(|key| keys::is_below(&entry.key, key)));
    let texts = listed.filter_map(|entry| entry.value.substitute(|_| None).as_text());
    texts.flat_map(|text| profiles::split(&text).collect::<Vec<_>>()).collect()
}

fn is_loopback(value: &Value) -> bool {
    address::host(&value.substitute(|_| None)).is_some_and(|host| address::is_loopback(&host))
}
