//! What a program counts, times and logs: questions about its text that need no interpretation.

use super::leaks;
use super::stale;
use super::syntax::{each_expr, each_inner};
use super::unguarded;
use super::units::Unit;
use crate::ir::{Arg, Call, Expr, ExprKind, Function, Module, Stmt};
use crate::knowledge::{Knowledge, Signal, Words};
use crate::language::dialect;
use whatif_model::facts::package::Package;
use whatif_model::facts::telemetry::Telemetry;
use whatif_model::{Evidence, Fact, FileId, Range, Span, Stage};

/// Places kept of each kind: a reader looks at a few of them.
const PLACES_MAX: usize = 8;

/// Names, in lower case and without separators, of what tells one request's lines from another's
/// (<https://www.w3.org/TR/trace-context/>, and the headers gateways set).
const CORRELATIONS: [&str; 6] = ["requestid", "correlationid", "traceid", "traceparent", "reqid", "b3"];

/// Name parts of functions that set telemetry up.
const INSTALLERS: [&str; 4] = ["metric", "stats", "trac", "telemetry"];

/// What the name or description of a distribution of times says.
const TIME_WORDS: [&str; 7] = ["second", "duration", "latency", "time", "_ms", "millis", "elapsed"];

/// What such names begin with.
const OPENINGS: [&str; 9] =
    ["init", "setup", "set_up", "install", "register", "start", "configure", "enable", "create"];

/// Methods that give a metric the values of its labels.
const LABELLING: [&str; 6] = ["labels", "withlabelvalues", "with", "inc", "observe", "add"];

/// Members of a request that hold the path as the client wrote it.
const RAW_PATHS: [&str; 6] =
    ["originalUrl", "URL.Path", "RequestURI", "request.path", "request.full_path", "request.url.path"];

/// What the modules of a unit show, as far as their text says. Nothing is `Absent` yet.
pub(super) fn scan<'p>(
    unit: &Unit<'_>,
    packages: impl Iterator<Item = &'p Package>,
    knowledge: &Knowledge,
) -> Telemetry {
    let mut found = Telemetry::default();
    let signals = knowledge.signals(unit.language);
    for (module, _) in &unit.modules {
        if !module.is_generated && !module.is_test {
            let scan = Scan { module, file: FileId::of(&module.path), words: knowledge.words(unit.language) };
            scan.module(signals, &mut found);
        }
    }
    found.stubs = stubs(unit);
    if unit.modules.iter().any(|(module, _)| unguarded::goes_on(module)) {
        found.unguarded.clear();
    }
    let manners = dialect(unit.language).manners();
    // Elsewhere a library may be loaded by how the program is started, or by another one.
    if !manners.starts_in_main || manners.injects {
        by_dependency(packages, signals, &mut found);
    }
    found
}

/// Says of what was not found that it is not there: the whole program was read. What an agent measures and
/// adds to log lines is not in the text.
pub(super) fn settle(found: &mut Telemetry, at: Span, by_agent: bool) {
    let absent = |label: &str| Fact::absent(Evidence::stated(Stage::Code, at, label));
    if found.latency.is_unknown() && (!by_agent || !found.counters.is_empty()) {
        found.latency = match found.counters.first() {
            Some(counter) => Fact::absent(Evidence::stated(Stage::Code, *counter, "counts, and times nothing")),
            None => absent("times no request"),
        };
    }
    if by_agent {
        return;
    }
    if found.metrics.is_unknown() {
        found.metrics = absent("exports no metrics");
    }
    if found.correlation.is_unknown() {
        found.correlation = absent("names no id of a request");
    }
}

/// Libraries that show something without being named in the code.
fn by_dependency<'p>(packages: impl Iterator<Item = &'p Package>, signals: &[Signal], found: &mut Telemetry) {
    for dependency in packages.flat_map(|package| &package.dependencies).filter(|dependency| !dependency.test) {
        let Some(signal) = signals.iter().find(|signal| signal.is_of(&dependency.package)) else { continue };
        let evidence = Evidence::derived(Stage::Code, dependency.span, format!("depends on {}", signal.package));
        note(signal, &evidence, found);
    }
}

