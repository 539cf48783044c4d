//! What is installed once for the whole program: tracing, the handling of stop signals.

use super::library::Use;
use super::state::Interpreter;
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind};
use whatif_model::{Evidence, Fact, Span, Stage};

impl<'a> Interpreter<'a> {
    pub(super) fn installation(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Tracing => {
                let evidence = Evidence::stated(Stage::Code, call.span, format!("installs {}", call.library.name));
                if self.facts.tracing.is_unknown() {
                    self.facts.tracing = Fact::known(call.library.name.clone(), evidence);
                }
                if let Some(library) = call.set("instruments") {
                    self.facts.instrumented.extend(library.split(',').map(|name| name.trim().to_owned()));
                }
            }
            Does::Signal => {
                let stops = call.args.iter().any(|arg| {
                    let symbol = match &arg.value.kind {
                        Kind::Library(symbol) => symbol.to_string(),
                        Kind::Text(text) => text.as_text().unwrap_or_default(),
                        _ => String::new(),
                    };
                    ["SIGTERM", "SIGINT", "Interrupt"].iter().any(|name| symbol.ends_with(name))
                });
                if stops {
                    self.graceful(call.span, "handles the stop signal");
                }
            }
            _ => self.graceful(call.span, "shuts the server down gracefully"),
        }
        match call.argument("context") {
            Some(arg) => arg.value.clone(),
            None => Abs::unknown(),
        }
    }

    fn graceful(&mut self, span: Span, label: &str) {
        if self.facts.graceful.is_unknown() {
            self.facts.graceful = Fact::known(true, Evidence::stated(Stage::Code, span, label));
        }
    }
}
