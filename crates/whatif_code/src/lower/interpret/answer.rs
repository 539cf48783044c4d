//! What callers are told: every answer with its class, and what it rests on.

use super::library::Use;
use super::state::{Class, Interpreter};
use crate::ir::{Expr, ExprKind};
use crate::lower::syntax;
use crate::lower::values::{Abs, Kind, Taint};
use whatif_model::Span;
use whatif_model::basis::{Answer, Status};
use whatif_model::flow::{EffectId, Outcome};

/// Most answers one operation keeps.
const ANSWERS_MAX: usize = 64;

/// The field of a response that keeps what it was made of. No program can name it.
pub(super) const MADE_OF: &str = "<made of>";

/// Fields in which errors and responses keep their status.
const STATUS_FIELDS: [&str; 4] = ["status", "statusCode", "status_code", "StatusCode"];

/// What holds the codes of a protocol: `codes.NotFound`, `HttpStatus.NOT_FOUND`, `grpc.StatusCode.INTERNAL`.
const CODE_HOLDERS: [&str; 9] =
    ["codes", "code", "statuscode", "statuscodes", "httpstatus", "httpstatuscode", "status", "http", "httpcodes"];

impl<'a> Interpreter<'a> {
    /// Notes that the operation may answer like this.
    pub(super) fn tell(&mut self, outcome: Outcome, status: Status, from: &Taint, span: Span) {
        if self.run.trigger.is_none() || self.run.answers.len() >= ANSWERS_MAX {
            return;
        }
        let answer = Answer { outcome, status, basis: self.basis(from), span };
        if !self.run.answers.contains(&answer) {
            self.run.answers.push(answer);
        }
    }

    /// What an answer that is a value was made of.
    pub(super) fn made_of(&self, value: &Abs<'a>) -> Taint {
        let inner = match value.kind {
            Kind::Object(id) => self.object(id).fields.get(MADE_OF).map(|made_of| made_of.from.clone()),
            _ => None,
        };
        value.from.union(&inner.unwrap_or_default())
    }

    /// The class of what is returned or raised.
    pub(super) fn status_class(&self, value: &Abs<'a>, exprs: &[Expr]) -> Status {
        let status = match &value.kind {
            Kind::Tuple(items) | Kind::List(items) if items.len() >= 2 => {
                items.iter().map(|item| self.status_in(item)).find(|status| *status != Status::Unknown)
            }
            _ => Some(self.status_in(value)),
        };
        if let (Kind::Tuple(items), [_, second]) = (&value.kind, exprs)
            && let ([_, status], ExprKind::Field(_, name)) = (items.as_slice(), &second.kind)
            && STATUS_FIELDS.contains(&name.as_str())
        {
            // `return body, answer.status_code`
            return self.status_number(status);
        }
        match status.unwrap_or_default() {
            Status::Unknown => exprs.iter().map(named_status).find(|it| *it != Status::Unknown).unwrap_or_default(),
            status => status,
        }
    }

    /// The class an answering call says: by its status, or by its own name (`NotFound`).
    pub(super) fn status_of_call(&self, call: &Use<'a, '_>, status: Option<&Abs<'a>>) -> Status {
        if let Some(status) = status {
            let said = self.status_number(status);
            if said != Status::Unknown {
                return said;
            }
        }
        let named = call.args.iter().filter_map(|arg| arg.expr).map(named_status);
        let named = named.into_iter().find(|status| *status != Status::Unknown);
        named.unwrap_or_else(|| status_named(call.name))
    }

    fn status_in(&self, value: &Abs<'a>) -> Status {
        match &value.kind {
            Kind::Number(_) => self.status_number(value),
            Kind::Object(id) => {
                let object = self.object(*id);
                let mut found = STATUS_FIELDS.iter().filter_map(|name| object.fields.get(*name));
                let status = found.next().map_or(Status::Unknown, |status| self.status_number(status));
                // An error of the program's own may carry anything.
                let is_answer = matches!(object.class, Class::Library(_));
                if is_answer || !matches!(status, Status::Forwarded(_)) { status } else { Status::Unknown }
            }
            Kind::Choice(options) => {
                let mut classes = options.iter().map(|option| self.status_in(option));
                let first = classes.next().unwrap_or_default();
                if classes.all(|class| class == first) { first } else { Status::Unknown }
            }
            _ => Status::Unknown,
        }
    }

