//! The declarations of a file that carry facts; everything else is skipped block by block.

use super::lexer::{Token, tokens};
use whatif_model::Range;
use whatif_model::limits::DEPTH_MAX;

/// What a file declares.
#[derive(Debug, Default)]
pub(super) struct File {
    /// `package`, may be empty.
    pub(super) package: String,
    /// Messages with their names qualified by enclosing messages, not by the package.
    pub(super) messages: Vec<Message>,
    /// Services in order.
    pub(super) services: Vec<Service>,
    /// Places where the syntax was not understood.
    pub(super) unknown: Vec<(Range, String)>,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: Vec<MessageField>,
}

#[derive(Debug)]
pub(super) struct MessageField {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) required: bool,
    pub(super) comment: String,
    pub(super) range: Range,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) range: Range,
    pub(super) rpcs: Vec<Rpc>,
}

#[derive(Debug, Default)]
pub(super) struct Rpc {
    pub(super) name: String,
    pub(super) range: Range,
    pub(super) comment: String,
    pub(super) request: String,
    pub(super) streaming: bool,
    /// `option` statements: name and the tokens of the value.
    pub(super) options: Vec<(String, Vec<Token>)>,
}

/// Parses a file. Whatever does not fit is skipped up to the next `;` or block end and listed.
pub(super) fn parse(text: &str) -> File {
    let mut parser = Parser { tokens: tokens(text), at: 0, file: File::default() };
    parser.file();
    parser.file
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    file: File,
}

