//! Go templates: text, actions, blocks (<https://pkg.go.dev/text/template>).

use super::expression::{Pipeline, parse_pipeline};
use whatif_model::Range;
use whatif_model::limits::DEPTH_MAX;

/// One piece of a template.
#[derive(Debug)]
pub(super) enum Item {
    /// Text that is copied.
    Text(Range),
    /// `{{ x }}`.
    Emit(Pipeline, Range),
    /// `{{ $x := y }}`, `{{ $x = y }}`.
    Assign {
        name: String,
        declares: bool,
        value: Pipeline,
    },
    /// `{{ if }}`, `{{ with }}`: conditions in order, the last one may be missing.
    Choice {
        binds_dot: bool,
        arms: Vec<Arm>,
        range: Range,
    },
    /// `{{ range }}`.
    Loop {
        key: Option<String>,
        value: Option<String>,
        over: Pipeline,
        body: Vec<Item>,
        otherwise: Vec<Item>,
        range: Range,
    },
    /// `{{ template "name" x }}`.
    Call {
        name: String,
        argument: Option<Pipeline>,
        range: Range,
    },
    Break,
    Continue,
}

/// One arm of a choice.
#[derive(Debug)]
pub(super) struct Arm {
    /// None for `else`.
    pub(super) condition: Option<Pipeline>,
    /// `{{ if $x := y }}`.
    pub(super) variable: Option<String>,
    pub(super) body: Vec<Item>,
}

/// A template file.
#[derive(Debug, Default)]
pub(super) struct Template {
    pub(super) items: Vec<Item>,
    /// What `define` and `block` name, in order.
    pub(super) defines: Vec<(String, Vec<Item>)>,
}

/// Reads a template; an error is a place and what is wrong.
pub(super) fn parse(text: &str) -> Result<Template, (Range, String)> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, template: Template::default() };
    let (items, end) = parser.items(0)?;
    if let Some((_, range)) = end {
        return Err((range, "an `end` or `else` without its beginning".to_owned()));
    }
    parser.template.items = items;
    Ok(parser.template)
}

enum Token<'t> {
    Text(Range),
    Action(&'t str, Range),
}

/// Cuts a text at its actions, and white space where an action asks for it.
fn lex(text: &str) -> Result<Vec<Token<'_>>, (Range, String)> {
    let mut tokens = Vec::new();
    let (mut at, mut trims) = (0usize, false);
    while let Some(open) = text.get(at..).and_then(|rest| rest.find("{{")).map(|found| at + found) {
        let inner = text.get(open + 2..).unwrap_or("");
        let length =
            action_length(inner).ok_or((Range::new(open, open + 2), "an action that does not end".to_owned()))?;
        let action = inner.get(..length).unwrap_or("");
        let end = open + 2 + length + 2;
        let left = action.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace));
        let action = left.unwrap_or(action);
        let right = action.strip_suffix('-').filter(|rest| rest.ends_with(char::is_whitespace) || rest.ends_with("*/"));
        push_text(text, (at, open), (trims, left.is_some()), &mut tokens);
        tokens.push(Token::Action(right.unwrap_or(action).trim(), Range::new(open, end)));
        (at, trims) = (end, right.is_some());
    }
    push_text(text, (at, text.len()), (trims, false), &mut tokens);
    Ok(tokens)
}

fn push_text(text: &str, (start, end): (usize, usize), (left, right): (bool, bool), tokens: &mut Vec<Token<'_>>) {
    let piece = text.get(start..end).unwrap_or("");
    let start = if left { start + (piece.len() - piece.trim_start().len()) } else { start };
    let piece = text.get(start..end).unwrap_or("");
    let end = if right { start + piece.trim_end().len() } else { end };
    if start < end {
        tokens.push(Token::Text(Range::new(start, end)));
    }
}

/// Bytes up to the `}}` that ends an action; strings and comments may hold one.
fn action_length(text: &str) -> Option<usize> {
    let head = text.trim_start_matches(['-', ' ', '\t', '\n', '\r']);
    if head.starts_with("/*") {
        let comment = text.find("*/")? + 2;
        return text.get(comment..)?.find("}}").map(|at| comment + at);
    }
    let mut quote: Option<u8> = None;
    let (bytes, mut at) = (text.as_bytes(), 0usize);
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(b'"' | b'\''), b'\\') => at += 1,
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(*byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (None, _) => {}
        }
        at += 1;
    }
    None
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    template: Template,
}

/// The action that ended a list of items: `end`, `else`, `else if x`.
type End<'t> = Option<(&'t str, Range)>;

type Parsed<T> = Result<T, (Range, String)>;

