//! The pure part of the line: facts to system to findings.

use crate::read::{self, FileFacts, ReadFile};
use crate::{Progress, Review, Stats};
use whatif_config::Config;
use whatif_model::facts::{Ignored, Problem};
use whatif_model::text::{SourceFile, Sources};
use whatif_model::verdict::Mindset;
use whatif_resolve::Input;
use whatif_review::Context;

/// Everything behind reading: lowers code, resolves, explores, reviews.
pub(crate) fn run(
    files: Vec<ReadFile>,
    problems: Vec<Problem>,
    config: &Config,
    questions: &[Mindset],
    stats: Stats,
    progress: Option<&(dyn Fn(Progress) + Sync)>,
) -> Review {
    let tell = |step| progress.into_iter().for_each(|tell| tell(step));
    tell(Progress::Resolving);
    let (sources, mut input) = collect(files, problems, config);
    config.answer(&mut input.answers, &mut input.same);
    let mut system = whatif_resolve::resolve(input);
    let answer = |done: usize, total: usize| tell(Progress::Exploring(done, total));
    let matrix = whatif_simulate::answer(&system, questions, &answer);
    tell(Progress::Reviewing);
    let mut findings = whatif_review::review(&Context::new(&system, &sources, &matrix));
    system.problems.extend(config.apply(&sources, &mut findings));
    let questions = whatif_review::questions(&system, &matrix);
    Review { sources, system, findings, matrix, questions, stats }
}

/// Sorts what was read into the input of resolve; code is lowered here, because that looks at all files of a unit.
fn collect(files: Vec<ReadFile>, problems: Vec<Problem>, config: &Config) -> (Sources, Input) {
    let manifests = read::manifests(&files);
    let mut input = Input { problems, ..Input::default() };
    let (mut sources, mut modules) = (Vec::with_capacity(files.len()), Vec::new());
    for ReadFile { source, facts } in files {
        let FileFacts { module, design, prose, ignored, problems, .. } = facts;
        if let Some(module) = module {
            note_syntax_errors(&module, &mut input.problems);
            modules.push(module);
        }
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
    let knowledge = whatif_code::knowledge::Knowledge::built_in();
    input.code = whatif_code::lower::lower(&modules, &manifests, knowledge);
    (Sources::new(sources), input)
}

/// The first error of a file is enough: the rest usually follow from it.
fn note_syntax_errors(module: &whatif_code::ir::Module, problems: &mut Vec<Problem>) {
    let file = whatif_model::FileId::of(&module.path);
    let count = module.errors.len();
    if let Some(first) = module.errors.first() {
        let rest = if count > 1 { format!(" (and {} more places)", count - 1) } else { String::new() };
        problems.push(Problem {
            path: module.path.clone(),
            span: Some(first.in_file(file)),
            message: format!("cannot be parsed here; the rest of the file was read{rest}"),
        });
    }
}
