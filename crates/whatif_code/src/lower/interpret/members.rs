//! Members named without their receiver, and functions that are called like members.

use super::call::{Argument, Site};
use super::state::{Class, Interpreter};
use crate::lower::program::{FunctionId, TypeId};
use crate::lower::values::{Abs, Kind};
use std::rc::Rc;

/// The name under which a frame keeps the class whose code is run. No program can use it.
pub(super) const OWN_CLASS: &str = "<class>";

/// The name of a receiver where the language has none.
const RECEIVER: &str = "this";

/// Most implementations of an interface that are followed.
const IMPLEMENTATIONS_MAX: usize = 3;

/// Most candidates among which those are chosen.
const IMPLEMENTATIONS_LOOKED_AT_MAX: usize = 64;

impl<'a> Interpreter<'a> {
    /// A member of the object or class whose code is run, named by itself.
    pub(super) fn implicit_member(&mut self, name: &'a str) -> Option<Abs<'a>> {
        let ty = self.own_class_here()?;
        if !self.has_member(ty, name) {
            return None;
        }
        match self.in_frames(RECEIVER) {
            Some(this) => Some(self.field_or_method(&this, ty, name)),
            None => Some(self.field(&Kind::Type(ty).into(), name)),
        }
    }

    /// The object whose member a bare name is when it is written.
    pub(super) fn implicit_target(&mut self, name: &str) -> Option<Abs<'a>> {
        if !self.manners.implicit_receiver || name == RECEIVER || self.in_frames(name).is_some() {
            return None;
        }
        let ty = self.own_class_here()?;
        let is_field = self.program.lineage(ty).into_iter().any(|ty| {
            let declared = self.program.ty(ty).ir;
            declared.fields.iter().any(|field| field.name == name)
        });
        if !is_field {
            return None;
        }
        Some(self.in_frames(RECEIVER).unwrap_or_else(|| Kind::Type(ty).into()))
    }

    fn own_class_here(&self) -> Option<TypeId> {
        if !self.manners.implicit_receiver {
            return None;
        }
        match self.in_frames(OWN_CLASS)?.kind {
            Kind::Type(ty) => Some(ty),
            _ => None,
        }
    }

