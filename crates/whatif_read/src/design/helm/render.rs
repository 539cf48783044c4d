//! Runs templates as Helm does, as far as the chart itself decides what they say.

use super::datum::{Datum, Kind, UNKNOWN};
use super::expression::{Base, Command, Operand, Pipeline};
use super::functions;
use super::syntax::{Arm, Item, Template, parse};
use crate::design::origin::{Origins, beginning};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::{FileId, Range, Span};

/// Most items that are run for one chart; a template that counts to a million is cut.
const STEPS_MAX: usize = 200_000;

/// Most bytes that are written for one chart.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Deepest chain of templates that include each other.
const INCLUDES_MAX: usize = 40;

/// A parsed template file.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) template: Template,
}

/// Rendered text, and where it comes from.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) text: String,
    pub(super) origins: Origins,
    /// Offsets at which something stands that the chart does not decide.
    pub(super) holes: Vec<usize>,
}

/// Everything a chart's templates share while they run.
pub(super) struct Renderer<'t> {
    defines: BTreeMap<&'t str, (&'t Source<'t>, &'t [Item])>,
    steps: usize,
    bytes: usize,
    depth: usize,
    /// The action that is being run.
    here: Span,
    /// What the chart does not decide, and why.
    pub(super) undecided: Vec<(Span, String)>,
    /// The same for all templates so far.
    listed: BTreeSet<(Span, String)>,
}

