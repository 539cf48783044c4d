//! From arguments to a finished review: configuration, cache, progress, the engine.

use crate::arguments::{Arguments, Input};
use crate::environment;
use crate::failure::Failure;
use crate::output;
use crate::progress::Meter;
use std::path::{Path, PathBuf};
use whatif_config::Config;
use whatif_engine::{Options, Progress, Review};
use whatif_model::verdict::Mindset;
use whatif_report::{Counts, Report, RuleText};

const CONFIG: &str = "whatif.toml";

/// A finished review with what renderers need beside it.
pub(crate) struct Session {
    pub(crate) config: Config,
    pub(crate) review: Review,
    rules: Vec<RuleText>,
}

impl Session {
    /// Reviews what lies below `root`, asking these questions.
    pub(crate) fn run(arguments: &Arguments, root: &Path, questions: Vec<Mindset>) -> Result<Self, Failure> {
        let mut config = configuration(&arguments.input, root)?;
        config.max_states = arguments.input.max_states.and_then(|states| states.try_into().ok()).or(config.max_states);
        let meter = Meter::new(&arguments.output);
        let show = |progress: Progress| meter.show(progress);
        let options = Options {
            root: root.to_owned(),
            config: config.clone(),
            jobs: arguments.input.jobs.map(usize::from),
            cache: environment::cache().filter(|_| !arguments.input.no_cache),
            questions,
            progress: Some(&show),
        };
        let review = whatif_engine::review(&options)?;
        if arguments.output.verbose {
            let stats = &review.stats;
            output::note(&format!(
                "read {} files ({} kB) and skipped {} in {} ms",
                stats.files_read,
                stats.bytes / 1_000,
                stats.files_ignored,
                meter.elapsed().as_millis()
            ));
        }
        Ok(Self { config, review, rules: rules() })
    }

    /// What renderers see.
    pub(crate) fn report(&self) -> Report<'_> {
        let Review { sources, system, findings, matrix, questions, stats } = &self.review;
        let counts = Counts { files_read: stats.files_read, files_ignored: stats.files_ignored, bytes: stats.bytes };
        Report { sources, system, findings, matrix, questions, rules: &self.rules, counts }
    }
}

/// Every rule, for renderers.
pub(crate) fn rules() -> Vec<RuleText> {
    let text = |rule: &whatif_review::RuleMeta| RuleText {
        id: rule.id,
        severity: rule.severity,
        summary: rule.summary,
        page: rule.page,
    };
    whatif_review::rules().map(text).collect()
}

/// The file named, or the nearest one from the root upwards to the repository's root.
fn configuration(input: &Input, root: &Path) -> Result<Config, Failure> {
    let file = match &input.config {
        Some(file) => Some(file.clone()),
        None => nearest(root),
    };
    let Some(file) = file else { return Ok(Config { today: environment::today(), ..Config::default() }) };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display()), ""))?;
    let path = shown(&file, root);
    let mut config = Config::parse(&path, &text)?;
    let known: Vec<&str> = whatif_review::rules().map(|rule| rule.id).collect();
    config.check_rules(&known)?;
    whatif_engine::check(&config)?;
    config.today = environment::today();
    Ok(config)
}

fn nearest(root: &Path) -> Option<PathBuf> {
    let start = root.canonicalize().ok()?;
    for folder in start.ancestors() {
        let file = folder.join(CONFIG);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Relative to the root where possible, so that places in it look like all others.
fn shown(file: &Path, root: &Path) -> String {
    let inside = file.canonicalize().ok().zip(root.canonicalize().ok());
    let relative = inside.and_then(|(file, root)| file.strip_prefix(root).ok().map(Path::to_path_buf));
    relative.as_deref().unwrap_or(file).to_string_lossy().replace('\\', "/")
}