    /// A local name, the module's excluded.
    fn in_frames(&self, name: &str) -> Option<Abs<'a>> {
        let mut frame = Some(self.here());
        while let Some(id) = frame {
            let current = &self.frames[id.0 as usize];
            if let Some(value) = current.names.get(name) {
                return (!self.globals.contains(&id)).then(|| value.clone());
            }
            frame = current.parent;
        }
        None
    }

    fn has_member(&mut self, ty: TypeId, name: &str) -> bool {
        let lineage = self.program.lineage(ty);
        let declared = lineage.iter().any(|ty| {
            let declared = self.program.ty(*ty);
            declared.methods.contains_key(name)
                || declared.ir.fields.iter().any(|field| field.name == name)
                || declared.ir.interface_methods.iter().any(|method| method == name)
        });
        declared
            || lineage.into_iter().any(|ty| {
                let summary = self.class_object(ty);
                self.object(summary).fields.contains_key(name)
            })
            || self.of_library_base(ty, name)
    }

    /// Whether a library's class gives the member to those derived from it.
    fn of_library_base(&self, ty: TypeId, name: &str) -> bool {
        let language = self.program.language;
        self.program.library_bases(ty).into_iter().any(|base| {
            self.knowledge.form(language, &format!("{base}.{name}")).is_some()
                || self
                    .knowledge
                    .type_form(language, &base)
                    .is_some_and(|(_, form)| form.members.contains_key(name) || form.fields.contains_key(name))
        })
    }

    fn field_or_method(&mut self, this: &Abs<'a>, ty: TypeId, name: &'a str) -> Abs<'a> {
        let value = self.field(this, name);
        if value.is_unknown() && self.of_library_base(ty, name) {
            return Kind::Method(Rc::new(this.clone()), name).into();
        }
        value
    }

    /// Remembers whose code a frame belongs to.
    pub(super) fn enter_class(
        &mut self,
        frame: crate::lower::values::FrameId,
        function: &crate::ir::Function,
        module: usize,
    ) {
        if !self.manners.implicit_receiver {
            return;
        }
        let owner = function.owner.as_ref().and_then(|owner| self.program.named_type(module, owner));
        let Some(ty) = owner else { return };
        self.frame(frame).names.insert(OWN_CLASS, Kind::Type(ty).into());
        if let Some(arguments) = self.container.closed.get(&ty.0).cloned() {
            for (name, argument) in self.program.ty(ty).ir.type_params.iter().zip(arguments) {
                self.frame(frame).names.insert(name, argument);
            }
        }
    }

    /// The type of the program that a type parameter stands for where code is run.
    pub(super) fn type_parameter(&self, name: &str) -> Option<TypeId> {
        if !self.manners.implicit_receiver || !name.starts_with('T') || self.active.is_empty() {
            return None;
        }
        match self.in_frames(name)?.kind {
            Kind::Type(ty) => Some(ty),
            _ => None,
        }
    }

    /// Type parameters by the arguments that were given for them.
    pub(super) fn bind_types(
        &mut self,
        frame: crate::lower::values::FrameId,
        function: &'a crate::ir::Function,
        args: &[Argument<'a>],
    ) {
        for (at, name) in function.type_params.iter().enumerate() {
            let wanted = format!("<{at}>");
            if let Some(arg) = args.iter().find(|arg| arg.name == wanted) {
                self.frame(frame).names.insert(name, arg.value.clone());
            }
        }
    }

    /// The type of an object, unless it is only declared to be one that others extend.
    pub(super) fn run_time_type(&self, id: crate::lower::values::ObjectId, ty: TypeId) -> Abs<'a> {
        let mut all = (0..self.program.types.len()).map(|at| TypeId(u32::try_from(at).unwrap_or(u32::MAX)));
        let is_known = self.object(id).made.is_some();
        let extended = !is_known && all.any(|other| other != ty && self.program.lineage(other).contains(&ty));
        if extended { Abs::unknown() } else { Kind::Type(ty).into() }
    }

    /// Whether a member called by this name may be an own function: what the receiver has itself comes first.
    pub(super) fn may_be_extended(&self, receiver: &Abs<'a>, name: &str) -> bool {
        if self.program.extensions(name).is_empty() {
            return false;
        }
        match &receiver.kind {
            Kind::Package(_) | Kind::Library(_) | Kind::Type(_) | Kind::Choice(_) => false,
            Kind::Object(id) => match &self.object(*id).class {
                Class::Own(ty) => self.program.method(*ty, name).is_none(),
                Class::Library(class) => {
                    self.knowledge.form(self.program.language, &format!("{class}.{name}")).is_none()
                }
                Class::Dict => true,
            },
            _ => true,
        }
    }

    /// An own function whose first parameter says that it is called like a member of its argument.
    pub(super) fn extension_call(
        &mut self,
        receiver: &Abs<'a>,
        name: &'a str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        let function = self.extension(receiver, name, args)?;
        let mut given = vec![Argument { place: None, ..Argument::of(receiver.clone()) }];
        given.extend(args.iter().cloned());
        Some(self.inline_declared(function, None, &given, site.range))
    }

    fn extension(&self, receiver: &Abs<'a>, name: &str, args: &[Argument<'a>]) -> Option<FunctionId> {
        let candidates = self.program.extensions(name);
        let count = args.iter().filter(|arg| !arg.name.starts_with('<')).count();
        let fits = |id: &&FunctionId| {
            let params = &self.program.function(**id).ir.params;
            let needed = params.iter().skip(1).filter(|param| param.default.is_none() && !param.name.starts_with('*'));
            needed.count() <= count && (params.len() > count || params.iter().any(|param| param.name.starts_with('*')))
        };
        let fitting: Vec<FunctionId> = candidates.iter().filter(fits).copied().collect();
        let exact = fitting.iter().find(|id| self.extends(**id, receiver));
        exact.or_else(|| fitting.first().filter(|_| fitting.len() == 1)).copied()
    }

    /// Whether the receiver is of the type that a function extends.
    fn extends(&self, id: FunctionId, receiver: &Abs<'a>) -> bool {
        let declared = self.program.function(id);
        let Some(param) = declared.ir.params.first() else { return false };
        let Kind::Object(object) = receiver.kind else { return false };
        match &self.object(object).class {
            Class::Own(ty) => self
                .program
                .named_type(declared.module, &param.ty)
                .is_some_and(|wanted| self.program.lineage(*ty).contains(&wanted)),
            Class::Library(class) => crate::ir::bare(&param.ty) == &**class,
            Class::Dict => false,
        }
    }

    /// The types of the program that say they implement a type; where none says so, those with every method of an interface.
    pub(super) fn implementations(&self, ty: TypeId) -> Vec<TypeId> {
        if let Some(bound) = self.container.bound.get(&ty.0) {
            return bound.iter().copied().take(IMPLEMENTATIONS_MAX).collect();
        }
        let wanted = &self.program.ty(ty).ir.interface_methods;
        let all = (0..self.program.types.len()).map(|at| TypeId(u32::try_from(at).unwrap_or(u32::MAX)));
        let concrete = |candidate: &TypeId| {
            let declared = self.program.ty(*candidate);
            let module = self.program.modules[declared.module];
            let is_class = declared.ir.kind == crate::ir::TypeKind::Class;
            *candidate != ty && is_class && !module.is_test && !module.is_generated
        };
        let nominal = self.manners.injects || self.manners.qualified_paths;
        let say_so = if nominal { self.program.subtypes(ty) } else { &[] };
        let has_all = |candidate: &TypeId| {
            let methods = &self.program.ty(*candidate).methods;
            !wanted.is_empty() && wanted.iter().all(|name| methods.contains_key(name.as_str()))
        };
        let mut fits: Vec<TypeId> =
            say_so.iter().copied().filter(concrete).take(IMPLEMENTATIONS_LOOKED_AT_MAX).collect();
        if fits.is_empty() {
            fits = all.filter(concrete).filter(has_all).take(IMPLEMENTATIONS_LOOKED_AT_MAX).collect();
        }
        if fits.len() > 1 {
            // Prefer those that were constructed.
            let made: Vec<TypeId> = fits.iter().copied().filter(|ty| self.made.contains(&ty.0)).collect();
            if !made.is_empty() {
                fits = made;
            }
        }
        fits.truncate(IMPLEMENTATIONS_MAX);
        fits
    }
}