    fn status_number(&self, status: &Abs<'a>) -> Status {
        if status.from.failures().next().is_some() {
            // Whatever the failure says.
            return Status::Unknown;
        }
        if let Kind::Choice(options) = &status.kind {
            let mut classes = options.iter().map(|option| self.status_number(option));
            let first = classes.next().unwrap_or_default();
            return if classes.all(|class| class == first) { first } else { Status::Unknown };
        }
        match status.as_number() {
            Some(code) if (100.0..600.0).contains(&code) => Status::of_http(code as u16),
            Some(_) => Status::Unknown,
            None => {
                let base = self.run.base;
                let from = status.from.data().find(|effect| *effect >= base && self.is_call(*effect));
                from.map_or(Status::Unknown, |effect| Status::Forwarded(EffectId(effect - base)))
            }
        }
    }

    fn is_call(&self, effect: u32) -> bool {
        use whatif_model::flow::EffectKind;
        self.effect(effect).is_some_and(|effect| matches!(effect.kind, EffectKind::Call { .. }))
    }
}

/// The class that a code named somewhere in an expression has.
fn named_status(expr: &Expr) -> Status {
    let mut found = Status::Unknown;
    syntax::each_inner(expr, &mut |inner: &Expr| {
        let status = match &inner.kind {
            ExprKind::Field(base, name) => {
                let holder = match &base.kind {
                    ExprKind::Name(holder) | ExprKind::Field(_, holder) => plain(holder),
                    _ => String::new(),
                };
                if CODE_HOLDERS.contains(&holder.as_str()) { status_named(name) } else { Status::Unknown }
            }
            ExprKind::Call(call) => match &call.callee.kind {
                ExprKind::Name(name) if name.ends_with("Error") || name.ends_with("Exception") => call
                    .args
                    .iter()
                    .map(|arg| code_literal(&arg.value))
                    .find(|it| *it != Status::Unknown)
                    .unwrap_or_default(),
                _ => Status::Unknown,
            },
            _ => Status::Unknown,
        };
        if found == Status::Unknown {
            found = status;
        }
    });
    found
}

/// A number that an error is made with and that is a status of failure.
fn code_literal(expr: &Expr) -> Status {
    match &expr.kind {
        ExprKind::Number(text) => match text.parse::<u16>() {
            Ok(code) if (400..600).contains(&code) => Status::of_http(code),
            _ => Status::Unknown,
        },
        _ => Status::Unknown,
    }
}

/// The class of a code or of a call by its name: `StatusNotFound`, `HTTP_404_NOT_FOUND`, `NotFoundException`.
fn status_named(name: &str) -> Status {
    let plain = plain(name);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    if let Ok(code) = digits.parse::<u16>()
        && (100..600).contains(&code)
    {
        return Status::of_http(code);
    }
    let mut bare = plain.as_str();
    for prefix in ["status", "httpresponse", "http"] {
        bare = bare.strip_prefix(prefix).unwrap_or(bare);
    }
    for suffix in ["exception", "error", "status", "result"] {
        bare = bare.strip_suffix(suffix).filter(|rest| !rest.is_empty() && *rest != "internalserver").unwrap_or(bare);
    }
    match bare {
        "created" | "accepted" | "nocontent" | "found" | "seeother" => Status::Success,
        "gone" => Status::NotFound,
        "conflict" | "preconditionfailed" => Status::Conflict,
        "toomanyrequests" => Status::Throttled,
        "badrequest"
        | "unauthorized"
        | "forbidden"
        | "forbid"
        | "unprocessableentity"
        | "validationproblem"
        | "methodnotallowed" => Status::Rejected,
        "internalserver"
        | "internalservererror"
        | "badgateway"
        | "serviceunavailable"
        | "gatewaytimeout"
        | "servererror" => Status::Failed,
        bare => Status::of_grpc(bare),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_codes_and_calls_have_classes() {
        let names = ["StatusNotFound", "HTTP_404_NOT_FOUND", "NotFoundException", "HttpResponseNotFound", "NOT_FOUND"];
        assert!(names.into_iter().all(|name| status_named(name) == Status::NotFound));
        assert_eq!(status_named("InternalServerErrorException"), Status::Failed);
        assert_eq!(status_named("StatusBadRequest"), Status::Rejected);
        assert_eq!(status_named("FailedPrecondition"), Status::Conflict);
        assert_eq!(status_named("json"), Status::Unknown);
    }
}
