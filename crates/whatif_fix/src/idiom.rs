//! Telling a call or a literal something more, in the words its library has for it.

use crate::fix::Edit;
use crate::imports;
use crate::source::{Source, call_of};
use whatif_code::ir::{Call, Expr, ExprKind};
use whatif_code::knowledge::{Form, Knowledge, Library, Place};
use whatif_model::facts::code::Language;

/// What a library is told.
#[derive(Clone, Copy)]
pub(crate) enum Saying {
    /// How long to wait at most, in milliseconds.
    TimeLimit(u64),
    /// To randomise its pauses.
    Jitter,
}

impl Saying {
    /// What the tables call it.
    fn property(self) -> &'static str {
        match self {
            Self::TimeLimit(_) => "timeout",
            Self::Jitter => "jitter",
        }
    }

    /// Its value as the language writes it.
    fn value(self, language: Language) -> Option<String> {
        let Self::TimeLimit(ms) = self else {
            return Some(if language == Language::Python { "True" } else { "true" }.to_owned());
        };
        let whole = ms.is_multiple_of(1_000);
        match language {
            Language::Python if whole => Some(format!("{}", ms / 1_000)),
            Language::Python => Some(format!("{}.{:03}", ms / 1_000, ms % 1_000).trim_end_matches('0').to_owned()),
            Language::Go if whole => Some(format!("{} * time.Second", ms / 1_000)),
            Language::Go => Some(format!("{ms} * time.Millisecond")),
            Language::JavaScript => Some(ms.to_string()),
            Language::CSharp => Some(format!("TimeSpan.FromMilliseconds({ms})")),
            _ => None,
        }
    }

    /// What a file must import to write the value.
    fn import(self, language: Language) -> Option<&'static str> {
        (language == Language::Go && matches!(self, Self::TimeLimit(_))).then_some("time")
    }
}

/// The edits that tell the library of `expr` something; none where its tables do not say how, or it is told already.
/// `library` is the name by which output knows it, for calls whose receiver the file's imports do not explain.
pub(crate) fn tell(source: Source<'_>, expr: &Expr, library: Option<&str>, saying: Saying) -> Option<Vec<Edit>> {
    let edit = match &expr.kind {
        ExprKind::Composite { .. } => in_literal(source, expr, library, saying),
        _ => in_call(source, expr, call_of(expr)?, library, saying),
    }?;
    let import = saying.import(source.module.language).map(|path| imports::import(source, path));
    match import {
        Some(import) => Some(import?.into_iter().chain([edit]).collect()),
        None => Some(vec![edit]),
    }
}

fn in_call(source: Source<'_>, expr: &Expr, call: &Call, library: Option<&str>, saying: Saying) -> Option<Edit> {
    let forms = forms(source, call, library);
    if let Some(spec) = forms.iter().find_map(|(_, form)| form.args.get(saying.property())) {
        let keyword = spec.keywords.iter().find(|keyword| !keyword.contains('.'));
        if let (Some(keyword), Some(spaces)) = (keyword, keyword_style(source.module.language)) {
            let value = saying.value(source.module.language)?;
            return append(source, expr, call, keyword, &format!("{keyword}{spaces}={spaces}{value}"));
        }
        let member = spec.members.iter().min_by_key(|member| member.path.len())?;
        let Place::First(place) = member.place else { return None };
        return in_member(source, expr, call, place, &member.path, saying);
    }
    forms.iter().find_map(|(library, _)| through_literal(source, call, library, saying))
}

/// How a language writes keyword arguments, if it has them: what stands on both sides of `=`.
fn keyword_style(language: Language) -> Option<&'static str> {
    match language {
        Language::Python => Some(""),
        Language::Java => Some(" "),
        _ => None,
    }
}

/// What the tables say about a call: by the imports of its file, else by its last name in the library named.
fn forms(source: Source<'_>, call: &Call, library: Option<&str>) -> Vec<(&'static Library, &'static Form)> {
    let knowledge = Knowledge::built_in();
    let language = source.module.language;
    let named = source.symbol(&call.callee).and_then(|symbol| knowledge.form(language, &symbol));
    if let Some(found) = named {
        return vec![(found.library, found.form)];
    }
    let last = match &call.callee.kind {
        ExprKind::Field(_, name) | ExprKind::Name(name) => name.as_str(),
        _ => return Vec::new(),
    };
    let libraries = knowledge.libraries(language).iter().filter(|own| library == Some(own.name.as_str()));
    let fits = |form: &&Form| {
        form.call.iter().filter_map(|call| call.rsplit_once('.')).any(|(_, name)| name == last || name == "*")
    };
    libraries.flat_map(|library| library.form.iter().filter(fits).map(move |form| (library, form))).collect()
}

/// `f(a)` becomes `f(a, keyword=value)`.
fn append(source: Source<'_>, expr: &Expr, call: &Call, keyword: &str, text: &str) -> Option<Edit> {
    if call.args.iter().any(|arg| arg.name == keyword || arg.spread) {
        return None;
    }
    let (at, separator) = after_arguments(source, expr, call)?;
    Some(Edit::insert(source.file.id, at, format!("{separator}{text}")))
}