impl Parser {
    fn file(&mut self) {
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token.text.as_str() {
                "package" => {
                    self.at += 1;
                    self.file.package = self.word();
                    self.skip_statement();
                }
                "message" => self.message("", 0),
                "service" => self.service(),
                ";" | "}" => self.at += 1,
                "syntax" | "edition" | "import" | "option" | "enum" | "extend" => self.skip_statement(),
                other => {
                    self.file.unknown.push((token.range, format!("`{other}` starts no declaration")));
                    self.skip_statement();
                }
            }
        }
    }

    fn message(&mut self, outer: &str, depth: usize) {
        self.at += 1;
        let name = self.word();
        let name = if outer.is_empty() { name } else { format!("{outer}.{name}") };
        if !self.take("{") || depth > DEPTH_MAX {
            self.skip_statement();
            return;
        }
        let mut fields = Vec::new();
        self.fields(&name, &mut fields, depth);
        self.file.messages.push(Message { name, fields });
    }

    /// Everything up to the brace that closes the message; a `oneof` counts as its fields.
    fn fields(&mut self, message: &str, fields: &mut Vec<MessageField>, depth: usize) {
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token.text.as_str() {
                "}" => {
                    self.at += 1;
                    return;
                }
                ";" => self.at += 1,
                "message" if self.peek(2) == "{" => self.message(message, depth + 1),
                "oneof" if self.peek(2) == "{" && depth <= DEPTH_MAX => {
                    self.at += 3;
                    self.fields(message, fields, depth + 1);
                }
                "enum" | "extend" if self.peek(2) == "{" => self.skip_statement(),
                "option" | "reserved" | "extensions" => self.skip_statement(),
                _ => self.field(fields),
            }
        }
    }

    /// `[label] type name = number [options];` and `map<K, V> name = number;`.
    fn field(&mut self, fields: &mut Vec<MessageField>) {
        let comment = self.tokens[self.at].comment.clone();
        let label = self.peek(0).to_owned();
        if matches!(label.as_str(), "optional" | "required" | "repeated") {
            self.at += 1;
        }
        let mut ty = self.type_name();
        if self.peek(0) == "<" {
            while !matches!(self.peek(0), "" | ";" | "}") {
                let sign = self.word();
                ty.push_str(&sign);
                if sign == ">" {
                    break;
                }
            }
        }
        let range = self.tokens.get(self.at).map(|token| token.range).unwrap_or_default();
        let name = self.word();
        if self.peek(0) == "=" {
            let start = self.at;
            self.skip_statement();
            let options = self.tokens.get(start..self.at).unwrap_or_default();
            let required = label == "required" || options.iter().any(|token| token.text == "REQUIRED");
            fields.push(MessageField { name, ty, required, comment, range });
        } else {
            self.file.unknown.push((range, "a field without a number".to_owned()));
            self.skip_statement();
        }
    }

    fn service(&mut self) {
        self.at += 1;
        let range = self.tokens.get(self.at).map(|token| token.range).unwrap_or_default();
        let mut service = Service { name: self.word(), range, rpcs: Vec::new() };
        if !self.take("{") {
            self.skip_statement();
            return;
        }
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token.text.as_str() {
                "}" => {
                    self.at += 1;
                    break;
                }
                "rpc" => service.rpcs.extend(self.rpc(token.comment)),
                ";" => self.at += 1,
                _ => self.skip_statement(),
            }
        }
        self.file.services.push(service);
    }

    /// `rpc Name (stream Request) returns (stream Response) { options }`.
    fn rpc(&mut self, comment: String) -> Option<Rpc> {
        self.at += 1;
        let range = self.tokens.get(self.at).map(|token| token.range)?;
        let mut rpc = Rpc { name: self.word(), range, comment, ..Rpc::default() };
        let (request, request_streams) = self.parameter();
        let returns = self.take("returns");
        let (_, response_streams) = self.parameter();
        if !returns {
            self.file.unknown.push((range, "an rpc without `returns`".to_owned()));
            self.skip_statement();
            return None;
        }
        rpc.request = request;
        rpc.streaming = request_streams || response_streams;
        if self.take("{") {
            while let Some(token) = self.tokens.get(self.at) {
                match token.text.as_str() {
                    "}" => {
                        self.at += 1;
                        break;
                    }
                    "option" => rpc.options.push(self.option()),
                    _ => self.skip_statement(),
                }
            }
        } else {
            self.take(";");
        }
        Some(rpc)
    }

    fn parameter(&mut self) -> (String, bool) {
        if !self.take("(") {
            return (String::new(), false);
        }
        let streams = self.peek(0) == "stream" && self.peek(1) != ")";
        if streams {
            self.at += 1;
        }
        let ty = self.type_name();
        self.take(")");
        (ty, streams)
    }

    /// A name whose parts may stand on several lines, each further one beginning with its dot.
    fn type_name(&mut self) -> String {
        let mut name = self.word();
        while self.peek(0).starts_with('.') {
            let part = self.word();
            name.push_str(&part);
        }
        name
    }

    /// `option (google.api.http) = { ... };` or `option idempotency_level = IDEMPOTENT;`.
    fn option(&mut self) -> (String, Vec<Token>) {
        self.at += 1;
        let mut name = String::new();
        while !matches!(self.peek(0), "" | "=" | ";" | "}") {
            name.push_str(&self.word());
        }
        let start = self.at;
        self.skip_statement();
        let value = self.tokens.get(start..self.at).unwrap_or_default().to_vec();
        (name.replace(['(', ')'], ""), value)
    }

    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| if token.quoted { "\"" } else { &token.text })
    }

    fn word(&mut self) -> String {
        let word = self.tokens.get(self.at).map(|token| token.text.clone()).unwrap_or_default();
        self.at += 1;
        word
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_next = self.peek(0) == sign;
        self.at += usize::from(is_next);
        is_next
    }

    /// Behind the next `;`, or behind a whole block; not beyond the brace that closes the surrounding one.
    fn skip_statement(&mut self) {
        let (mut open, mut brackets) = (0usize, 0usize);
        while let Some(token) = self.tokens.get(self.at) {
            let sign = if token.quoted { "" } else { token.text.as_str() };
            match sign {
                // Braces among the options of a field, `[(x) = { ... }]`, end no statement.
                "[" => brackets += 1,
                "]" => brackets = brackets.saturating_sub(1),
                "{" | "}" if brackets > 0 => {}
                "{" => open += 1,
                "}" if open == 0 => return,
                "}" => {
                    open -= 1;
                    if open == 0 {
                        self.at += 1;
                        self.take(";");
                        return;
                    }
                }
                ";" if open == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}