/// Where a template looks things up.
struct Scope {
    root: Datum,
    dot: Datum,
    variables: Vec<(String, Datum)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'t> Renderer<'t> {
    /// Of templates with one name the last one counts; the chart's own come after those of its parts.
    pub(super) fn new(sources: &[&'t Source<'t>]) -> Self {
        let named = sources.iter().flat_map(|source| {
            source.template.defines.iter().map(|(name, body)| (name.as_str(), (*source, body.as_slice())))
        });
        Self {
            defines: named.collect(),
            steps: 0,
            bytes: 0,
            depth: 0,
            here: beginning(""),
            undecided: Vec::new(),
            listed: BTreeSet::new(),
        }
    }

    /// The text of one template file.
    pub(super) fn render(&mut self, source: &'t Source<'t>, root: Datum) -> Output {
        let mut out = Output::default();
        let mut scope = Scope { dot: root.clone(), root, variables: Vec::new() };
        self.run(source, &source.template.items, &mut scope, &mut out);
        out
    }

    fn run(&mut self, source: &Source<'_>, items: &[Item], scope: &mut Scope, out: &mut Output) -> Flow {
        let known = scope.variables.len();
        let mut flow = Flow::On;
        for item in items {
            self.steps += 1;
            if self.steps > STEPS_MAX || self.bytes > BYTES_MAX {
                break;
            }
            flow = self.item(source, item, scope, out);
            if flow != Flow::On {
                break;
            }
        }
        scope.variables.truncate(known);
        flow
    }

    fn item(&mut self, source: &Source<'_>, item: &Item, scope: &mut Scope, out: &mut Output) -> Flow {
        match item {
            Item::Text(range) => {
                let text = source.text.get(range.start as usize..range.end as usize).unwrap_or("");
                self.write(out, text, range.in_file(source.file), true, None);
            }
            Item::Emit(pipeline, range) => {
                self.here = range.in_file(source.file);
                let value = self.pipeline(source, pipeline, scope, out);
                let text = value.print();
                if text.contains(UNKNOWN) {
                    self.leave_open(range.in_file(source.file), "a value that the chart's own values do not decide");
                }
                self.write(out, &text, range.in_file(source.file), false, value.from);
            }
            Item::Assign { name, declares, value } => {
                let value = self.pipeline(source, value, scope, out);
                let known = scope.variables.iter_mut().rev().find(|(known, _)| known == name).filter(|_| !declares);
                match known {
                    Some((_, slot)) => *slot = value,
                    None => scope.variables.push((name.clone(), value)),
                }
            }
            Item::Choice { binds_dot, arms, range } => {
                return self.choose(source, *binds_dot, arms, *range, scope, out);
            }
            Item::Loop { .. } => return self.repeat(source, item, scope, out),
            Item::Call { name, argument, range } => {
                let argument = argument.as_ref().map(|it| self.pipeline(source, it, scope, out));
                let place = range.in_file(source.file);
                self.include(name, argument.unwrap_or(Datum::NULL), scope.root.clone(), place, out);
            }
            Item::Break => return Flow::Break,
            Item::Continue => return Flow::Continue,
        }
        Flow::On
    }

    /// The first arm whose condition holds; none of them when that is not decided.
    fn choose(
        &mut self,
        source: &Source<'_>,
        binds_dot: bool,
        arms: &[Arm],
        range: Range,
        scope: &mut Scope,
        out: &mut Output,
    ) -> Flow {
        let known = scope.variables.len();
        let mut flow = Flow::On;
        for arm in arms {
            let value = arm.condition.as_ref().map(|condition| self.pipeline(source, condition, scope, out));
            if let (Some(name), Some(value)) = (&arm.variable, &value) {
                scope.variables.push((name.clone(), value.clone()));
            }
            match value.as_ref().map_or(Some(true), Datum::truth) {
                Some(true) => {
                    let outer = scope.dot.clone();
                    if let Some(value) = value.filter(|_| binds_dot) {
                        scope.dot = value;
                    }
                    flow = self.run(source, &arm.body, scope, out);
                    scope.dot = outer;
                    break;
                }
                Some(false) => {}
                None => {
                    out.holes.push(out.text.len());
                    self.leave_open(
                        range.in_file(source.file),
                        "a condition that the chart's own values do not decide",
                    );
                    break;
                }
            }
        }
        scope.variables.truncate(known);
        flow
    }

    fn repeat(&mut self, source: &Source<'_>, item: &Item, scope: &mut Scope, out: &mut Output) -> Flow {
        let Item::Loop { key, value, over, body, otherwise, range } = item else { return Flow::On };
        let list = self.pipeline(source, over, scope, out);
        let mut entries: Vec<(Datum, Datum)> = match &list.kind {
            Kind::Unknown => {
                out.holes.push(out.text.len());
                self.leave_open(range.in_file(source.file), "a list that the chart's own values do not decide");
                return Flow::On;
            }
            Kind::Map(entries) => {
                entries.iter().map(|(key, value)| (Datum::text(key.as_str()), value.clone())).collect()
            }
            Kind::Number(_) => {
                let count = functions::call("until", std::slice::from_ref(&list));
                count.items().iter().map(|item| (item.clone(), item.clone())).collect()
            }
            _ => {
                let numbered = list.items().iter().enumerate();
                numbered.map(|(at, item)| (Kind::Number(at.to_string()).into(), item.clone())).collect()
            }
        };
        if matches!(list.kind, Kind::Map(_)) {
            // Go visits the keys of a map in their order.
            entries.sort_by_key(|(key, _)| key.print());
        }
        if entries.is_empty() {
            return self.run(source, otherwise, scope, out);
        }
        let (outer, known) = (scope.dot.clone(), scope.variables.len());
        for (at, item) in entries {
            scope.variables.extend(key.clone().map(|name| (name, at)));
            scope.variables.extend(value.clone().map(|name| (name, item.clone())));
            scope.dot = item;
            let flow = self.run(source, body, scope, out);
            scope.variables.truncate(known);
            if flow == Flow::Break || self.steps > STEPS_MAX {
                break;
            }
        }
        scope.dot = outer;
        Flow::On
    }

    /// Writes what a named template says.
    fn include(&mut self, name: &str, argument: Datum, root: Datum, place: Span, out: &mut Output) {
        if name.ends_with(".yaml") {
            // A whole file, for the checksum that restarts pods when it changes.
            self.write(out, &UNKNOWN.to_string(), place, false, None);
            return;
        }
        let Some((source, body)) = self.defines.get(name).copied().filter(|_| self.depth < INCLUDES_MAX) else {
            self.leave_open(place, &format!("the template `{name}` is not in this chart"));
            out.holes.push(out.text.len());
            self.write(out, &UNKNOWN.to_string(), place, false, None);
            return;
        };
        self.depth += 1;
        // Inside a template `$` is what was handed to it.
        let root = if argument.is_null() { root } else { argument.clone() };
        let mut scope = Scope { root, dot: argument, variables: Vec::new() };
        self.run(source, body, &mut scope, out);
        self.depth -= 1;
    }

    fn write(&mut self, out: &mut Output, text: &str, place: Span, copied: bool, value: Option<Span>) {
        if !text.is_empty() {
            out.origins.push(out.text.len(), place, copied, value);
            out.text.push_str(text);
            self.bytes += text.len();
        }
    }

    fn leave_open(&mut self, place: Span, reason: &str) {
        let reason = reason.to_owned();
        if self.listed.insert((place, reason.clone())) {
            self.undecided.push((place, reason));
        }
    }

    fn pipeline(&mut self, source: &Source<'_>, pipeline: &Pipeline, scope: &mut Scope, out: &mut Output) -> Datum {
        let mut result = None;
        for command in &pipeline.0 {
            result = Some(self.command(source, command, result, scope, out));
        }
        result.unwrap_or(Datum::UNKNOWN)
    }

    fn command(
        &mut self,
        source: &Source<'_>,
        command: &Command,
        piped: Option<Datum>,
        scope: &mut Scope,
        out: &mut Output,
    ) -> Datum {
        let Some((head, rest)) = command.0.split_first() else { return Datum::UNKNOWN };
        if let (Operand::Function(name), None) = (head, &piped)
            && matches!(name.as_str(), "and" | "or")
        {
            return self.first_that_decides(source, name == "or", rest, scope, out);
        }
        let mut arguments: Vec<Datum> = rest.iter().map(|operand| self.operand(source, operand, scope, out)).collect();
        arguments.extend(piped);
        match head {
            Operand::Function(name) if name == "set" => {
                let changed = functions::call(name, &arguments);
                if let Some(Operand::Field(Base::Variable(variable), fields)) = rest.first()
                    && fields.is_empty()
                {
                    // Helm changes the map itself.
                    let known = scope.variables.iter_mut().rev().find(|(known, _)| known == variable);
                    known.into_iter().for_each(|(_, slot)| *slot = changed.clone());
                }
                changed
            }
            Operand::Function(name) => self.function(name, &arguments, scope, out),
            Operand::Field(_, fields) if fields.last().is_some_and(|last| last == "Has") => built_in(&arguments),
            Operand::Field(_, fields) if fields.iter().any(|field| field == "Files") => Datum::UNKNOWN,
            head => self.operand(source, head, scope, out),
        }
    }

    /// `and` and `or` stop at the argument that decides.
    fn first_that_decides(
        &mut self,
        source: &Source<'_>,
        deciding: bool,
        operands: &[Operand],
        scope: &mut Scope,
        out: &mut Output,
    ) -> Datum {
        let mut last = Datum::NULL;
        let mut open = false;
        for operand in operands {
            last = self.operand(source, operand, scope, out);
            match last.truth() {
                Some(truth) if truth == deciding => return if open && deciding { Datum::bool(true) } else { last },
                Some(_) => {}
                None => open = true,
            }
        }
        if open { Datum::UNKNOWN } else { last }
    }

    fn operand(&mut self, source: &Source<'_>, operand: &Operand, scope: &mut Scope, out: &mut Output) -> Datum {
        match operand {
            Operand::Literal(value) => value.clone(),
            Operand::Function(name) => self.function(name, &[], scope, out),
            Operand::Field(base, fields) => {
                let base = match base {
                    Base::Dot => scope.dot.clone(),
                    Base::Variable(name) if name == "$" => scope.root.clone(),
                    Base::Variable(name) => {
                        let found = scope.variables.iter().rev().find(|(known, _)| known == name);
                        found.map_or(Datum::UNKNOWN, |(_, value)| value.clone())
                    }
                    Base::Parenthesis(inner) => self.pipeline(source, inner, scope, out),
                };
                fields.iter().fold(base, |value, field| value.get(field))
            }
        }
    }

    fn function(&mut self, name: &str, arguments: &[Datum], scope: &mut Scope, out: &mut Output) -> Datum {
        match (name, arguments) {
            ("include", [name, argument]) => {
                let mut inner = Output::default();
                let place = self.here;
                self.include(&name.print(), argument.clone(), scope.root.clone(), place, &mut inner);
                if !inner.holes.is_empty() {
                    out.holes.push(out.text.len());
                }
                let from = inner.origins.values().next().map(|(_, value)| value);
                Datum::text(inner.text).or_from(from)
            }
            ("tpl", [text, argument]) => self.template_in_value(text, argument),
            _ => functions::call(name, arguments),
        }
    }

    /// `tpl`: a value that is a template itself.
    fn template_in_value(&mut self, text: &Datum, argument: &Datum) -> Datum {
        let written = text.print();
        if text.is_unknown() || !written.contains("{{") {
            return text.clone();
        }
        if self.depth >= INCLUDES_MAX {
            return Datum::UNKNOWN;
        }
        let Ok(template) = parse(&written) else { return Datum::UNKNOWN };
        let file = text.from.map_or(FileId::of(""), |from| from.file);
        self.depth += 1;
        let mut inner = Output::default();
        let mut scope = Scope { root: argument.clone(), dot: argument.clone(), variables: Vec::new() };
        let source = Source { file, text: &written, template: Template::default() };
        self.run(&source, &template.items, &mut scope, &mut inner);
        self.depth -= 1;
        Datum::text(inner.text).or_from(text.from)
    }
}

/// What clusters bring along; `helm template` answers no for everything else
/// (<https://helm.sh/docs/chart_template_guide/builtin_objects/>).
fn built_in(arguments: &[Datum]) -> Datum {
    const GROUPS: &[&str] = &[
        "v1",
        "apps/",
        "batch/",
        "autoscaling/",
        "policy/",
        "networking.k8s.io/",
        "rbac.authorization.k8s.io/",
        "storage.k8s.io/",
    ];
    // Versions of those groups that clusters no longer serve.
    const GONE: &[&str] =
        &["policy/v1beta1", "batch/v1beta1", "networking.k8s.io/v1beta1", "autoscaling/v2beta1", "autoscaling/v2beta2"];
    let Some(name) = arguments.first().filter(|name| !name.is_unknown()).map(Datum::print) else {
        return Datum::UNKNOWN;
    };
    let gone = GONE.iter().any(|gone| name.starts_with(gone));
    Datum::bool(!gone && GROUPS.iter().any(|group| name.starts_with(group)))
}