impl<'a> Interpreter<'a> {
    /// Methods that a class has for its fields although nobody wrote them: of records, or made by annotations
    /// (<https://projectlombok.org/features/>).
    pub(super) fn accessor(
        &mut self,
        receiver: &Abs<'a>,
        id: crate::lower::values::ObjectId,
        ty: TypeId,
        name: &str,
        args: &[Argument<'a>],
    ) -> Option<Abs<'a>> {
        if !self.manners.accessors {
            return None;
        }
        if args.is_empty() && matches!(name, "build" | "toBuilder") {
            return Some(receiver.clone());
        }
        let field = self.field_behind(ty, name)?;
        match args {
            [] => Some(self.field(receiver, field)),
            [value] => {
                self.touch_live(receiver, field, &value.value);
                self.store(super::state::Location::Field(id, Rc::from(field)), value.value.clone());
                Some(receiver.clone())
            }
            _ => None,
        }
    }

    /// The field of a type that an accessor is for: `getTotal`, `isTotal`, `setTotal`, `withTotal`, `total`.
    fn field_behind(&self, ty: TypeId, name: &str) -> Option<&'a str> {
        let mut fields = self.program.lineage(ty).into_iter().flat_map(|ty| self.program.ty(ty).ir.fields.iter());
        fields.find_map(|field| {
            let own = field.name.as_str();
            let rest = ["get", "is", "set", "with"].iter().find_map(|verb| name.strip_prefix(verb));
            let same = |rest: &str| {
                let (Some(a), Some(b)) = (rest.chars().next(), own.chars().next()) else { return false };
                a.is_uppercase()
                    && a.to_lowercase().eq(b.to_lowercase())
                    && rest.get(a.len_utf8()..) == own.get(b.len_utf8()..)
            };
            (own == name || rest.is_some_and(same)).then_some(own)
        })
    }
}
