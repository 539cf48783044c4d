//! Progress of long runs, on stderr, when somebody watches.

use crate::arguments::Output;
use crate::environment;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use whatif_engine::Progress;

/// Most runs end before anything needs to be shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows how far a review is, once it takes longer than half a second.
pub(crate) struct Meter {
    started: Instant,
    wanted: bool,
    bar: OnceLock<ProgressBar>,
}

impl Meter {
    pub(crate) fn new(output: &Output) -> Self {
        let wanted = environment::watched() && !output.no_progress && !output.quiet;
        Self { started: Instant::now(), wanted, bar: OnceLock::new() }
    }

    pub(crate) fn show(&self, progress: Progress) {
        if !self.wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_init(spinner);
        bar.set_message(match progress {
            Progress::Discovered(files) => format!("found {files} files"),
            Progress::Read(files) => format!("read {files} files"),
            Progress::Resolving => "building the model".to_owned(),
            Progress::Exploring(done, total) => format!("explored {done} of {total} operations"),
            Progress::Reviewing => "reviewing".to_owned(),
        });
        bar.tick();
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(ProgressStyle::default_spinner());
    bar
}
