//! Facts by content: a file that has not changed is not read again.
//!
//! One file per reviewed root, outside it. A cache that is missing, damaged, or written by another
//! build of whatif is no cache; nothing is ever lost by deleting it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// First bytes of a cache file: name and layout version.
const MAGIC: &[u8; 8] = b"whatif\x00\x01";

/// Bytes of one index entry: key, offset, length.
const ENTRY: usize = 16 + 8 + 8;

/// What is remembered about a file or a set of files, in the low bits of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What a file says, without its program.
    Facts = 0,
    /// The program in a file.
    Module = 1,
    /// What one program was lowered to.
    Unit = 2,
    /// What all programs were lowered to.
    Units = 3,
}

/// The cache of one root.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    place: Option<PathBuf>,
    bytes: Vec<u8>,
    index: BTreeMap<u128, (usize, usize)>,
    fresh: Mutex<BTreeMap<u128, Vec<u8>>>,
    used: Mutex<Vec<u128>>,
    /// Whether a cache was there and could not be used.
    pub(crate) damaged: bool,
}

impl Cache {
    /// Opens the cache of `root` in `folder`; without a folder nothing is cached.
    pub(crate) fn open(folder: Option<&Path>, root: &Path) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let place = folder.join(format!("{:016x}.facts", xxh3_64(root.to_string_lossy().as_bytes())));
        let Ok(bytes) = std::fs::read(&place) else { return Self { place: Some(place), ..Self::default() } };
        match index(&bytes) {
            Ok(index) => Self { place: Some(place), bytes, index, ..Self::default() },
            Err(damaged) => Self { place: Some(place), damaged, ..Self::default() },
        }
    }

    /// The key of a file: its path, because readers look at it, and its content.
    pub(crate) fn key(path: &str, bytes: &[u8]) -> u128 {
        Self::key_of([path.as_bytes(), bytes])
    }

    /// The key of several things in a row. The lowest bits are left to [`Part`].
    pub(crate) fn key_of<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> u128 {
        let mut hasher = Xxh3::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.digest128() & !0xf
    }

    /// What is remembered under a key.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: u128, part: Part) -> Option<T> {
        let key = key ^ part as u128;
        let (start, end) = *self.index.get(&key)?;
        let facts = postcard::from_bytes(self.bytes.get(start..end)?).ok()?;
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        Some(facts)
    }

    /// Keeps what is remembered under a key without looking at it.
    pub(crate) fn keep(&self, key: u128, part: Part) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(key ^ part as u128);
    }

    /// Remembers something.
    pub(crate) fn put<T: Serialize>(&self, key: u128, part: Part, value: &T) {
        if self.place.is_none() {
            return;
        }
        if let Ok(bytes) = postcard::to_allocvec(value) {
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(key ^ part as u128, bytes);
        }
    }

    /// Writes the cache if anything in it is new. Failing to is not a failure of the review.
    pub(crate) fn close(self) -> std::io::Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        if fresh.is_empty() {
            return Ok(());
        }
        let mut entries: BTreeMap<u128, &[u8]> = fresh.iter().map(|(key, bytes)| (*key, bytes.as_slice())).collect();
        for key in self.used.into_inner().unwrap_or_else(PoisonError::into_inner) {
            if let Some((start, end)) = self.index.get(&key) {
                entries.insert(key, &self.bytes[*start..*end]);
            }
        }
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Two runs at once must not see each other's half-written file.
        let partial = place.with_extension(format!("{}.partial", std::process::id()));
        std::fs::write(&partial, encode(&entries))?;
        std::fs::rename(&partial, place)
    }
}

/// Facts change with the readers, so a cache belongs to one build: its version and the executable's size
/// and time of change.
fn build() -> u64 {
    let executable = std::env::current_exe().and_then(std::fs::metadata).ok();
    let changed = executable.as_ref().and_then(|m| m.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok());
    let mark = (env!("CARGO_PKG_VERSION"), executable.map(|m| m.len()), changed.map(|d| d.as_nanos()));
    xxh3_64(format!("{mark:?}").as_bytes())
}

fn encode(entries: &BTreeMap<u128, &[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&build().to_le_bytes());
    out.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    let mut offset = out.len() + entries.len() * ENTRY;
    for (key, bytes) in entries {
        out.extend_from_slice(&key.to_le_bytes());
        out.extend_from_slice(&(offset as u64).to_le_bytes());
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        offset += bytes.len();
    }
    entries.values().for_each(|bytes| out.extend_from_slice(bytes));
    out
}

/// The index of a cache file. `Err(true)`: damaged; `Err(false)`: of another build.
fn index(bytes: &[u8]) -> Result<BTreeMap<u128, (usize, usize)>, bool> {
    let number = |at: usize| -> Option<u64> { Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?)) };
    if bytes.get(..8) != Some(MAGIC) {
        return Err(true);
    }
    if number(8).ok_or(true)? != build() {
        return Err(false);
    }
    let count = usize::try_from(number(16).ok_or(true)?).map_err(|_| true)?;
    if count > bytes.len() / ENTRY {
        return Err(true);
    }
    let mut index = BTreeMap::new();
    for at in (0..count).map(|n| 24 + n * ENTRY) {
        let key = bytes.get(at..at + 16).and_then(|key| key.try_into().ok()).map(u128::from_le_bytes).ok_or(true)?;
        let start = number(at + 16).and_then(|n| usize::try_from(n).ok()).ok_or(true)?;
        let length = number(at + 24).and_then(|n| usize::try_from(n).ok()).ok_or(true)?;
        let end = start.checked_add(length).filter(|end| *end <= bytes.len()).ok_or(true)?;
        index.insert(key, (start, end));
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_damage_is_noticed() {
        let bytes = b"facts".as_slice();
        let file = encode(&BTreeMap::from([(7u128, bytes), (9u128, b"".as_slice())]));
        let read = index(&file).unwrap();
        assert_eq!(&file[read[&7].0..read[&7].1], bytes);
        assert_eq!(index(&file[..20]), Err(true));
        assert_eq!(index(b"nonsense"), Err(true));
        let mut other_build = file.clone();
        other_build[8] ^= 1;
        assert_eq!(index(&other_build), Err(false));
        let mut too_many = file;
        too_many[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(index(&too_many), Err(true));
    }

    #[test]
    fn the_key_tells_paths_with_equal_content_apart() {
        assert_ne!(Cache::key("a", b"x"), Cache::key("b", b"x"));
    }
}
