//! Attributes and doc comments before an item.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::literal::unquoted;
use crate::ir::{Arg, Call, Expr, ExprKind};

impl<'t> Reader<'t, '_> {
    /// `#[cfg(test)]` and `#[test]`.
    pub(super) fn is_for_tests(&self, before: &[Part<'t>]) -> bool {
        before.iter().filter(|part| part.kind == Kind::AttributeItem).any(|part| {
            let text: String = self.walk.text(part.node).chars().filter(|c| !c.is_whitespace()).collect();
            text.starts_with("#[cfg(test")
                || text.starts_with("#[cfg(all(test")
                || text.starts_with("#[cfg(any(test,")
                || text == "#[test]"
                || text.ends_with("::test]")
                || text.contains("::test(")
        })
    }

    /// Attributes as decorators: `#[get("/orders/{id}")]` is the call of `get`.
    pub(super) fn decorators(&mut self, before: &[Part<'t>]) -> Vec<Expr> {
        let items = before.iter().filter(|part| part.kind == Kind::AttributeItem);
        items.filter_map(|item| self.decorator(*item)).collect()
    }

    fn decorator(&mut self, item: Part<'t>) -> Option<Expr> {
        let attribute = self.walk.parts(item.node).kind(Kind::Attribute)?;
        let parts = self.walk.parts(attribute.node);
        let name = parts.first()?;
        let callee = self.path_expr(name);
        let range = attribute.range();
        if let Some(value) = parts.field(Field::Value) {
            let value = self.expr(value);
            let args = vec![Arg { name: String::new(), value, spread: false }];
            return Some(Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range });
        }
        let Some(arguments) = parts.field(Field::Arguments) else { return Some(callee) };
        let args = self.attribute_args(arguments);
        Some(Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range })
    }

    /// `("/path", name = "x", skip_all)`: literals by position, `name = literal` by keyword, words as names.
    fn attribute_args(&mut self, tree: Part<'t>) -> Vec<Arg> {
        let mut args: Vec<Arg> = Vec::new();
        let mut word: Option<Part<'t>> = None;
        for token in self.walk.parts(tree.node) {
            match token.kind {
                Kind::Str | Kind::RawStr | Kind::Number | Kind::BooleanLiteral => {
                    let text = self.walk.text(token.node);
                    let kind = match token.kind {
                        Kind::Number => ExprKind::Number(crate::syntax::number(text)),
                        Kind::BooleanLiteral => ExprKind::Bool(text == "true"),
                        _ => ExprKind::Str(unquoted(text)),
                    };
                    let named = word.take().filter(|word| self.is_key_of(*word, token));
                    let name = named.map_or("", |word| self.walk.text(word.node)).to_owned();
                    args.push(Arg { name, value: Expr { kind, range: token.range() }, spread: false });
                }
                Kind::Identifier => {
                    if let Some(before) = word.replace(token) {
                        let value = self.name(before);
                        args.push(Arg { name: String::new(), value, spread: false });
                    }
                }
                _ => {}
            }
        }
        if let Some(last) = word {
            let value = self.name(last);
            args.push(Arg { name: String::new(), value, spread: false });
        }
        args
    }

    /// Whether only `=` stands between a word and a literal.
    fn is_key_of(&self, word: Part<'t>, literal: Part<'t>) -> bool {
        let between = self.masked.get(word.node.end_byte()..literal.node.start_byte()).unwrap_or("");
        between.trim() == "="
    }

    /// The doc comment directly before an item.
    pub(super) fn doc(&self, before: &[Part<'t>]) -> String {
        let mut doc = String::new();
        for comment in before.iter().filter(|part| part.kind == Kind::Comment) {
            let text = self.walk.text(comment.node);
            let Some(line) = text.strip_prefix("///").or_else(|| text.strip_prefix("/**")) else { continue };
            if !doc.is_empty() {
                doc.push('\n');
            }
            doc.push_str(line.trim_end_matches("*/").trim());
        }
        doc
    }
}
