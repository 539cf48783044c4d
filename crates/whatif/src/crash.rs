//! A panic is a bug of whatif: say so, with what a report needs.

use crate::output::note;

/// Replaces the default panic message.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload().downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = message.or_else(|| panic.payload().downcast_ref::<String>().cloned()).unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let command: Vec<_> = std::env::args().collect();
        note(&format!(
            "whatif has a bug, and this run hit it: {message}\n  at       {place}\n  version  {} on {}-{}\n  command  {}\n\
             please report these four lines at {}/issues, with the smallest file that shows it",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            command.join(" "),
            env!("CARGO_PKG_REPOSITORY"),
        ));
    }));
}
