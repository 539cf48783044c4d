//! Writing names, fields and elements.

use super::state::{Class, Interpreter, Location};
use crate::ir::{Expr, ExprKind};
use crate::lower::values::{Abs, FrameId, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::Span;
use whatif_model::flow::OnError;

impl<'a> Interpreter<'a> {
    /// `targets = values`, with one value for each target or one call for all.
    pub(super) fn assign_all(&mut self, targets: &'a [Expr], values: Vec<Abs<'a>>) {
        if let ([value], true) = (values.as_slice(), targets.iter().all(is_variant)) {
            for target in targets {
                self.assign(target, value.clone());
            }
            return;
        }
        if values.len() == targets.len() {
            for (target, value) in targets.iter().zip(values) {
                self.assign(target, value);
            }
            return;
        }
        let Some(value) = values.into_iter().next() else { return };
        let parts = self.spread(value, targets.len());
        for (target, value) in targets.iter().zip(parts) {
            self.assign(target, value);
        }
    }

    /// One value taken apart into `count`.
    pub(super) fn spread(&mut self, value: Abs<'a>, count: usize) -> Vec<Abs<'a>> {
        match &value.kind {
            Kind::Tuple(items) | Kind::List(items) if items.len() == count => {
                let rest = value.from.without_failures();
                return items.iter().map(|item| item.clone().with(&rest)).collect();
            }
            _ if !self.is_go() => {
                let item = Abs::tainted(value.from);
                return vec![item; count];
            }
            _ => {}
        }
        // Go: the first result is what was asked for, the last one says whether it worked.
        let last = Abs::tainted(value.from.only_failures());
        let middle = Abs::tainted(value.from.without_failures());
        let first = Abs { from: value.from.without_failures(), kind: value.kind };
        let mut parts = vec![middle; count];
        if let Some(slot) = parts.first_mut() {
            *slot = first;
        }
        if count > 1 {
            parts[count - 1] = last;
        }
        parts
    }

    /// `target = value`.
    pub(crate) fn assign(&mut self, target: &'a Expr, value: Abs<'a>) {
        match &target.kind {
            ExprKind::Name(name) if name == "_" => self.discard(&value),
            ExprKind::Name(name) => self.assign_name(name, value),
            ExprKind::Field(base, name) => {
                self.watch.assigned = true;
                // `client.defaults.timeout = 5000` is a setting of the client.
                let base = match &base.kind {
                    ExprKind::Field(client, part) if part == "defaults" && self.manners.callbacks => {
                        let client = self.eval(client);
                        if matches!(client.kind, Kind::Object(_)) { client } else { self.field(&client, part) }
                    }
                    _ => self.eval(base),
                };
                self.touch_live(&base, name, &value);
                for option in base.alternatives().to_vec() {
                    self.store_attribute(&option, name, value.clone());
                }
            }
            ExprKind::Index(base, key) => {
                self.watch.assigned = true;
                let (base, key) = (self.eval(base), self.eval(key));
                if let (Kind::Object(id), Some(key)) = (&base.kind, key.as_text()) {
                    self.store(Location::Field(*id, Rc::from(key)), value);
                }
            }
            ExprKind::Unary(op, inner) if op == "*" => self.assign_through(inner, value),
            ExprKind::Call(call) => self.assign_variant(call, value),
            ExprKind::Composite { entries, .. } => {
                for (key, target) in entries {
                    let part = match key.as_ref().map(|key| &key.kind) {
                        Some(ExprKind::Name(name)) => {
                            self.note_key(&value.from, name, target.range);
                            self.field(&value, name)
                        }
                        _ => Abs::tainted(value.from.clone()),
                    };
                    self.assign(target, part);
                }
            }
            ExprKind::Unary(op, inner) if op == "let" => {
                if let ExprKind::Name(name) = &inner.kind {
                    let here = self.here();
                    self.frame(here).names.insert(name, value);
                }
            }
            ExprKind::List(targets) => {
                let parts = self.spread(value, targets.len());
                for (target, value) in targets.iter().zip(parts) {
                    self.assign(target, value);
                }
            }
            _ => {}
        }
    }

    /// A pattern: `Ok(x)` and `Some(x)` hold what came when it worked, `Err(x)` what tells of the failure.
    fn assign_variant(&mut self, call: &'a crate::ir::Call, value: Abs<'a>) {
        let name = match &call.callee.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => name.as_str(),
            _ => "",
        };
        match (name, call.args.as_slice()) {
            ("Ok" | "Some", [inner]) => self.assign(&inner.value, super::results::worked(value)),
            ("Err", [inner]) => {
                if let ExprKind::Name(name) = &inner.value.kind
                    && name != "_"
                {
                    self.assign_name(name, Abs::tainted(value.from.only_failures()));
                }
            }
            (_, [inner]) => self.assign(&inner.value, value),
            (_, several) => {
                let parts = self.spread(value, several.len());
                for (inner, part) in several.iter().zip(parts) {
                    self.assign(&inner.value, part);
                }
            }
        }
    }

    /// A failure nobody will look at, or a deadline nobody will meet.
    pub(super) fn discard(&mut self, value: &Abs<'a>) {
        if let Kind::Context(context) = &value.kind
            && let Some((limit, at)) = context.deadline
            && self.is_here(at)
        {
            self.facts.unused_deadlines.insert((at, limit));
        }
        let failures: Vec<u32> = value.from.failures().collect();
        self.decide(failures, OnError::Discard);
    }

    /// Whether a place is in the function that runs; a deadline from further up has uses there.
    fn is_here(&self, at: Span) -> bool {
        let running = self.active.last().and_then(|activation| Some((activation.function?, activation.module)));
        running.is_some_and(|(function, module)| {
            at.file == self.program.span(module, function.range).file && function.range.contains(at.range)
        })
    }

    /// A guard that gets a name holds its lock until the block ends; one without ends with its statement.
    fn hold(&mut self, name: &str, value: &Abs<'a>) {
        let Kind::Object(id) = value.kind else { return };
        let object = self.object(id);
        if object.fields.get("holds").and_then(Abs::as_text).as_deref() != Some("lock") {
            return;
        }
        let Some(at) = object.made else { return };
        let held = self.run.blocks.iter().any(|block| block.regions.iter().any(|region| region.object == Some(id)));
        if !held {
            let lock = self.lock_of(id, name.to_owned());
            self.begin_region(super::state::RegionKind::Lock(lock), Some(id), name.to_owned(), at);
        }
    }

    fn assign_name(&mut self, name: &'a str, value: Abs<'a>) {
        self.hold(name, &value);
        if !value.from.iter().any(|origin| matches!(origin, Origin::Failure(_))) {
            self.watch.assigned = true;
        }
        if let Some(base) = self.implicit_target(name) {
            self.touch_live(&base, name, &value);
            return self.store_attribute(&base, name, value);
        }
        let here = self.here();
        let package = self.program.package_of[self.module()];
        let globals = self.globals[package];
        if here == globals {
            self.store(Location::Local(globals, name), value);
            return;
        }
        let outer =
            if self.frames[here.0 as usize].names.contains_key(name) { None } else { self.outer(here, globals, name) };
        match outer {
            Some(frame) if self.manners.declares => self.store(Location::Local(frame, name), value),
            Some(frame) => {
                // Python: `global` is not in the representation; a module-level None is a slot to be filled.
                if self.frames[frame.0 as usize].names.get(name).is_some_and(|old| matches!(old.kind, Kind::Nil)) {
                    self.store(Location::Local(frame, name), value.clone());
                }
                self.frame(here).names.insert(name, value);
            }
            None => {
                self.frame(here).names.insert(name, value);
            }
        }
    }

    /// The frame around `here` that declares `name`.
    fn outer(&self, here: FrameId, globals: FrameId, name: &str) -> Option<FrameId> {
        let mut frame = self.frames[here.0 as usize].parent;
        while let Some(id) = frame {
            if self.frames[id.0 as usize].names.contains_key(name) {
                return Some(id);
            }
            frame = self.frames[id.0 as usize].parent;
        }
        self.frames[globals.0 as usize].names.contains_key(name).then_some(globals)
    }

    /// `*target = value`: writes where the argument of the parameter lives.
    fn assign_through(&mut self, target: &'a Expr, value: Abs<'a>) {
        self.watch.assigned = true;
        if let ExprKind::Name(name) = &target.kind {
            let here = self.here();
            if let Some(place) = self.frames[here.0 as usize].places.get(name.as_str()).cloned() {
                self.store(place, value.clone());
            }
            self.frame(here).names.insert(name, value);
        } else {
            self.assign(target, value);
        }
    }

    /// `object.name = value`, with the names a library gives its properties.
    pub(super) fn store_attribute(&mut self, base: &Abs<'a>, name: &'a str, value: Abs<'a>) {
        match &base.kind {
            Kind::Object(id) => {
                let property = match &self.object(*id).class {
                    Class::Library(class) => self
                        .knowledge
                        .type_form(self.program.language, class)
                        .and_then(|(_, form)| form.fields.get(name))
                        .map_or(name, String::as_str),
                    _ => name,
                };
                self.store(Location::Field(*id, Rc::from(property)), value);
            }
            Kind::Type(ty) => {
                let id = self.class_object(*ty);
                self.store(Location::Field(id, Rc::from(name)), value);
            }
            // `axios.defaults.timeout = 5000`.
            Kind::Library(symbol) => {
                if let Some(library) = symbol.strip_suffix(".defaults") {
                    self.library_defaults.insert((library.to_owned(), name.to_owned()), value);
                }
            }
            Kind::Package(package) => {
                let frame = self.globals[*package];
                self.store(Location::Local(frame, name), value);
            }
            _ => {}
        }
    }

    /// Writes a place that outlives the statement. Only an unconditional write of start-up replaces what was there.
    pub(super) fn store(&mut self, place: Location<'a>, value: Abs<'a>) {
        let strong = self.starting && self.run.blocks.len() == 1;
        let value = Abs { from: self.lasting(&value.from), kind: value.kind };
        match place {
            Location::Local(frame, name) => {
                if !strong && self.is_made_again(frame, name, &value) {
                    return;
                }
                let names = &mut self.frame(frame).names;
                let old = if strong { None } else { names.remove(name) };
                let value = old.map_or(value.clone(), |old| value.join(old));
                names.insert(name, value);
            }
            Location::Field(id, name) => {
                self.store_field(id, &name, value.clone(), strong);
                if let Class::Own(ty) = self.object(id).class
                    && self.starting
                {
                    let summary = self.class_object(ty);
                    if summary != id {
                        self.store_field(summary, &name, value, false);
                    }
                }
            }
        }
    }

    /// Whether a variable already holds what the same place made: a client made when it is first needed.
    fn is_made_again(&self, frame: FrameId, name: &str, value: &Abs<'a>) -> bool {
        let (Kind::Object(new), Some(old)) = (&value.kind, self.frames[frame.0 as usize].names.get(name)) else {
            return false;
        };
        let new = self.object(*new);
        new.made.is_some()
            && old.alternatives().iter().any(|option| match option.kind {
                Kind::Object(id) => self.object(id).made == new.made && self.object(id).class == new.class,
                _ => false,
            })
    }

    fn store_field(&mut self, id: ObjectId, name: &Rc<str>, value: Abs<'a>, strong: bool) {
        let fields = &mut self.heap[id.0 as usize].fields;
        let old = if strong { None } else { fields.remove(name) };
        let value = old.map_or(value.clone(), |old| value.join(old));
        fields.insert(name.clone(), value);
    }

    /// What start-up leaves behind does not carry the failures of its effects into requests.
    fn lasting(&self, from: &Taint) -> Taint {
        if self.starting { from.without_failures() } else { from.clone() }
    }
}

/// Whether a target is a variant of a result or option.
fn is_variant(target: &Expr) -> bool {
    matches!(target.kind, ExprKind::Call(_))
}