impl<'t> Parser<'t> {
    /// Items up to the `end` or `else` of the block they are in.
    fn items(&mut self, depth: usize) -> Parsed<(Vec<Item>, End<'t>)> {
        let mut items = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match *token {
                Token::Text(range) => items.push(Item::Text(range)),
                Token::Action(action, range) => {
                    let word = action.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
                    if matches!(word, "end" | "else") {
                        return Ok((items, Some((action, range))));
                    }
                    if depth > DEPTH_MAX {
                        return Err((range, "blocks nested too deep".to_owned()));
                    }
                    items.extend(self.item(word, action, range, depth)?);
                }
            }
        }
        Ok((items, None))
    }

    fn item(&mut self, word: &str, action: &'t str, range: Range, depth: usize) -> Parsed<Option<Item>> {
        let rest = action.get(word.len()..).unwrap_or("").trim();
        let pipeline = |text: &str| parse_pipeline(text).map_err(|message| (range, message));
        Ok(Some(match word {
            _ if action.is_empty() || action.starts_with("/*") => return Ok(None),
            "if" | "with" => self.choice(word == "with", rest, range, depth)?,
            "range" => self.looped(rest, range, depth)?,
            "define" | "block" => {
                let (name, argument) = split_name(rest).ok_or((range, "a template without a name".to_owned()))?;
                let (body, _) = self.items(depth + 1)?;
                self.template.defines.push((name.to_owned(), body));
                if word == "define" {
                    return Ok(None);
                }
                Item::Call { name: name.to_owned(), argument: Some(pipeline(argument)?), range }
            }
            "template" => {
                let (name, argument) = split_name(rest).ok_or((range, "a template without a name".to_owned()))?;
                let argument = if argument.is_empty() { None } else { Some(pipeline(argument)?) };
                Item::Call { name: name.to_owned(), argument, range }
            }
            "break" => Item::Break,
            "continue" => Item::Continue,
            _ => match split_assignment(action) {
                Some((name, declares, value)) => {
                    Item::Assign { name: name.to_owned(), declares, value: pipeline(value)? }
                }
                None => Item::Emit(pipeline(action)?, range),
            },
        }))
    }

    fn choice(&mut self, binds_dot: bool, condition: &str, range: Range, depth: usize) -> Parsed<Item> {
        let mut arms = Vec::new();
        let mut next = Some(condition);
        loop {
            let (variable, condition) = match next.and_then(split_assignment) {
                Some((name, _, value)) => (Some(name.to_owned()), Some(value)),
                None => (None, next),
            };
            let condition = condition.map(parse_pipeline).transpose().map_err(|message| (range, message))?;
            let is_last = condition.is_none();
            let (body, end) = self.items(depth + 1)?;
            arms.push(Arm { condition, variable, body });
            let Some((action, at)) = end else { return Err((range, "a block that does not end".to_owned())) };
            let Some(rest) = action.strip_prefix("else").map(str::trim) else { break };
            if is_last {
                return Err((at, "an `else` after `else`".to_owned()));
            }
            next = match rest {
                "" => None,
                rest => Some(rest.strip_prefix("if").or(rest.strip_prefix("with")).unwrap_or(rest).trim()),
            };
        }
        Ok(Item::Choice { binds_dot, arms, range })
    }

    fn looped(&mut self, head: &str, range: Range, depth: usize) -> Parsed<Item> {
        let (names, over) = match head.split_once(":=") {
            Some((names, over)) if names.trim_start().starts_with('$') => (names, over),
            _ => ("", head),
        };
        let mut names: Vec<String> =
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        let value = names.pop();
        let key = names.pop();
        let over = parse_pipeline(over).map_err(|message| (range, message))?;
        let (body, end) = self.items(depth + 1)?;
        let otherwise = match end {
            Some((action, _)) if action.starts_with("else") => self.items(depth + 1)?.0,
            Some(_) => Vec::new(),
            None => return Err((range, "a block that does not end".to_owned())),
        };
        Ok(Item::Loop { key, value, over, body, otherwise, range })
    }
}

/// A quoted name and what follows it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '`'))?;
    let (name, rest) = text.get(1..)?.split_once(quote)?;
    Some((name, rest.trim()))
}

/// `$x := y` and `$x = y`.
fn split_assignment(action: &str) -> Option<(&str, bool, &str)> {
    let rest = action.strip_prefix('$')?;
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, value) = (action.get(..=length)?, rest.get(length..)?.trim_start());
    let declared = value.strip_prefix(":=").map(|value| (name, true, value));
    declared.or_else(|| value.strip_prefix('=').filter(|rest| !rest.starts_with('=')).map(|value| (name, false, value)))
}