/// What comes with a library that is there.
fn note(signal: &Signal, evidence: &Evidence, found: &mut Telemetry) {
    let known = || Fact::known(signal.package.clone(), evidence.clone());
    if signal.exports && found.metrics.is_unknown() {
        found.metrics = known();
    }
    if signal.automatic && found.latency.is_unknown() {
        found.latency = known();
    }
    if signal.correlates && found.correlation.is_unknown() {
        found.correlation = known();
    }
}

/// One module under inspection.
struct Scan<'a> {
    module: &'a Module,
    file: FileId,
    words: &'a Words,
}

impl<'a> Scan<'a> {
    fn module(&self, signals: &[Signal], found: &mut Telemetry) {
        let mut used: Vec<&Signal> = Vec::new();
        for import in &self.module.imports {
            if let Some(signal) = signals.iter().find(|signal| signal.is_of(&import.path)) {
                let evidence = Evidence::stated(Stage::Code, self.at(import.range), format!("uses {}", signal.package));
                note(signal, &evidence, found);
                used.push(signal);
            }
        }
        self.block(&self.module.top, None, &used, found);
        for ty in &self.module.types {
            self.block(&ty.body, None, &used, found);
        }
        for function in &self.module.functions {
            self.block(&function.body, Some(function), &used, found);
        }
        if dialect(self.module.language).manners().callbacks {
            unguarded::parses(self.module, self.file, &mut found.unguarded);
        }
        stale::flags(self.module, self.file, &mut found.stale_flags);
    }

    fn block(&self, body: &'a [Stmt], function: Option<&'a Function>, used: &[&Signal], found: &mut Telemetry) {
        let mut logged = false;
        let inner = inner_functions(body, function);
        each_expr(body, &mut |expr| {
            self.correlation(expr, found);
            let ExprKind::Call(call) = &expr.kind else { return };
            let Some(name) = last_name(&call.callee) else { return };
            self.measuring(call, name, expr.range, used, found);
            if self.is_log(call, name) {
                leaks::of_log_line(&call.args, body, function, self.file, expr.range, &mut found.leaks);
                let at_work = inner.as_ref().is_none_or(|inner| inner.iter().any(|it| it.contains(expr.range)));
                if at_work && !logged && found.logs.len() < PLACES_MAX {
                    found.logs.push(self.at(expr.range));
                }
                logged |= at_work;
            }
        });
    }

    fn measuring(&self, call: &Call, name: &str, range: Range, used: &[&Signal], found: &mut Telemetry) {
        for signal in used {
            let times = signal.times.iter().any(|times| times == name);
            if times && found.latency.is_unknown() && may_be_of_time(&call.args) {
                let evidence = Evidence::stated(Stage::Code, self.at(range), format!("times with {}", signal.package));
                found.latency = Fact::known(signal.package.clone(), evidence);
            }
            let counts = times && !may_be_of_time(&call.args) || signal.counts.iter().any(|counts| counts == name);
            if counts && found.counters.len() < PLACES_MAX {
                found.counters.push(self.at(range));
            }
        }
        // A recording in a module that imports no metrics library may be of a metric declared elsewhere.
        if LABELLING.contains(&plain(name).as_str())
            && let Some(raw) = raw_path(&call.args)
            && found.raw_labels.len() < PLACES_MAX
            && is_metric(&call.callee)
        {
            found.raw_labels.push((raw, self.at(range)));
        }
    }

