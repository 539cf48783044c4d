//! The pure part of the line: facts to system to findings.

use crate::read::{FileFacts, ReadFile};
use crate::{Progress, Review, Stats};
use whatif_config::Config;
use whatif_model::facts::code::CodeUnit;
use whatif_model::facts::{Ignored, Problem};
use whatif_model::text::{FileId, Range, SourceFile, Sources};
use whatif_model::verdict::Mindset;
use whatif_resolve::Input;
use whatif_review::Context;
use whatif_simulate::{Answers, Asked};

/// Everything behind reading and lowering: resolves, explores, reviews.
pub(crate) fn run(
    files: Vec<ReadFile>,
    code: Vec<CodeUnit>,
    problems: Vec<Problem>,
    config: &Config,
    questions: &[Mindset],
    stats: Stats,
    progress: Option<&(dyn Fn(Progress) + Sync)>,
) -> Review {
    let tell = |step| progress.into_iter().for_each(|tell| tell(step));
    let (sources, mut input) = collect(files, code, problems, config);
    config.answer(&mut input.answers, &mut input.same);
    let mut system = whatif_resolve::resolve(input);
    let answer = |done: usize, total: usize| tell(Progress::Exploring(done, total));
    let asked = Asked { promises: &config.promises, questions, max_states: config.max_states };
    let Answers { rows: matrix, idle } = whatif_simulate::answer(&system, asked, &answer);
    system.problems.extend(idle.into_iter().filter_map(|at| about_nothing(config, at)));
    tell(Progress::Reviewing);
    let mut findings = whatif_review::review(&Context::new(&system, &sources, &matrix));
    system.problems.extend(config.apply(&sources, &mut findings));
    let questions = whatif_review::questions(&system, &matrix);
    Review { sources, system, findings, matrix, questions, stats }
}

/// A promise nothing was checked for. Where nothing was explored there is nothing to tell.
fn about_nothing(config: &Config, at: usize) -> Option<Problem> {
    let promise = config.promises.get(at)?;
    let message = format!(
        "the promise \"{}\" is about no operation: nothing that was read is called so; use the names `whatif model` shows",
        promise.text
    );
    Some(Problem { path: config.path.clone(), span: Some(promise.span), message })
}

/// Sorts what was read into the input of resolve.
fn collect(files: Vec<ReadFile>, code: Vec<CodeUnit>, problems: Vec<Problem>, config: &Config) -> (Sources, Input) {
    let mut input = Input { problems, code, ..Input::default() };
    let mut sources = Vec::with_capacity(files.len());
    for ReadFile { source, facts, .. } in files {
        let FileFacts { broken, design, prose, manifest, ignored, problems, .. } = facts;
        if manifest {
            input.packages.push(whatif_code::knowledge::manifest::read(&source.path, &source.text));
        }
        input.problems.extend(broken.map(|broken| syntax_error(&source.path, broken)));
        input.designs.extend(design.map(|design| (source.path.clone(), design)));
        input.prose.extend(prose.map(|prose| (source.path.clone(), prose)));
        input.ignored.extend::<Vec<Ignored>>(ignored);
        input.problems.extend(problems);
        sources.push(source);
    }
    // Answers are evidence, and evidence is shown where it stands.
    if !config.path.is_empty() {
        sources.push(SourceFile::new(config.path.as_str(), config.text.as_str()));
    }
    (Sources::new(sources), input)
}

/// The first error of a file is enough: the rest usually follow from it.
fn syntax_error(path: &str, (first, count): (Range, usize)) -> Problem {
    let rest = if count > 1 { format!(" (and {} more places)", count - 1) } else { String::new() };
    Problem {
        path: path.to_owned(),
        span: Some(first.in_file(FileId::of(path))),
        message: format!("cannot be parsed here; the rest of the file was read{rest}"),
    }
}
