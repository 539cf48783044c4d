//! What the environment says: colour, width, the day, where caches live.

use crate::arguments::Color;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use whatif_config::Date;
use whatif_report::Style;

/// Findings are laid out for this many columns; wider lines are harder to read.
const WIDTH_MAX: usize = 100;
/// Below this an excerpt says nothing.
const WIDTH_MIN: usize = 60;

/// Colour by `--color`, then `NO_COLOR` (<https://no-color.org>), `CLICOLOR_FORCE`
/// (<https://bixense.com/clicolors>), then whether stdout is a terminal.
pub(crate) fn style(color: Color) -> Style {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if set("CLICOLOR_FORCE") => true,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    Style { color, width: columns.unwrap_or(WIDTH_MAX).clamp(WIDTH_MIN, WIDTH_MAX) }
}

/// Whether somebody watches stderr.
pub(crate) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether somebody both reads and types.
pub(crate) fn converses() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What was typed; none at the end of the input.
pub(crate) fn line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.is_ok_and(|bytes| bytes > 0).then_some(line)
}

/// The UTC day, or that of `SOURCE_DATE_EPOCH` (<https://reproducible-builds.org/specs/source-date-epoch>).
pub(crate) fn today() -> Option<Date> {
    let pinned = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|elapsed| elapsed.as_secs());
    pinned.or_else(now).and_then(Date::of_unix_seconds)
}

/// `$XDG_CACHE_HOME/whatif`, else the platform's cache folder; `None` when there is none.
pub(crate) fn cache() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || folder("HOME");
    let base = folder("XDG_CACHE_HOME").or_else(|| match std::env::consts::OS {
        "windows" => folder("LOCALAPPDATA"),
        "macos" => home().map(|home| home.join("Library/Caches")),
        _ => home().map(|home| home.join(".cache")),
    });
    base.map(|base| base.join("whatif"))
}
