//! Functions of Go templates, Sprig and Helm that compute with nothing but their arguments
//! (<https://helm.sh/docs/chart_template_guide/function_list/>). What another function says is unknown.

use super::datum::{Datum, Kind, quoted};
use super::version;
use crate::tree::parse_yaml;
use std::cmp::Ordering;
use whatif_model::FileId;

/// The value of a call. Short-circuiting functions and those that render are the renderer's.
pub(super) fn call(name: &str, arguments: &[Datum]) -> Datum {
    let from = arguments.iter().rev().find_map(|argument| argument.from);
    let choosing = choose(name, arguments);
    if let Some(found) = choosing {
        return found;
    }
    if arguments.iter().any(Datum::is_unknown) {
        return Datum::UNKNOWN;
    }
    let computed = text(name, arguments)
        .or_else(|| compare(name, arguments))
        .or_else(|| collection(name, arguments))
        .or_else(|| arithmetic(name, arguments));
    computed.unwrap_or(Datum::UNKNOWN).or_from(from)
}

/// Functions that hand one of their arguments on.
fn choose(name: &str, arguments: &[Datum]) -> Option<Datum> {
    let last = arguments.last();
    Some(match (name, arguments) {
        ("default", [otherwise, value]) => match value.truth() {
            None => Datum::UNKNOWN,
            Some(true) => value.clone(),
            Some(false) => otherwise.clone(),
        },
        ("coalesce", _) => {
            let first = arguments.iter().find(|argument| argument.truth() != Some(false));
            first.cloned().unwrap_or(Datum::NULL)
        }
        ("ternary", [yes, no, condition]) => match condition.truth() {
            None => Datum::UNKNOWN,
            Some(true) => yes.clone(),
            Some(false) => no.clone(),
        },
        // A value that must be given is only known when it is.
        ("required", [_, value]) => match value.truth() {
            Some(true) => value.clone(),
            _ => Datum::UNKNOWN,
        },
        ("lookup", _) => Datum::map(Vec::new()),
        ("deepCopy" | "mustDeepCopy", [value]) => value.clone(),
        ("fail", _) => Datum::UNKNOWN,
        ("empty", _) => last?.truth().map_or(Datum::UNKNOWN, |truth| Datum::bool(!truth)),
        ("not", [value]) => value.truth().map_or(Datum::UNKNOWN, |truth| Datum::bool(!truth)),
        _ => return None,
    })
}

fn text(name: &str, arguments: &[Datum]) -> Option<Datum> {
    let words: Vec<String> = arguments.iter().map(Datum::print).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |at: usize| arguments.get(at).and_then(Datum::number).and_then(|n| usize::try_from(n).ok());
    let out = match (name, words.as_slice()) {
        ("quote", _) => {
            let given = arguments.iter().filter(|argument| !argument.is_null());
            given.map(|argument| quoted(&argument.print())).collect::<Vec<_>>().join(" ")
        }
        ("squote", [text]) => format!("'{text}'"),
        ("toYaml" | "mustToYaml" | "toJson", _) => arguments.first()?.to_yaml(),
        ("toString" | "trim", [text]) => {
            if name == "trim" {
                text.trim().to_owned()
            } else {
                (*text).to_owned()
            }
        }
        ("lower", [text]) => text.to_lowercase(),
        ("upper", [text]) => text.to_uppercase(),
        ("title", [text]) => capitalised(text),
        ("nindent", [_, text]) => format!("\n{}", indented(text, number(0)?)),
        ("indent", [_, text]) => indented(text, number(0)?),
        ("trunc", [_, text]) => truncated(text, arguments.first()?.number()?),
        ("trimSuffix", [suffix, text]) => text.strip_suffix(suffix).unwrap_or(text).to_owned(),
        ("trimPrefix", [prefix, text]) => text.strip_prefix(prefix).unwrap_or(text).to_owned(),
        ("trimAll", [cut, text]) => text.trim_matches(|c| cut.contains(c)).to_owned(),
        ("replace", [old, new, text]) => text.replace(old, new),
        ("print", words) => words.concat(),
        ("cat", words) => words.join(" "),
        ("printf", [format, ..]) => printf(format, arguments.get(1..)?),
        ("kebabcase", [text]) => text.replace(['_', ' '], "-").to_lowercase(),
        ("snakecase", [text]) => text.replace(['-', ' '], "_").to_lowercase(),
        ("join", [separator, _]) => {
            let items = arguments.get(1)?.items();
            items.iter().map(Datum::print).collect::<Vec<_>>().join(separator)
        }
        ("kindOf", [_]) => kind_of(arguments.first()?).to_owned(),
        _ => return None,
    };
    Some(Datum::text(out))
}