/// Where one more argument goes, and what separates it from those before: a line of its own where they have one.
fn after_arguments(source: Source<'_>, expr: &Expr, call: &Call) -> Option<(u32, String)> {
    let Some(last) = call.args.last() else {
        return source.text(expr.range).ends_with("()").then(|| (expr.range.end - 1, String::new()));
    };
    let (start, end) = (last.value.range.end, expr.range.end);
    let rest = source.text(whatif_model::Range { start, end });
    // Parentheses around the last argument, or a comment behind it, would swallow what is put in.
    let trailing = rest.trim_start().strip_prefix(',').filter(|rest| rest.trim() == ")");
    match trailing {
        Some(rest) if rest.contains('\n') => Some((start, format!(",\n{}", source.indent(start)))),
        _ => (trailing.is_some() || rest.trim() == ")").then(|| (start, ", ".to_owned())),
    }
}

/// `f(url, { a: b })` becomes `f(url, { key: value, a: b })`.
fn in_member(
    source: Source<'_>,
    expr: &Expr,
    call: &Call,
    place: usize,
    path: &[String],
    saying: Saying,
) -> Option<Edit> {
    let value = saying.value(source.module.language)?;
    let text = match path {
        [key] => format!("{key}: {value}"),
        [signal, timeout] if signal == "signal" && timeout == "timeout" => {
            format!("signal: AbortSignal.timeout({value})")
        }
        _ => return None,
    };
    match call.args.get(place) {
        Some(options) => match &options.value.kind {
            ExprKind::Composite { ty, entries } if ty.is_empty() && !names(entries, &path[0]) => {
                open(source, &options.value, &text)
            }
            _ => None,
        },
        None if call.args.len() == place && call.args.iter().all(|arg| !arg.spread) => {
            let (at, separator) = after_arguments(source, expr, call)?;
            Some(Edit::insert(source.file.id, at, format!("{separator}{{ {text} }}")))
        }
        None => None,
    }
}

/// `T{a: b}` becomes `T{Key: value, a: b}`, when the tables know the field of the type.
fn in_literal(source: Source<'_>, expr: &Expr, library: Option<&str>, saying: Saying) -> Option<Edit> {
    let ExprKind::Composite { ty, entries } = &expr.kind else { return None };
    let last = ty.rsplit('.').next()?;
    let libraries = Knowledge::built_in().libraries(source.module.language).iter();
    let named = libraries.filter(|own| library.is_none_or(|library| library == own.name));
    let mut types = named.flat_map(|library| &library.types).filter(|form| form.name == last);
    let (field, _) = types.find_map(|form| form.fields.iter().find(|(_, property)| **property == saying.property()))?;
    let positional = entries.iter().any(|(key, _)| key.is_none());
    if positional || names(entries, field) {
        return None;
    }
    let value = saying.value(source.module.language)?;
    let text = if source.module.language == Language::CSharp {
        format!("{field} = {value}")
    } else {
        format!("{field}: {value}")
    };
    open(source, expr, &text)
}

fn names(entries: &[(Option<Expr>, Expr)], name: &str) -> bool {
    let is = |key: &Expr| matches!(&key.kind, ExprKind::Name(found) | ExprKind::Str(found) if found == name);
    entries.iter().any(|(key, _)| key.as_ref().is_some_and(is))
}

/// Puts an entry first into the braces of a literal, in the literal's own layout.
fn open(source: Source<'_>, literal: &Expr, entry: &str) -> Option<Edit> {
    let text = source.text(literal.range);
    let brace = text.find('{')?;
    let inside = &text[brace + 1..];
    let gap = &inside[..inside.len() - inside.trim_start().len()];
    let is_go = source.module.language == Language::Go;
    let written = match inside.trim() {
        "}" if is_go => entry.to_owned(),
        "}" => format!(" {entry} "),
        _ => format!("{gap}{entry},{}", if gap.is_empty() { " " } else { "" }),
    };
    let (start, end) = (brace + 1, if inside.trim() == "}" { brace + 1 + gap.len() } else { brace + 1 });
    let base = literal.range.start as usize;
    Some(Edit::replace(source.file.id, (base + start..base + end).into(), written))
}

/// `http.Get(url)` becomes `(&http.Client{Timeout: limit}).Get(url)`: what a package does for everybody, done by an
/// own object of the type that takes the setting.
fn through_literal(source: Source<'_>, call: &Call, library: &'static Library, saying: Saying) -> Option<Edit> {
    let ExprKind::Field(base, name) = &call.callee.kind else { return None };
    if source.module.language != Language::Go {
        return None;
    }
    let package = base.dotted()?.split('.').next()?.to_owned();
    source.module.imports.iter().find(|import| import.name == package && import.path == library.prefix)?;
    let settable = |ty: &str| {
        let form = library.types.iter().find(|form| form.name == ty)?;
        form.fields.iter().find(|(_, property)| **property == saying.property()).map(|(field, _)| field)
    };
    let methods = library.form.iter().flat_map(|form| &form.call).filter_map(|call| call.split_once('.'));
    let (ty, field) =
        methods.filter(|(_, method)| method == name).find_map(|(ty, _)| settable(ty).map(|field| (ty, field)))?;
    let value = saying.value(source.module.language)?;
    Some(Edit::replace(source.file.id, base.range, format!("(&{package}.{ty}{{{field}: {value}}})")))
}
