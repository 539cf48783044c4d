//! Effects on stores: SQL text, object mappers, caches; and the locks they offer.

use super::library::Use;
use super::state::{Class, Interpreter, RegionKind};
use crate::knowledge::Does;
use crate::lower::sql::{self, Statement};
use crate::lower::values::{Abs, Kind, ObjectId};
use whatif_model::flow::{Bound, EffectKind, Lock, LockKind, PeerRole, WriteKind};
use whatif_model::{Evidence, Fact, Stage, Value};

impl<'a> Interpreter<'a> {
    /// SQL text, and calls that name what they do.
    pub(super) fn store_call(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.open_session(call);
        let first = self.next_effect();
        let value = self.stored(call);
        if call.form.does != Does::Sql {
            self.columns_of_call(first, call);
        }
        value
    }

    fn stored(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Sql => self.sql(call),
            Does::Read => {
                let item = self.item(call);
                let for_update =
                    self.property(call, "for_update").is_some_and(|value| !matches!(value.kind, Kind::Bool(false)));
                let value = self.read_item(call, item, for_update);
                if let Some(live) = call.set("live") {
                    let reads: Vec<u32> = value.from.data().collect();
                    if live == "row" {
                        self.run.rows.put_back_at_commit(&reads);
                    }
                    self.live.extend(reads);
                }
                value
            }
            _ => {
                let item = self.item(call);
                let how = self.write_kind(call, &item);
                let row = self.row_written(call, &item);
                let how = row.map_or(how, |read| self.row_kind(call, read, how));
                let number = self.next_effect();
                let value = self.write_item(call, item.clone(), how);
                if let Some(read) = row {
                    self.note_row(number, read, &item);
                    let fields = self.run.rows.fields_changed(read);
                    self.note_columns(number, &fields, &[], &[]);
                }
                value
            }
        }
    }

    fn sql(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let query = self.property(call, "query").unwrap_or_else(Abs::unknown);
        if let Some(value) = self.built_query(call, &query) {
            return value;
        }
        match &query.kind {
            Kind::Text(text) => {
                let text = placeholder_text(text);
                self.sql_text(call, &text)
            }
            _ if call.set("how") == Some("write") => self.write_item(call, String::new(), WriteKind::Unknown),
            _ if call.set("how") == Some("read") => self.read_item(call, String::new(), false),
            _ => self.read_item(call, String::new(), false),
        }
    }

    fn sql_text(&mut self, call: &Use<'a, '_>, text: &str) -> Abs<'a> {
        let first = self.next_effect();
        let value = self.run_sql(call, text);
        self.note_columns(first, &sql::fields(text), &sql::values(text), &sql::conditions(text));
        value
    }

    fn run_sql(&mut self, call: &Use<'a, '_>, text: &str) -> Abs<'a> {
        match sql::read(text) {
            Statement::Read { table, .. } if sql::compared(text).iter().any(|column| is_key_column(column)) => {
                let peer = self.peer(call, PeerRole::Store);
                self.partner_effect(call, EffectKind::DedupCheck { item: table }, peer)
            }
            Statement::Read { table, for_update } => self.read_item(call, table, for_update),
            Statement::Write { table, how: how @ (WriteKind::Insert | WriteKind::Upsert) }
                if !self.is_dedup(&table) && sql::inserted(text).iter().any(|column| is_key_column(column)) =>
            {
                self.keyed_row(call, table, how)
            }
            Statement::Write { table, how } => {
                let how = if how == WriteKind::Set && self.assigns_what_was_read(call, text, &table) {
                    WriteKind::SetFromRead
                } else {
                    how
                };
                self.write_item(call, table, how)
            }
            Statement::Begin => {
                let store = call.object().and_then(|id| self.store_target(id));
                self.begin_region(RegionKind::Transaction(store), call.object(), String::new(), call.span);
                Abs::unknown()
            }
            Statement::Commit => {
                self.end_region(call.object(), "", true);
                Abs::unknown()
            }
            Statement::Rollback | Statement::Other => Abs::tainted(call.taint()),
        }
    }

    /// A row that carries the key of its request is the effect and the memory of it: one statement, one commit.
    fn keyed_row(&mut self, call: &Use<'a, '_>, item: String, how: WriteKind) -> Abs<'a> {
        let peer = self.peer(call, PeerRole::Store);
        let unique = if how == WriteKind::Upsert {
            Fact::known(true, Evidence::stated(Stage::Code, call.span, "the store refuses a second one"))
        } else {
            Fact::Unknown
        };
        let alone = !self.in_transaction();
        if alone {
            let store = call.object().and_then(|id| self.store_target(id));
            self.open_block();
            self.begin_region(RegionKind::Transaction(store), None, String::new(), call.span);
        }
        let mark = EffectKind::DedupMark { item: item.clone(), unique };
        let marked = self.partner_effect(call, mark, peer.clone());
        let written = self.partner_effect(call, EffectKind::Write { item, how }, peer);
        if alone {
            let steps = self.close_block();
            self.push_steps(steps);
        }
        written.with(&marked.from)
    }

    /// A statement object of a query builder: it knows its verb and table.
    fn built_query(&mut self, call: &Use<'a, '_>, query: &Abs<'a>) -> Option<Abs<'a>> {
        let Kind::Object(id) = query.kind else { return None };
        let field = |this: &Self, key: &str| this.object(id).fields.get(key).and_then(Abs::as_text);
        if let Some(text) = self.object(id).fields.get("query").cloned()
            && let Kind::Text(text) = &text.kind
        {
            let text = placeholder_text(text);
            return Some(self.sql_text(call, &text));
        }
        let verb = field(self, "verb")?;
        let item = self.object(id).fields.get("item").cloned().map_or_else(String::new, |item| self.item_text(&item));
        Some(match verb.as_str() {
            "read" => {
                let for_update = self.object(id).fields.contains_key("for_update");
                self.read_item(call, item, for_update)
            }
            verb => {
                let how = match write_kind(verb) {
                    WriteKind::Set if query.from.data().any(|read| self.reads(read, &item)) => WriteKind::SetFromRead,
                    how => how,
                };
                self.write_item(call, item, how)
            }
        })
    }

    fn read_item(&mut self, call: &Use<'a, '_>, item: String, for_update: bool) -> Abs<'a> {
        // A row lock lasts as long as its transaction: where each statement is one, it is gone at once.
        let is_void = for_update && call.set("autocommit").is_some() && !self.in_transaction();
        let place = (item.clone(), call.span);
        if is_void && !self.run.void_locks.contains(&place) {
            self.run.void_locks.push(place);
        }
        let for_update = for_update && !is_void;
        let peer = self.peer(call, PeerRole::Store);
        let kind =
            if self.is_dedup(&item) { EffectKind::DedupCheck { item } } else { EffectKind::Read { item, for_update } };
        self.partner_effect(call, kind, peer)
    }

    fn write_item(&mut self, call: &Use<'a, '_>, item: String, how: WriteKind) -> Abs<'a> {
        let peer = self.peer(call, PeerRole::Store);
        // What is written by hand is not written again when the transaction ends.
        let written = super::call::taint_of(call.args);
        self.dirty.retain(|changed| !written.data().any(|data| data == changed.read));
        let unique =
            self.property(call, "unique").is_some_and(|unique| !matches!(unique.kind, Kind::Bool(false) | Kind::Nil));
        let unique = unique || self.only_if_absent(call);
        let kind = if unique
            || (self.is_dedup(&item) && matches!(how, WriteKind::Insert | WriteKind::Upsert | WriteKind::Set))
        {
            let unique = if unique || how == WriteKind::Upsert {
                Fact::known(true, Evidence::stated(Stage::Code, call.span, "the store refuses a second one"))
            } else {
                Fact::Unknown
            };
            EffectKind::DedupMark { item, unique }
        } else if self.is_outbox(&item) && how != WriteKind::Insert {
            // The relay notes what it has sent: setting that again changes nothing.
            EffectKind::Write { item, how: WriteKind::Set }
        } else if self.is_outbox(&item) {
            if let Some(peer) = self.carried_event(call, &item) {
                return self.partner_effect(call, EffectKind::Publish { outbox: true }, peer);
            }
            EffectKind::Publish { outbox: true }
        } else {
            EffectKind::Write { item, how }
        };
        let columns = if matches!(kind, EffectKind::DedupMark { .. }) { self.columns_of(call) } else { Vec::new() };
        let value = self.partner_effect(call, kind, peer);
        if let Some(effect) = self.run.effects.last_mut().filter(|effect| effect.fields.is_empty()) {
            effect.fields = columns;
        }
        value
    }

    /// The fields of a row that is written, when its class is the program's.
    fn columns_of(&self, call: &Use<'a, '_>) -> Vec<String> {
        let row = call.argument("value").or_else(|| call.argument("item")).map(|row| &row.value.kind);
        let Some(Kind::Object(id)) = row else { return Vec::new() };
        let Some(ty) = self.own_class(*id) else { return Vec::new() };
        let lineage = self.program.lineage(ty).into_iter();
        lineage.flat_map(|ty| self.program.ty(ty).ir.fields.iter().map(|field| field.name.clone())).collect()
    }

    /// Redis's `SET key value NX`: an option among the arguments makes the write a claim.
    fn only_if_absent(&self, call: &Use<'a, '_>) -> bool {
        let Some(option) = call.set("only_if_absent") else { return false };
        call.args.iter().any(|arg| arg.value.as_text().is_some_and(|text| text == option))
    }

    /// The message that a row of an outbox carries: its class is the topic.
    fn carried_event(&self, call: &Use<'a, '_>, item: &str) -> Option<whatif_model::flow::Peer> {
        let rows =
            call.args.iter().filter_map(|arg| if let Kind::Object(id) = arg.value.kind { Some(id) } else { None });
        let events = rows.flat_map(|row| self.object(row).fields.values()).filter_map(|value| match value.kind {
            Kind::Object(id) => self.own_class(id),
            _ => None,
        });
        let name = events.map(|ty| &self.program.ty(ty).ir.name).find(|name| *name != item)?;
        let mut peer = self.broker();
        peer.name = Value::text(name.clone());
        Some(peer)
    }

    /// How a call that names its verb changes the item.
    fn write_kind(&mut self, call: &Use<'a, '_>, item: &str) -> WriteKind {
        let named = call.set("how").map_or_else(
            || {
                self.property(call, "verb")
                    .and_then(|verb| verb.as_text())
                    .map_or(WriteKind::Unknown, |verb| write_kind(&verb))
            },
            write_kind,
        );
        match named {
            WriteKind::Set if self.versioned.contains(item) => WriteKind::Conditional,
            WriteKind::Set | WriteKind::Upsert if self.derives_from_read(call, item) => WriteKind::SetFromRead,
            WriteKind::Set if self.increments(call) => WriteKind::Increment,
            how => how,
        }
    }

    /// Mongo's `{"$inc": ...}`.
    fn increments(&self, call: &Use<'a, '_>) -> bool {
        call.args.iter().any(|arg| match &arg.value.kind {
            Kind::Object(id) => self.object(*id).fields.contains_key("$inc"),
            _ => false,
        })
    }

    /// The same for a statement: only the parameters it assigns count, not those that say which row.
    fn assigns_what_was_read(&self, call: &Use<'a, '_>, text: &str, item: &str) -> bool {
        let Some(assigned) = sql::assigned_parameters(text) else { return self.derives_from_read(call, item) };
        if assigned.is_empty() {
            return false;
        }
        if let Some(own) = self.statement_parameters(call) {
            let mut given = assigned.iter().filter_map(|at| own.get(*at));
            return given.any(|value| value.from.data().any(|number| self.reads(number, item)));
        }
        let is_query = |arg: &super::call::Argument<'a>| matches!(&arg.value.kind, Kind::Text(_));
        let parameters = call.args.iter().position(is_query).map_or(&[][..], |at| &call.args[at + 1..]);
        if let [only] = parameters
            && let Kind::List(items) | Kind::Tuple(items) = &only.value.kind
            && items.len() > assigned.iter().max().copied().unwrap_or(0)
        {
            let mut given = assigned.iter().filter_map(|at| items.get(*at));
            return given.any(|given| given.from.data().any(|number| self.reads(number, item)));
        }
        // One argument that holds all parameters (a tuple) is looked at as a whole.
        if parameters.len() <= assigned.iter().max().copied().unwrap_or(0) {
            return self.derives_from_read(call, item);
        }
        let mut given = assigned.iter().filter_map(|at| parameters.get(*at));
        given.any(|arg| arg.value.from.data().any(|number| self.reads(number, item)))
    }

    /// The parameters a statement object was given one by one.
    fn statement_parameters(&self, call: &Use<'a, '_>) -> Option<Vec<Abs<'a>>> {
        let Kind::Object(id) = call.receiver?.kind else { return None };
        match &self.object(id).fields.get("params")?.kind {
            Kind::List(items) => Some(items.to_vec()),
            _ => None,
        }
    }

    /// Whether what is written was computed from a read of the same item in this operation.
    fn derives_from_read(&self, call: &Use<'a, '_>, item: &str) -> bool {
        let written = call.form.args.get("value").map(|spec| super::library::find(spec, call.args));
        let of_receiver =
            call.form.args.get("value").is_some_and(|spec| spec.place == Some(crate::knowledge::Place::Receiver));
        let given = match written {
            _ if of_receiver => call.receiver.map(|receiver| receiver.from.clone()).unwrap_or_default(),
            Some(Some(value)) => value.value.from.clone(),
            Some(None) => return false,
            None => super::call::taint_of(call.args),
        };
        given.data().any(|number| self.reads(number, item))
    }

    pub(super) fn reads(&self, number: u32, item: &str) -> bool {
        self.effect(number).is_some_and(
            |effect| matches!(&effect.kind, EffectKind::Read { item: read, .. } if *read == item && !item.is_empty()),
        )
    }

    /// The name of the item a call concerns.
    pub(super) fn item(&mut self, call: &Use<'a, '_>) -> String {
        let Some(item) = self.property(call, "item") else { return String::new() };
        // Only stores of keys name an item by a value of the request; a row of an unknown class names no table.
        if matches!(item.kind, Kind::Unknown) && call.library.technology == "sql" {
            return String::new();
        }
        self.item_text(&item)
    }

    /// A table, a class that maps one, or a key pattern.
    fn item_text(&mut self, item: &Abs<'a>) -> String {
        match &item.kind {
            Kind::Type(ty) => self.table_of(*ty),
            Kind::Object(id) => match self.object(*id).class.clone() {
                Class::Own(ty) => self.table_of(ty),
                Class::Library(_) => self
                    .object(*id)
                    .fields
                    .get("item")
                    .cloned()
                    .map_or_else(String::new, |inner| self.item_text(&inner)),
                Class::Dict => String::new(),
            },
            Kind::List(items) => items.first().cloned().map_or_else(String::new, |first| self.item_text(&first)),
            Kind::Text(text) => placeholder_text(text),
            // A key that is a value of the request.
            Kind::Unknown => {
                item.from.iter().find_map(request_name).map_or_else(String::new, |name| format!("{{{name}}}"))
            }
            _ => String::new(),
        }
    }

    fn table_of(&mut self, ty: crate::lower::program::TypeId) -> String {
        let table = self.table_named(ty);
        self.entities.insert(table.clone(), ty);
        if self.has_version(ty) {
            self.versioned.insert(table.clone());
        }
        table
    }

    /// Whether a field of a type is the version of its row, so that a write of what is out of date fails.
    fn has_version(&self, ty: crate::lower::program::TypeId) -> bool {
        let marks = &self.knowledge.words(self.program.language).version_marks;
        let marked = |field: &crate::ir::Field| {
            let names = field.decorators.iter().filter_map(crate::ir::Expr::dotted);
            names.into_iter().any(|name| marks.iter().any(|mark| name.rsplit('.').next() == Some(mark)))
        };
        let lineage = self.program.lineage(ty);
        !marks.is_empty() && lineage.into_iter().any(|ty| self.program.ty(ty).ir.fields.iter().any(marked))
    }

    fn table_named(&mut self, ty: crate::lower::program::TypeId) -> String {
        let id = self.class_object(ty);
        let named = ["__tablename__", "db_table"]
            .iter()
            .find_map(|key| self.object(id).fields.get(*key).and_then(Abs::as_text));
        let from_method = || self.program.method(ty, "TableName");
        if named.is_none()
            && let Some(method) = from_method()
        {
            let range = self.program.function(method).ir.name_range;
            if let Some(text) = self.inline_declared(method, None, &[], range).as_text() {
                return text;
            }
        }
        named.unwrap_or_else(|| self.program.ty(ty).ir.name.clone())
    }

    fn is_dedup(&self, item: &str) -> bool {
        let plain = item.to_lowercase();
        self.knowledge.words(self.program.language).dedup_tables.iter().any(|word| plain.contains(word.as_str()))
    }

    fn is_outbox(&self, item: &str) -> bool {
        let plain = item.to_lowercase();
        self.knowledge.words(self.program.language).outbox_tables.iter().any(|word| plain.contains(word.as_str()))
    }

    /// A session collects what is done until it is committed.
    fn open_session(&mut self, call: &Use<'a, '_>) {
        let Some(id) = call.object() else { return };
        if self.object(id).fields.get("enter").and_then(Abs::as_text).as_deref() != Some("session") {
            return;
        }
        let open = self.run.blocks.iter().any(|block| block.regions.iter().any(|region| region.object == Some(id)));
        if !open {
            let store = self.store_target(id);
            self.begin_region(RegionKind::Implicit(store), Some(id), String::new(), call.span);
        }
    }

    /// Writes what was staged and changed; a transaction of its own ends with it, one begun before goes on.
    pub(super) fn flush(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if let Some(session) = call.object() {
            self.note_saved(session, call.span);
        }
        let alone = !self.in_transaction();
        if alone {
            let store = call.object().and_then(|id| self.store_target(id));
            self.open_block();
            self.begin_region(RegionKind::Transaction(store), None, String::new(), call.span);
        }
        self.flush_staged(call.object(), call);
        if alone {
            let steps = self.close_block();
            self.push_steps(steps);
        } else {
            self.end_implicit();
        }
        self.store_result(call)
    }

    /// Changed live objects are written by the commit.
    pub(super) fn flush_staged(&mut self, _object: Option<ObjectId>, call: &Use<'a, '_>) {
        for changed in std::mem::take(&mut self.dirty) {
            let Some(effect) = self.effect(changed.read) else { continue };
            let EffectKind::Read { item, .. } = effect.kind.clone() else { continue };
            let how = if changed.from_read { WriteKind::SetFromRead } else { WriteKind::Set };
            let first = self.next_effect();
            self.write_item(call, item, how);
            self.note_columns(first, &changed.fields, &changed.values, &[]);
        }
    }

    /// What a commit returns: an error in Go.
    pub(super) fn store_result(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let failure = if self.manners.errors_are_values {
            crate::lower::values::Taint::setup_failure()
        } else {
            Default::default()
        };
        Abs::tainted(call.taint().union(&failure))
    }

    /// The lock an object is.
    pub(super) fn lock_of(&self, id: ObjectId, name: String) -> Lock {
        let fields = &self.object(id).fields;
        let kind = match fields.get("lock").and_then(Abs::as_text).as_deref() {
            Some("distributed") => LockKind::Distributed,
            Some("row") => LockKind::Row,
            _ => LockKind::Process,
        };
        let at = self.object(id).made;
        let unit = self.manners.number_ms;
        let lease = match (kind, fields.get("lease"), at) {
            (LockKind::Distributed, Some(lease), Some(at)) => match lease.as_millis(unit) {
                Some(limit) => Fact::known(
                    Bound::Millis(limit),
                    Evidence::stated(Stage::Code, at, format!("the lock ends after {limit} ms")),
                ),
                None => Fact::Unknown,
            },
            (LockKind::Distributed, None, Some(at)) if fields.contains_key("no_lease") => {
                Fact::absent(Evidence::stated(Stage::Code, at, "the lock never ends by itself"))
            }
            _ => Fact::Unknown,
        };
        let name = fields
            .get("name")
            .map(Abs::as_value)
            .map(|value| value.display())
            .filter(|name| !name.is_empty())
            .unwrap_or(name);
        let fenced = match (kind, at) {
            (LockKind::Distributed, Some(at)) => {
                Fact::absent(Evidence::stated(Stage::Code, at, "no fencing token is handed out"))
            }
            _ => Fact::Unknown,
        };
        Lock { kind, name, lease, fenced }
    }

    /// What a context manager is bound to: itself, or what it hands out.
    pub(super) fn entered(&mut self, value: &Abs<'a>) -> Abs<'a> {
        if let Kind::Object(id) = value.kind
            && let Class::Own(ty) = self.object(id).class
            && let Some(method) = self.program.method(ty, "__enter__").or_else(|| self.program.method(ty, "__aenter__"))
        {
            let range = self.program.function(method).ir.name_range;
            return self.inline_declared(method, Some(value.clone()), &[], range);
        }
        value.clone()
    }
}

fn write_kind(verb: &str) -> WriteKind {
    match verb {
        "set" => WriteKind::Set,
        "increment" => WriteKind::Increment,
        "insert" => WriteKind::Insert,
        "upsert" => WriteKind::Upsert,
        "conditional" => WriteKind::Conditional,
        "delete" => WriteKind::Delete,
        _ => WriteKind::Unknown,
    }
}

fn request_name(origin: &crate::lower::values::Origin) -> Option<&str> {
    if let crate::lower::values::Origin::Request(name) = origin { Some(name) } else { None }
}

/// A text with `{}` for what is decided at run time.
fn placeholder_text(value: &Value) -> String {
    value
        .parts
        .iter()
        .map(|part| match part {
            whatif_model::Part::Text(text) => text.clone(),
            whatif_model::Part::Env { name, .. } => format!("{{{name}}}"),
            whatif_model::Part::Setting { key, .. } => format!("{{{key}}}"),
            whatif_model::Part::Unknown => "{}".to_owned(),
        })
        .collect()
}

/// Whether a column holds the key of a request and nothing else.
fn is_key_column(column: &str) -> bool {
    let plain: String = column.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    ["idempoten", "dedup"].iter().any(|word| plain.contains(word))
}