    fn correlation(&self, expr: &Expr, found: &mut Telemetry) {
        if !found.correlation.is_unknown() {
            return;
        }
        let text = match &expr.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => name,
            ExprKind::Str(text) if text.len() < 64 && !text.contains(' ') => text,
            _ => return,
        };
        let name = plain(text);
        if CORRELATIONS.iter().any(|word| if word.len() > 2 { name.contains(word) } else { name == *word }) {
            let evidence = Evidence::stated(Stage::Code, self.at(expr.range), "names an id of the request");
            found.correlation = Fact::known(text.clone(), evidence);
        }
    }

    fn is_log(&self, call: &Call, name: &str) -> bool {
        let ExprKind::Field(base, _) = &call.callee.kind else { return false };
        let is_method = self.words.log_methods.iter().chain(&self.words.fatal_methods).any(|method| method == name);
        let base = match &base.kind {
            ExprKind::Call(inner) => last_name(&inner.callee),
            _ => last_name(base),
        };
        is_method && base.is_some_and(|base| self.words.loggers.iter().any(|logger| logger == base))
    }

    fn at(&self, range: Range) -> Span {
        range.in_file(self.file)
    }
}

/// Where the functions inside a body are that only runs when the program starts; what it logs itself is of no request.
fn inner_functions(body: &[Stmt], function: Option<&Function>) -> Option<Vec<Range>> {
    if function.is_some_and(|function| !matches!(function.name.as_str(), "main" | "init" | "Main")) {
        return None;
    }
    let mut inner = Vec::new();
    each_expr(body, &mut |expr| {
        if let ExprKind::Lambda(function) = &expr.kind {
            inner.push(function.range);
        }
    });
    Some(inner)
}

/// Functions whose names say that they set telemetry up, and that are empty.
fn stubs(unit: &Unit<'_>) -> Vec<(String, Span)> {
    let own = unit.modules.iter().map(|(module, _)| *module);
    let own = own.filter(|module| !module.is_generated && !module.is_test);
    let empty = own.flat_map(|module| {
        let empty = module.functions.iter().filter(|function| function.body.is_empty() && !function.is_abstract);
        empty.map(|function| (function, FileId::of(&module.path)))
    });
    let named = empty.filter(|(function, _)| {
        let name = function.name.to_lowercase();
        INSTALLERS.iter().any(|part| name.contains(part)) && OPENINGS.iter().any(|opening| name.starts_with(opening))
    });
    named.map(|(function, file)| (function.name.clone(), function.name_range.in_file(file))).collect()
}

/// Whether a distribution is one of times, by its name and description; one that says nothing may be.
fn may_be_of_time(args: &[Arg]) -> bool {
    let (mut said, mut time) = (false, false);
    for arg in args {
        each_inner(&arg.value, &mut |expr| {
            if let ExprKind::Str(text) = &expr.kind {
                said = true;
                let text = text.to_lowercase();
                time |= TIME_WORDS.iter().any(|word| text.contains(word));
            }
        });
    }
    time || !said
}

/// The last name of what is called, or of what it is called on.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Field(_, name) => Some(name),
        _ => None,
    }
}

/// In lower case, letters and digits only.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The path of a request as it came, among the values of some labels.
fn raw_path(args: &[Arg]) -> Option<String> {
    let mut found = None;
    for arg in args {
        each_inner(&arg.value, &mut |expr| {
            if let Some(dotted) = expr.dotted()
                && (RAW_PATHS.iter().any(|raw| dotted.ends_with(raw)) || dotted == "req.path" || dotted == "req.url")
            {
                found.get_or_insert(dotted);
            }
        });
    }
    found
}

/// Whether a recording is one of a metric by what it is called on.
fn is_metric(callee: &Expr) -> bool {
    let mut names = String::new();
    each_inner(callee, &mut |expr| {
        if let ExprKind::Name(name) | ExprKind::Field(_, name) = &expr.kind {
            names.push_str(&name.to_lowercase());
            names.push(' ');
        }
    });
    ["counter", "histogram", "gauge", "summary", "metric", "duration", "latency", "_total", "requests"]
        .iter()
        .any(|word| names.contains(word))
}
