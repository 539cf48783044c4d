//! Files to facts, in parallel: each file by itself, from the cache when its content is known.

use crate::cache::{Cache, Part};
use crate::discover::Found;
use crate::{Progress, Stats};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use whatif_code::ir::Module;
use whatif_code::lower::Manifest;
use whatif_model::facts::prose::ProseFacts;
use whatif_model::facts::{DesignFacts, Ignored, Problem};
use whatif_model::text::{Range, SourceFile, Span};

/// What one file said.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FileFacts {
    /// Its program, for source code; kept by [`crate::code`] under a key of its own.
    #[serde(skip)]
    pub(crate) module: Option<Module>,
    /// Where the grammar gave up: the first place, and how many there are.
    pub(crate) broken: Option<(Range, usize)>,
    /// Its design facts, for contracts, deployment and configuration.
    pub(crate) design: Option<DesignFacts>,
    /// Its prose.
    pub(crate) prose: Option<ProseFacts>,
    /// A manifest of a code unit, handed on as text.
    pub(crate) manifest: bool,
    /// What was not understood.
    pub(crate) ignored: Vec<Ignored>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// A file that was read.
pub(crate) struct ReadFile {
    /// The file.
    pub(crate) source: SourceFile,
    /// What it said.
    pub(crate) facts: FileFacts,
    /// What identifies path and content.
    pub(crate) key: u128,
    /// Whether it is source code, whose program may still lie in the cache.
    pub(crate) is_code: bool,
}

impl ReadFile {
    /// A file from memory.
    pub(crate) fn of(source: SourceFile, facts: FileFacts) -> Self {
        let key = Cache::key(&source.path, source.text.as_bytes());
        let is_code = kind(&source.path) == Some(Kind::Code);
        Self { source, facts, key, is_code }
    }
}

/// What a path alone says about which reader to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Prose,
    Design,
    Manifest,
}

fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        (_, "md" | "mdx" | "markdown" | "adoc" | "asciidoc") => Some(Kind::Prose),
        _ if whatif_code::language::is_manifest(path) => Some(Kind::Manifest),
        _ if whatif_code::language::of_path(path).is_some() => Some(Kind::Code),
        _ if whatif_read::reader::may_claim(path) => Some(Kind::Design),
        _ => None,
    }
}

/// Whether any reader may want this file.
pub(crate) fn wanted(path: &str) -> bool {
    kind(path).is_some()
}

/// Reads all files. The result is in the order of `files`, whatever the threads do.
pub(crate) fn read_all(
    files: &[Found],
    cache: &Cache,
    progress: Option<&(dyn Fn(Progress) + Sync)>,
    stats: &mut Stats,
) -> (Vec<ReadFile>, Vec<Problem>) {
    let done = AtomicUsize::new(0);
    let results: Vec<Result<ReadFile, Problem>> = files
        .par_iter()
        .map(|found| {
            let result = read_one(found, cache);
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(tell) = progress.filter(|_| count.is_multiple_of(64)) {
                tell(Progress::Read(count));
            }
            result
        })
        .collect();
    let (mut read, mut problems) = (Vec::with_capacity(results.len()), Vec::new());
    for result in results {
        match result {
            Ok(file) => {
                stats.files_read += 1;
                stats.bytes += file.source.text.len() as u64;
                read.push(file);
            }
            Err(problem) => problems.push(problem),
        }
    }
    (read, problems)
}

fn read_one(found: &Found, cache: &Cache) -> Result<ReadFile, Problem> {
    let failed = |message: String| Problem { path: found.path.clone(), span: None, message };
    let bytes =
        std::fs::read(&found.place).map_err(|e| failed(format!("cannot be read: {}", e.to_string().to_lowercase())))?;
    if is_binary(&bytes) {
        return Err(failed("is binary in spite of its name, not read".to_owned()));
    }
    let key = Cache::key(&found.path, &bytes);
    let (text, decoding) = decode(&found.path, bytes);
    let source = SourceFile::new(found.path.clone(), text);
    let mut facts = cache.get(key, Part::Facts).unwrap_or_else(|| {
        let facts = read_text(&source.path, &source.text);
        cache.put(key, Part::Facts, &facts);
        if let Some(module) = &facts.module {
            cache.put(key, Part::Module, module);
        }
        facts
    });
    facts.problems.extend(decoding);
    let is_code = kind(&source.path) == Some(Kind::Code);
    Ok(ReadFile { source, facts, key, is_code })
}

/// Text has no NUL bytes; the first 8 KiB decide, as in git.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8 * 1024).any(|byte| *byte == 0)
}

/// UTF-8 as it is; anything else byte by byte as Latin-1, which loses nothing and keeps ASCII where it was.
fn decode(path: &str, bytes: Vec<u8>) -> (String, Option<Problem>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            // Each byte above 0x7f becomes two bytes of UTF-8, so the place shifts only behind such bytes.
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            let span = Span { file: whatif_model::FileId::of(path), range: Range::new(at, at + 1) };
            let message = "is not UTF-8 from here on; read as Latin-1".to_owned();
            (text, Some(Problem { path: path.to_owned(), span: Some(span), message }))
        }
    }
}

/// The pure part: one document to its facts. A reader that panics is our bug and costs one file, not the run.
pub(crate) fn read_text(path: &str, text: &str) -> FileFacts {
    std::panic::catch_unwind(|| dispatch(path, text)).unwrap_or_else(|_| FileFacts {
        problems: vec![Problem {
            path: path.to_owned(),
            span: None,
            message: "whatif failed on this file; please report it".to_owned(),
        }],
        ..FileFacts::default()
    })
}

fn dispatch(path: &str, text: &str) -> FileFacts {
    let mut facts = FileFacts::default();
    match kind(path) {
        Some(Kind::Code) => {
            facts.module = whatif_code::language::read(path, text);
            facts.design = facts.module.as_ref().and_then(whatif_code::language::deployment);
            facts.broken =
                facts.module.as_ref().and_then(|module| Some((*module.errors.first()?, module.errors.len())));
        }
        Some(Kind::Prose) => {
            let read = whatif_read::spec::read(path, text);
            facts.prose = Some(read);
        }
        Some(Kind::Design) => read_design(path, text, &mut facts),
        Some(Kind::Manifest) => {
            facts.manifest = true;
            if whatif_read::reader::may_claim(path) {
                read_design(path, text, &mut facts);
            }
        }
        None => {}
    }
    facts
}

fn read_design(path: &str, text: &str, facts: &mut FileFacts) {
    let read = whatif_read::reader::read(path, text);
    facts.design = Some(read.design);
    facts.ignored = read.ignored;
    facts.problems = read.problems;
}

/// The manifests among the files, for the partition into code units. Dockerfiles count: they mark a folder.
pub(crate) fn manifests(files: &[ReadFile]) -> Vec<Manifest> {
    let is_dockerfile = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("Dockerfile"));
    files
        .iter()
        .filter(|file| file.facts.manifest || is_dockerfile(&file.source.path))
        .map(|file| Manifest { path: file.source.path.clone(), text: file.source.text.to_string() })
        .collect()
}
