//! Messages handed on inside the program: a mediator finds the handler by the type of the message.

use super::call::Argument;
use super::library::Use;
use super::state::{Class, Interpreter};
use crate::ir;
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, ObjectId};
use std::rc::Rc;

/// Most handlers of one message that are followed.
const HANDLERS_MAX: usize = 8;

/// Deepest line of base classes through which type arguments are followed.
const BASES_MAX: usize = 8;

impl<'a> Interpreter<'a> {
    /// `mediator.Send(message)`: behaviours around the one handler. `mediator.Publish(message)`: every handler.
    pub(super) fn dispatch(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.set("step").is_some() {
            let Some(id) = call.object() else { return Abs::unknown() };
            let field = |key: &str| self.object(id).fields.get(key).cloned();
            let at = field("at").and_then(|at| at.as_number()).unwrap_or(0.0) as usize;
            let message = field("message").unwrap_or_else(Abs::unknown);
            return self.hand_on(call, &message, at);
        }
        let message = self.property(call, "message").unwrap_or_else(Abs::unknown);
        if call.set("all").is_none() {
            return self.hand_on(call, &message, 0);
        }
        let messages = match message.kind {
            Kind::Object(_) => vec![message],
            // What was made in this run and not handed on yet.
            _ => std::mem::take(&mut self.container.notices),
        };
        for message in messages {
            self.container.notices.retain(|notice| !crate::lower::values::same(&notice.kind, &message.kind));
            for handler in self.handlers(call, &message) {
                self.handle(call, handler, std::slice::from_ref(&message));
            }
        }
        Abs::unknown()
    }

    /// The next behaviour, and after the last one the handler.
    fn hand_on(&mut self, call: &Use<'a, '_>, message: &Abs<'a>, at: usize) -> Abs<'a> {
        let behaviour = self.container.behaviours.get(at).copied();
        let Some(behaviour) = behaviour else {
            let handler = self.handlers(call, message).into_iter().next();
            return match handler {
                Some(handler) => self.handle(call, handler, std::slice::from_ref(message)),
                None => Abs::tainted(message.from.clone()),
            };
        };
        if self.is_running(call, behaviour) {
            return self.hand_on(call, message, at + 1);
        }
        let next = self.new_object(Class::Library(Rc::from("RequestHandlerDelegate")), Some(call.span));
        let fields = &mut self.heap[next.0 as usize].fields;
        fields.insert(Rc::from("message"), message.clone());
        fields.insert(Rc::from("at"), Kind::Number(at as f64 + 1.0).into());
        self.handle(call, behaviour, &[message.clone(), Kind::Object(next).into()])
    }

    /// A message sent while another one is handled passes the behaviours only once.
    fn is_running(&self, call: &Use<'a, '_>, ty: TypeId) -> bool {
        let Some(method) = self.program.method(ty, self.method_name(call)) else { return true };
        let function = self.program.function(method).ir;
        self.active.iter().any(|active| active.function.is_some_and(|running| std::ptr::eq(running, function)))
    }

    fn method_name(&self, call: &Use<'a, '_>) -> &'a str {
        call.set("method").unwrap_or("Handle")
    }

    fn handle(&mut self, call: &Use<'a, '_>, handler: TypeId, given: &[Abs<'a>]) -> Abs<'a> {
        let Some(method) = self.program.method(handler, self.method_name(call)) else { return Abs::unknown() };
        let receiver: Abs<'a> = Kind::Object(self.class_object(handler)).into();
        let mut args: Vec<Argument<'a>> = given.iter().cloned().map(Argument::of).collect();
        args.extend(call.argument("context").cloned());
        self.inline_declared(method, Some(receiver), &args, call.range)
    }

    /// The classes that say they handle messages of this one's type.
    fn handlers(&self, call: &Use<'a, '_>, message: &Abs<'a>) -> Vec<TypeId> {
        let Kind::Object(id) = message.kind else { return Vec::new() };
        let Class::Own(class) = self.object(id).class else { return Vec::new() };
        let bases: Vec<&str> = call.set("base").unwrap_or("").split('|').collect();
        let all = (0..self.program.types.len()).map(|at| TypeId(u32::try_from(at).unwrap_or(u32::MAX)));
        let handles = |ty: &TypeId| {
            let declared = self.program.ty(*ty);
            // An open generic class is handled through those that close it.
            declared.ir.kind == ir::TypeKind::Class
                && declared.ir.type_params.is_empty()
                && self.handled(*ty, &bases).iter().any(|wanted| self.is_message(id, class, wanted))
        };
        all.filter(handles).take(HANDLERS_MAX).collect()
    }

    /// Whether an object is of the type a handler is for, its type arguments included as far as they are known.
    fn is_message(&self, id: ObjectId, class: TypeId, wanted: &str) -> bool {
        let name = ir::bare(wanted).rsplit('.').next().unwrap_or("");
        let of_class = self.program.lineage(class).iter().any(|ty| self.program.ty(*ty).ir.name == name);
        let arguments = ir::type_arguments(wanted);
        of_class
            && arguments.iter().enumerate().all(|(at, argument)| {
                match self.object(id).fields.get(format!("<{at}>").as_str()).map(|given| &given.kind) {
                    Some(Kind::Type(ty)) => self.program.ty(*ty).ir.name == ir::bare(argument),
                    Some(Kind::Library(symbol)) => **symbol == *ir::bare(argument),
                    _ => true,
                }
            })
    }

    /// The messages a class handles: the first type arguments of these bases, through the line of its own bases.
    pub(super) fn handled(&self, ty: TypeId, wanted: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let mut next: Vec<(TypeId, Vec<(String, String)>)> = vec![(ty, Vec::new())];
        for _ in 0..BASES_MAX {
            let Some((ty, known)) = next.pop() else { break };
            let declared = self.program.ty(ty);
            for base in &declared.ir.bases {
                let base = substituted(base, &known);
                let arguments = ir::type_arguments(&base);
                let name = ir::bare(&base);
                if wanted.contains(&name) || wanted == ["*"] {
                    found.extend(arguments.first().map(|first| (*first).to_owned()));
                }
                if let Some(parent) = self.program.named_type(declared.module, name) {
                    let names = &self.program.ty(parent).ir.type_params;
                    let known = names.iter().cloned().zip(arguments.iter().map(|it| (*it).to_owned())).collect();
                    next.push((parent, known));
                }
            }
        }
        found
    }

    /// Remembers a message that a mediator may be told of later.
    pub(super) fn note_notice(&mut self, ty: TypeId, value: &Abs<'a>) {
        let language = self.program.language;
        let is_notice = self.program.library_bases(ty).iter().any(|base| {
            let form = self.knowledge.type_form(language, base);
            form.is_some_and(|(_, form)| form.set.get("role").is_some_and(|role| role == "notice"))
        });
        if is_notice {
            self.container.notices.push(value.clone());
        }
    }
}

/// A type with the names of type parameters replaced by what they stand for.
fn substituted(text: &str, known: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let replaced = known.iter().find(|(name, _)| name == word).map(|(_, ty)| ty.as_str());
        out.push_str(replaced.unwrap_or(word));
        word.clear();
    };
    for c in text.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_parameters_are_replaced_word_by_word() {
        let known = [("T".to_owned(), "Order".to_owned()), ("R".to_owned(), "bool".to_owned())];
        assert_eq!(substituted("Handler<Wrapped<T,R>,R>", &known), "Handler<Wrapped<Order,bool>,bool>");
        assert_eq!(substituted("Total<Text>", &known), "Total<Text>");
    }
}
