//! Locks and transactions: what is inside between beginning and end.

use super::state::{Exit, Interpreter, Region, RegionEnd, RegionKind};
use crate::ir::{Expr, Stmt};
use crate::knowledge::Does;
use crate::lower::values::{Kind, ObjectId};
use whatif_model::flow::{Lock, LockKind, Step, Target};
use whatif_model::{Range, Span};

/// The value of a field that holds the transaction in hand while there is none. No program can name it.
pub(super) const NO_TRANSACTION: &str = "<no transaction>";

impl<'a> Interpreter<'a> {
    /// Whether a field is one for the transaction in hand, and none is.
    pub(super) fn holds_no_transaction(&self, id: ObjectId, ty: crate::lower::program::TypeId, name: &str) -> bool {
        if !self.manners.injects || self.in_transaction() {
            return false;
        }
        let is_transaction = |class: &str| {
            let form = self.knowledge.type_form(self.program.language, class);
            form.is_some_and(|(_, form)| form.set.get("held").is_some_and(|held| held == "transaction"))
        };
        if let Some(value) = self.object(id).fields.get(name) {
            return value.alternatives().iter().any(|held| match held.kind {
                Kind::Object(held) => {
                    matches!(&self.object(held).class, super::state::Class::Library(class) if is_transaction(class))
                }
                _ => false,
            });
        }
        self.program.lineage(ty).into_iter().any(|ty| {
            let declared = self.program.ty(ty);
            let field = declared.ir.fields.iter().find(|field| field.name == name);
            let symbol = field.and_then(|field| self.program.library_type(declared.module, &field.ty));
            symbol.is_some_and(|symbol| is_transaction(&symbol))
        })
    }

    /// Begins a region in the innermost block.
    pub(super) fn begin_region(&mut self, what: RegionKind, object: Option<ObjectId>, name: String, span: Span) {
        let block = self.block();
        let start = block.steps.len();
        block.regions.push(Region { start, object, name, what, span, ends: RegionEnd::WithBlock });
    }

    /// Ends the innermost region that fits; one begun in an outer block ends with that block.
    pub(super) fn end_region(&mut self, object: Option<ObjectId>, name: &str, transaction: bool) {
        let fits = |region: &Region| {
            let is_lock = matches!(region.what, RegionKind::Lock(_));
            is_lock != transaction
                && match (region.object, object) {
                    (Some(a), Some(b)) => a == b || transaction || (!name.is_empty() && region.name == name),
                    _ => region.name == name || transaction,
                }
        };
        let depth = self.run.blocks.len();
        for (back, block) in self.run.blocks.iter_mut().rev().enumerate() {
            let Some(at) = block.regions.iter().rposition(fits) else { continue };
            let explicit = match std::mem::replace(&mut block.regions[at].what, RegionKind::Transaction(None)) {
                RegionKind::Implicit(store) => RegionKind::Transaction(store),
                other => other,
            };
            block.regions[at].what = explicit;
            if back > 0 && block.regions[at].ends == RegionEnd::WithBlock {
                block.regions[at].ends = RegionEnd::WithInner;
            }
            if back == 0 && depth > 0 {
                let region = block.regions.remove(at);
                Self::wrap(&mut block.steps, region);
            }
            return;
        }
    }

    /// Ends a unit of work that is a transaction by being written.
    pub(super) fn end_implicit(&mut self) {
        let implicit = |region: &Region| matches!(region.what, RegionKind::Implicit(_));
        let Some(object) = self.run.blocks.iter().flat_map(|block| &block.regions).rfind(|it| implicit(it)) else {
            return;
        };
        let object = object.object;
        self.end_region(object, "", true);
    }

    /// Puts what is inside a region into one step.
    pub(super) fn wrap(steps: &mut Vec<Step>, region: Region) {
        let mut body = steps.split_off(region.start.min(steps.len()));
        let after = match region.ends {
            RegionEnd::After(end) => body.split_off(end.saturating_sub(region.start).min(body.len())),
            RegionEnd::WithBlock | RegionEnd::WithInner => Vec::new(),
        };
        if body.is_empty() {
            steps.extend(after);
            return;
        }
        match region.what {
            RegionKind::Transaction(store) => steps.push(Step::Transaction { body, store, span: region.span }),
            RegionKind::Implicit(_) => steps.extend(body),
            RegionKind::Lock(lock) => steps.push(Step::Locked { body, lock, span: region.span }),
        }
        steps.extend(after);
    }

    /// `with`.
    pub(super) fn with(&mut self, items: &'a [(Expr, Option<Expr>)], body: &'a [Stmt], range: Range) -> Exit {
        self.open_block();
        for (manager, target) in items {
            let value = self.eval(manager);
            // What is kept in a field is one of those begun so far, the newest first.
            let value = value.alternatives().first().filter(|_| self.manners.injects).cloned().unwrap_or(value);
            let span = self.span(manager.range);
            if let Kind::Object(id) = value.kind {
                self.enter_manager(id, manager, span);
            }
            let bound = self.entered(&value);
            if let Some(target) = target {
                self.assign(target, bound);
            }
        }
        let exit = self.exec(body);
        let _ = range;
        let steps = self.close_block();
        self.push_steps(steps);
        exit
    }

    /// Whether what comes next is part of a transaction begun earlier.
    pub(super) fn in_transaction(&self) -> bool {
        let regions = self.run.blocks.iter().flat_map(|block| &block.regions);
        regions.into_iter().any(|region| !matches!(region.what, RegionKind::Lock(_)))
    }

    /// Whether a region that this object began is open in this block.
    fn is_open(&self, id: ObjectId) -> bool {
        self.run.blocks.last().is_some_and(|block| block.regions.iter().any(|region| region.object == Some(id)))
    }

    /// What a context manager object does while it is entered.
    fn enter_manager(&mut self, id: ObjectId, manager: &Expr, span: Span) {
        let name = manager.dotted().unwrap_or_default();
        let fields = &self.object(id).fields;
        match fields.get("enter").and_then(crate::lower::values::Abs::as_text).as_deref() {
            // A connection that commits each statement by itself spans no transaction.
            Some("transaction") if matches!(fields.get("autocommit").map(|on| &on.kind), Some(Kind::Bool(true))) => {}
            Some("transaction") if self.is_open(id) => {}
            Some("transaction") => {
                let store = self.store_target(id);
                self.begin_region(RegionKind::Transaction(store), Some(id), name, span);
            }
            Some("lock") => {
                let lock = self.lock_of(id, name.clone());
                self.begin_region(RegionKind::Lock(lock), Some(id), name, span);
            }
            _ => {}
        }
    }

    /// `lock()` and `unlock()`.
    pub(super) fn lock_call(&mut self, does: Does, object: Option<ObjectId>, name: String, span: Span) {
        if does == Does::Unlock {
            return self.end_region(object, &name, false);
        }
        let lock = match object {
            Some(id) => self.lock_of(id, name.clone()),
            None => Lock {
                kind: LockKind::Process,
                name: name.clone(),
                lease: Default::default(),
                fenced: Default::default(),
            },
        };
        self.begin_region(RegionKind::Lock(lock), object, name, span);
    }

    /// The store a transaction belongs to.
    pub(super) fn store_target(&mut self, id: ObjectId) -> Option<Target> {
        Some(Target::Symbolic(self.peer_of(id, whatif_model::flow::PeerRole::Store)))
    }
}