fn compare(name: &str, arguments: &[Datum]) -> Option<Datum> {
    let words: Vec<String> = arguments.iter().map(Datum::print).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ordering = || match arguments {
        [a, b] => Some(match (a.number(), b.number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.print().cmp(&b.print()),
        }),
        _ => None,
    };
    let truth = match (name, words.as_slice()) {
        ("eq", [first, others @ ..]) => others.iter().any(|other| other == first),
        ("ne", [first, other]) => first != other,
        ("lt", _) => ordering()? == Ordering::Less,
        ("le", _) => ordering()? != Ordering::Greater,
        ("gt", _) => ordering()? == Ordering::Greater,
        ("ge", _) => ordering()? != Ordering::Less,
        ("contains", [part, text]) => text.contains(part),
        ("hasPrefix", [prefix, text]) => text.starts_with(prefix),
        ("hasSuffix", [suffix, text]) => text.ends_with(suffix),
        ("hasKey", [_, key]) => arguments.first()?.entries().iter().any(|(name, _)| name == key),
        ("has", [_, _]) => arguments.get(1)?.items().contains(arguments.first()?),
        ("kindIs", [kind, _]) => kind_of(arguments.get(1)?) == *kind,
        ("typeIs", [kind, _]) => kind_of(arguments.get(1)?) == *kind,
        ("semverCompare", [constraint, version]) => version::satisfies(version, constraint)?,
        _ => return None,
    };
    Some(Datum::bool(truth))
}

fn collection(name: &str, arguments: &[Datum]) -> Option<Datum> {
    let first = arguments.first();
    Some(match name {
        "list" | "tuple" => Datum::list(arguments.to_vec()),
        "dict" => {
            let pairs = arguments.chunks_exact(2);
            Datum::map(pairs.map(|pair| (pair[0].print(), pair[1].clone())).collect())
        }
        "index" | "get" => arguments.get(1..)?.iter().try_fold(first?.clone(), |value, key| match &value.kind {
            Kind::List(items) => items.get(usize::try_from(key.number()?).ok()?).cloned(),
            _ => Some(value.get(&key.print())),
        })?,
        "dig" => dig(arguments)?,
        "set" => first?.with(&arguments.get(1)?.print(), arguments.get(2)?.clone()),
        "merge" | "mustMerge" => arguments.iter().rev().cloned().reduce(|under, over| under.merged(&over))?,
        "mergeOverwrite" | "mustMergeOverwrite" => {
            arguments.iter().cloned().reduce(|under, over| under.merged(&over))?
        }
        "omit" | "pick" | "unset" => {
            let named = |key: &str| arguments.iter().skip(1).any(|argument| argument.print() == key);
            let kept = first?.entries().iter().filter(|(key, _)| named(key) == (name == "pick"));
            Datum::map(kept.cloned().collect())
        }
        "fromYaml" | "mustFromYaml" | "fromJson" | "mustFromJson" => {
            let text = first?.print();
            let documents = parse_yaml(&text);
            let root = documents.documents.first().map(|document| Datum::of_node(&document.root, FileId::of("")));
            root.map_or(Datum::map(Vec::new()), Datum::placeless)
        }
        "keys" => {
            let keys = arguments.iter().flat_map(Datum::entries).map(|(key, _)| Datum::text(key.as_str()));
            Datum::list(keys.collect())
        }
        "values" => Datum::list(first?.entries().iter().map(|(_, value)| value.clone()).collect()),
        _ => return sequence(name, arguments),
    })
}

