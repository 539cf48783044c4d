//! Pipelines inside an action: `.Values.a | default "x" | quote`.

use super::datum::{Datum, Kind};

/// Most parentheses inside one another that are followed.
const NESTING_MAX: usize = 32;

/// Commands, each of which gets the result of the one before as its last argument.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipeline(pub(super) Vec<Command>);

/// A function or value, and its arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Command(pub(super) Vec<Operand>);

/// One word of a command.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Datum),
    Function(String),
    /// A place to start from, and names of fields below it.
    Field(Base, Vec<String>),
}

/// Where a chain of fields starts.
#[derive(Clone, Debug)]
pub(super) enum Base {
    Dot,
    Variable(String),
    Parenthesis(Pipeline),
}

/// Reads a pipeline.
pub(super) fn parse_pipeline(text: &str) -> Result<Pipeline, String> {
    let mut reader = Reader { text, at: 0 };
    let pipeline = reader.pipeline(0)?;
    if reader.peek().is_some() {
        return Err("an expression with a closing parenthesis too many".to_owned());
    }
    Ok(pipeline)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn pipeline(&mut self, depth: usize) -> Result<Pipeline, String> {
        if depth > NESTING_MAX {
            return Err("an expression nested too deep".to_owned());
        }
        let mut commands = vec![Command::default()];
        loop {
            self.skip_space();
            match self.peek() {
                None | Some(')') => break,
                Some('|') => {
                    self.at += 1;
                    commands.push(Command::default());
                }
                Some(_) => {
                    let operand = self.operand(depth)?;
                    if let Some(command) = commands.last_mut() {
                        command.0.push(operand);
                    }
                }
            }
        }
        if commands.iter().any(|command| command.0.is_empty()) {
            return Err("an expression with nothing in it".to_owned());
        }
        Ok(Pipeline(commands))
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, String> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.pipeline(depth + 1)?;
                if self.peek() != Some(')') {
                    return Err("a parenthesis that does not close".to_owned());
                }
                self.at += 1;
                Ok(Operand::Field(Base::Parenthesis(inner), self.fields()))
            }
            Some('.') => Ok(Operand::Field(Base::Dot, self.fields())),
            Some('$') => {
                self.at += 1;
                let name = format!("${}", self.word());
                Ok(Operand::Field(Base::Variable(name), self.fields()))
            }
            Some('"' | '`' | '\'') => self.literal().map(Operand::Literal),
            _ => {
                let word = self.bare();
                self.at += word.len();
                match word {
                    "" => Err("an expression that is not understood".to_owned()),
                    "true" | "false" => Ok(Operand::Literal(Datum::bool(word == "true"))),
                    "nil" => Ok(Operand::Literal(Datum::NULL)),
                    word if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                        Ok(Operand::Literal(Kind::Number(word.to_owned()).into()))
                    }
                    word => Ok(Operand::Function(word.to_owned())),
                }
            }
        }
    }

    /// `.a.b`; a dot alone has none.
    fn fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        while self.peek() == Some('.') {
            self.at += 1;
            let word = self.word();
            if word.is_empty() {
                break;
            }
            fields.push(word.to_owned());
        }
        fields
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    fn bare(&self) -> &'t str {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"' | '`' | '\'' | '$');
        rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or("")
    }

    fn literal(&mut self) -> Result<Datum, String> {
        let quote = self.peek().unwrap_or('"');
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(Datum::text(out));
                }
                '\\' if quote != '`' => match chars.next().map(|(_, c)| c) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(c) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("a string that does not end".to_owned())
    }
}
