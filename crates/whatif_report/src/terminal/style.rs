//! Colour and width of a terminal, as the binary decided them.

use annotate_snippets::Renderer;
use annotate_snippets::renderer::{AnsiColor, Effects, Style as Ansi};

/// How text for a terminal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences are written.
    pub color: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}

impl Style {
    pub(crate) fn renderer(self) -> Renderer {
        let renderer = if self.color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
        renderer.term_width(self.width)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(Ansi::new().effects(Effects::BOLD), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().effects(Effects::DIMMED), text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint(AnsiColor::BrightRed.on_default().effects(Effects::BOLD), text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// The colour of a matrix cell.
    pub(crate) fn verdict(self, cell: &str, padded: &str) -> String {
        match cell {
            "breaks" => self.red(padded),
            "depends" | "incomplete" => self.yellow(padded),
            "holds" => self.green(padded),
            _ => self.dim(padded),
        }
    }

    fn paint(self, style: Ansi, text: &str) -> String {
        if self.color { format!("{}{text}{}", style.render(), style.render_reset()) } else { text.to_owned() }
    }
}