fn sequence(name: &str, arguments: &[Datum]) -> Option<Datum> {
    let first = arguments.first();
    Some(match name {
        "concat" => Datum::list(arguments.iter().flat_map(Datum::items).cloned().collect()),
        "append" | "prepend" => {
            let mut items = first?.items().to_vec();
            items.insert(if name == "append" { items.len() } else { 0 }, arguments.get(1)?.clone());
            Datum::list(items)
        }
        "compact" => Datum::list(first?.items().iter().filter(|item| item.truth() != Some(false)).cloned().collect()),
        "uniq" | "mustUniq" => {
            let mut items: Vec<Datum> = Vec::new();
            first?.items().iter().for_each(|item| {
                if !items.contains(item) {
                    items.push(item.clone())
                }
            });
            Datum::list(items)
        }
        "sortAlpha" => {
            let mut words: Vec<String> = first?.items().iter().map(Datum::print).collect();
            words.sort();
            Datum::list(words.into_iter().map(Datum::text).collect())
        }
        "first" => first?.items().first().cloned().unwrap_or(Datum::NULL),
        "last" => first?.items().last().cloned().unwrap_or(Datum::NULL),
        "rest" => Datum::list(first?.items().iter().skip(1).cloned().collect()),
        "splitList" => {
            let text = arguments.get(1)?.print();
            Datum::list(text.split(first?.print().as_str()).map(Datum::text).collect())
        }
        "split" => {
            let text = arguments.get(1)?.print();
            let separator = first?.print();
            let parts = text.split(separator.as_str()).enumerate();
            Datum::map(parts.map(|(at, part)| (format!("_{at}"), Datum::text(part))).collect())
        }
        "until" => {
            let count = first?.number()?.clamp(0, COUNT_MAX);
            Datum::list((0..count).map(|n| Kind::Number(n.to_string()).into()).collect())
        }
        _ => return None,
    })
}

/// Most numbers that are counted up to.
const COUNT_MAX: i64 = 1_000;

/// `dig "a" "b" otherwise map`.
fn dig(arguments: &[Datum]) -> Option<Datum> {
    let (map, rest) = arguments.split_last()?;
    let (otherwise, keys) = rest.split_last()?;
    let found = keys.iter().fold(map.clone(), |value, key| value.get(&key.print()));
    Some(if found.is_null() { otherwise.clone() } else { found })
}

fn arithmetic(name: &str, arguments: &[Datum]) -> Option<Datum> {
    if name == "len" {
        let first = arguments.first()?;
        let count = match &first.kind {
            Kind::Text(text) => text.len(),
            _ => first.items().len() + first.entries().len(),
        };
        return Some(Kind::Number(count.to_string()).into());
    }
    let numbers: Option<Vec<i64>> = arguments.iter().map(Datum::number).collect();
    let result = match (name, numbers?.as_slice()) {
        ("int" | "int64" | "atoi" | "float64" | "toDecimal", [n]) => *n,
        ("add", numbers) => numbers.iter().try_fold(0i64, |sum, n| sum.checked_add(*n))?,
        ("add1", [n]) => n.checked_add(1)?,
        ("sub", [a, b]) => a.checked_sub(*b)?,
        ("mul", numbers) => numbers.iter().try_fold(1i64, |product, n| product.checked_mul(*n))?,
        ("div", [a, b]) => a.checked_div(*b)?,
        ("mod", [a, b]) => a.checked_rem(*b)?,
        ("max", numbers) => *numbers.iter().max()?,
        ("min", numbers) => *numbers.iter().min()?,
        _ => return None,
    };
    Some(Kind::Number(result.to_string()).into())
}

/// `%s`, `%d`, `%v`, `%q`, `%t` and `%%`; anything fancier prints its argument as it is.
fn printf(format: &str, arguments: &[Datum]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let verb = chars.find(|c| c.is_alphabetic() || *c == '%');
        match verb {
            Some('%') => out.push('%'),
            Some('q') => out.push_str(&arguments.next().map(|it| quoted(&it.print())).unwrap_or_default()),
            _ => out.push_str(&arguments.next().map(Datum::print).unwrap_or_default()),
        }
    }
    out
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by.min(200));
    text.split('\n').map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

/// The first characters, or, with a negative count, the last.
fn truncated(text: &str, count: i64) -> String {
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let total = text.chars().count();
    if count < 0 {
        text.chars().skip(total.saturating_sub(length)).collect()
    } else {
        text.chars().take(length).collect()
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn kind_of(value: &Datum) -> &'static str {
    match &value.kind {
        Kind::Unknown | Kind::Null => "invalid",
        Kind::Bool(_) => "bool",
        Kind::Number(text) if text.contains(['.', 'e']) => "float64",
        Kind::Number(_) => "float64",
        Kind::Text(_) => "string",
        Kind::List(_) => "slice",
        Kind::Map(_) => "map",
    }
}
