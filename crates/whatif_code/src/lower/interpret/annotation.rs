//! Annotations: what a framework is told about a class, method, field or parameter.

use super::call::Argument;
use super::library::Use;
use super::state::Interpreter;
use crate::ir::{Expr, ExprKind};
use crate::knowledge::{Does, Found};
use crate::lower::values::{Abs, Kind};
use whatif_model::{Part, Span, Value};

/// An annotation the tables know, with its arguments.
pub(super) struct Annotation<'a> {
    pub(super) found: Found<'a>,
    pub(super) args: Vec<Argument<'a>>,
    pub(super) span: Span,
    range: whatif_model::Range,
}

impl<'a> Annotation<'a> {
    pub(super) fn does(&self) -> Does {
        self.found.form.does
    }

    /// The annotation as a call.
    pub(super) fn as_use<'c>(&'c self, receiver: Option<&'c Abs<'a>>, name: &'c str) -> Use<'a, 'c> {
        Use {
            library: self.found.library,
            form: self.found.form,
            receiver,
            args: &self.args,
            name,
            range: self.range,
            span: self.span,
            receiver_expr: None,
        }
    }

    /// The argument that holds a property.
    pub(super) fn argument(&self, property: &str) -> Option<&Abs<'a>> {
        let spec = self.found.form.args.get(property)?;
        super::library::find(spec, &self.args).map(|arg| &arg.value)
    }
}

impl<'a> Interpreter<'a> {
    /// The annotations that the tables know, in order, with their arguments evaluated in their module.
    pub(super) fn annotations(&mut self, decorators: &'a [Expr], module: usize) -> Vec<Annotation<'a>> {
        let mut known = Vec::new();
        for decorator in decorators {
            let (target, args): (&'a Expr, &'a [crate::ir::Arg]) = match &decorator.kind {
                ExprKind::Call(call) => (&call.callee, &call.args),
                _ => (decorator, &[]),
            };
            let Some(symbol) = self.decorator_symbol(target, module) else { continue };
            let Some(found) = self.knowledge.form(self.program.language, &symbol) else { continue };
            known.push((decorator, found, args));
        }
        if known.is_empty() {
            return Vec::new();
        }
        self.push_activation(None, module, self.globals[self.program.package_of[module]], None);
        let mut annotations = Vec::new();
        for (decorator, found, args) in known {
            let args = args.iter().map(|arg| Argument {
                name: &arg.name,
                value: self.eval(&arg.value),
                spread: false,
                place: None,
                expr: Some(&arg.value),
            });
            let args = args.collect();
            self.diverged = None;
            let span = self.program.span(module, decorator.range);
            annotations.push(Annotation { found, args, span, range: decorator.range });
        }
        self.active.pop();
        annotations
    }

    /// What an annotation takes from the configuration: `@Value("${shop.url:http://shop}")`.
    pub(super) fn configured(&mut self, decorators: &'a [Expr], module: usize) -> Option<Abs<'a>> {
        if decorators.is_empty() {
            return None;
        }
        let annotations = self.annotations(decorators, module);
        let annotation = annotations.iter().find(|annotation| annotation.does() == Does::Setting)?;
        let text = annotation.argument("name")?.as_text()?;
        Some(Abs::value(placeholders(&text)))
    }
}

/// A text with `${key}` and `${key:default}` as settings
/// (<https://docs.spring.io/spring-boot/reference/features/external-config.html>).
pub(super) fn placeholders(text: &str) -> Value {
    let mut value = Value::default();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if at > 0 {
            value.push(Value::text(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        let end = closing(inner);
        let (key, default) = match inner[..end].split_once(':') {
            Some((key, default)) => (key, Some(default.to_owned())),
            None => (&inner[..end], None),
        };
        value.push(Value { parts: vec![Part::Setting { key: key.trim().to_owned(), default }] });
        rest = inner.get(end + 1..).unwrap_or("");
    }
    if rest.starts_with("#{") {
        return Value::unknown();
    }
    if !rest.is_empty() {
        value.push(Value::text(rest));
    }
    value
}

/// Where the brace closes that was opened before the text.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Every alternative of a list, or the value itself.
pub(super) fn listed<'a>(value: &Abs<'a>) -> Vec<Abs<'a>> {
    match &value.kind {
        Kind::List(items) | Kind::Tuple(items) => items.to_vec(),
        _ => vec![value.clone()],
    }
}

/// The text of a literal, with the settings in it.
pub(super) fn with_settings(value: &Abs<'_>) -> Value {
    match value.as_text() {
        Some(text) if text.contains("${") => placeholders(&text),
        _ => value.as_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_settings() {
        let value = placeholders("http://${shop.host:shop}/a/${shop.path}");
        let setting = |key: &str, default: Option<&str>| Part::Setting {
            key: key.to_owned(),
            default: default.map(str::to_owned),
        };
        assert_eq!(
            value.parts,
            [
                Part::Text("http://".to_owned()),
                setting("shop.host", Some("shop")),
                Part::Text("/a/".to_owned()),
                setting("shop.path", None)
            ]
        );
        assert_eq!(placeholders("${broken").parts, [setting("broken", None)]);
        assert_eq!(placeholders("plain").as_text().as_deref(), Some("plain"));
    }
}
