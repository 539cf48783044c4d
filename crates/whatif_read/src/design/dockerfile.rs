//! Dockerfiles (<https://docs.docker.com/reference/dockerfile/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | the folder | a unit of kind image, named after its folder, built from it |
//! | `ENV`, `ARG` defaults used by it | environment of the last stage |
//! | `EXPOSE` | ports |
//! | `ENTRYPOINT`, `CMD` | command |
//! | `HEALTHCHECK` | readiness |
//! | `FROM` of the last stage | image |

use super::Reading;
use super::reading::duration_ms;
use crate::tree::{Dialect, interpolate, parse_json};
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{DeployUnit, EnvValue, EnvVar, Probe, UnitKind};
use whatif_model::{Range, Value};

pub(crate) const ID: &str = "dockerfile";

/// One instruction, continuation lines joined.
struct Instruction {
    keyword: String,
    arguments: String,
    range: Range,
}

pub(crate) fn read(cx: &mut Reading<'_>) {
    let instructions = instructions(cx.text);
    let Some(last_stage) = instructions.iter().rposition(|it| it.keyword == "FROM") else {
        cx.ignore(Range::new(0, cx.text.len().min(1)), "a Dockerfile without FROM");
        return;
    };
    let mut unit = unit(cx, &instructions[last_stage]);
    for instruction in &instructions[last_stage + 1..] {
        let arguments = instruction.arguments.trim();
        match instruction.keyword.as_str() {
            "ENV" => unit.env.extend(read_env(cx, instruction)),
            "EXPOSE" => unit.ports.extend(arguments.split_whitespace().filter_map(port)),
            "ENTRYPOINT" | "CMD" => read_command(&mut unit, instruction),
            "HEALTHCHECK" => unit.readiness = read_healthcheck(cx, instruction),
            "STOPSIGNAL" | "VOLUME" | "ONBUILD" | "USER" | "SHELL" | "ARG" | "LABEL" | "WORKDIR" | "COPY" | "ADD"
            | "RUN" | "MAINTAINER" => {
                cx.ignore(instruction.range, format!("`{}` of a Dockerfile is not read", instruction.keyword));
            }
            other => cx.ignore(instruction.range, format!("`{other}` is no instruction of a Dockerfile")),
        }
    }
    cx.facts.units.push(unit);
}

fn unit(cx: &Reading<'_>, from: &Instruction) -> DeployUnit {
    let folder = cx.folder();
    let image = from.arguments.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or("");
    DeployUnit {
        image: Some(value(image)),
        build_context: Some(folder.to_owned()),
        ..DeployUnit::new(folder.rsplit('/').next().unwrap_or(folder), UnitKind::Image, cx.span(from.range))
    }
}

fn value(text: &str) -> Value {
    interpolate(text, Dialect::Compose)
}

fn port(word: &str) -> Option<u16> {
    word.split('/').next().unwrap_or("").split('-').next().unwrap_or("").parse().ok()
}

/// `A=b C="d e"`, or the old `A b c`.
fn read_env(cx: &Reading<'_>, instruction: &Instruction) -> Vec<EnvVar> {
    let arguments = instruction.arguments.trim();
    let variable = |name: &str, text: &str| EnvVar {
        name: name.to_owned(),
        value: EnvValue::Literal(value(text)),
        span: cx.span(instruction.range),
    };
    let words = words(arguments);
    if words.first().is_some_and(|word| !word.contains('=')) {
        return arguments
            .split_once(char::is_whitespace)
            .map(|(name, rest)| variable(name, rest.trim()))
            .into_iter()
            .collect();
    }
    words.iter().filter_map(|word| word.split_once('=')).map(|(name, text)| variable(name, text)).collect()
}

/// Splits at white space outside quotes, and drops the quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), close) if open == close => quote = None,
            (None, space) if space.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The entry point stands before the arguments that `CMD` gives it; a later instruction of a kind replaces the earlier.
fn read_command(unit: &mut DeployUnit, instruction: &Instruction) {
    let arguments = instruction.arguments.trim();
    let list = parse_json(arguments);
    let words: Vec<Value> = match list.documents.first() {
        Some(document) if document.root.is_seq() => {
            document.root.items().iter().filter_map(|item| item.text()).map(Value::text).collect()
        }
        _ => words(arguments).iter().map(|word| value(word)).collect(),
    };
    if instruction.keyword == "ENTRYPOINT" {
        unit.command = words;
    } else {
        unit.command.extend(words);
    }
}

fn read_healthcheck(cx: &Reading<'_>, instruction: &Instruction) -> Fact<Probe> {
    let option = |name: &str| {
        let mut words = instruction.arguments.split_whitespace();
        words.find_map(|word| word.strip_prefix(name)).and_then(duration_ms).map(|ms| ms.div_ceil(1_000))
    };
    let what: Vec<&str> = instruction.arguments.split_whitespace().filter(|word| !word.starts_with("--")).collect();
    if what.first() == Some(&"NONE") {
        return Fact::absent(cx.stated(instruction.range, "healthcheck disabled"));
    }
    // Thirty seconds are Docker's own defaults for both.
    let probe = Probe {
        what: what.get(1..).unwrap_or_default().join(" "),
        timeout_seconds: option("--timeout=").or(Some(30)),
        period_seconds: option("--interval=").or(Some(30)),
    };
    Fact::known(probe, cx.stated(instruction.range, "healthcheck"))
}

/// Instructions with their continuation lines; comments between the lines belong to none.
fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let (mut at, mut open) = (0, false);
    let mut heredoc: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_start_matches('\u{feff}').trim();
        if let Some(end) = &heredoc {
            if content == end {
                heredoc = None;
            }
            continue;
        }
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let continues = content.ends_with('\\');
        let body = content.trim_end_matches('\\').trim_end();
        let begin = start + line.find(content).unwrap_or(0);
        match found.last_mut().filter(|_| open) {
            Some(last) => {
                last.arguments.push(' ');
                last.arguments.push_str(body);
                last.range.end = Range::new(0, begin + content.len()).end;
            }
            None => {
                let (keyword, arguments) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
                heredoc = heredoc_end(arguments);
                found.push(Instruction {
                    keyword: keyword.to_ascii_uppercase(),
                    arguments: arguments.to_owned(),
                    range: Range::new(begin, begin + content.len()),
                });
            }
        }
        open = continues;
    }
    found
}

/// The word that ends a here-document, `RUN <<EOF`.
fn heredoc_end(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once("<<")?;
    let word: String = rest.trim_start_matches('-').chars().take_while(|c| !c.is_whitespace()).collect();
    let word = word.trim_matches(['"', '\'']).to_owned();
    (!word.is_empty() && word.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_becomes_the_unit() {
        let text = "FROM golang AS build\nENV A=no\nRUN go build\n\nfrom --platform=linux/amd64 alpine:3\nENV B=1 \\\n  # note\n  C=\"d e\"\nENV OLD some text\nEXPOSE 8080/tcp 9090\nHEALTHCHECK --interval=10s --timeout=3s CMD wget -q localhost\nENTRYPOINT [\"/server\"]\nCMD [\"-v\"]\n";
        let mut cx = Reading::new("services/orders/Dockerfile", text);
        read(&mut cx);
        let unit = &cx.facts.units[0];
        assert_eq!((unit.name.as_str(), unit.build_context.as_deref()), ("orders", Some("services/orders")));
        let names: Vec<_> = unit.env.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["B", "C", "OLD"]);
        assert_eq!(unit.ports, [8080, 9090]);
        let command: Vec<_> = unit.command.iter().map(Value::display).collect();
        assert_eq!(command, ["/server", "-v"]);
        let probe = unit.readiness.value().unwrap();
        assert_eq!(
            (probe.what.as_str(), probe.timeout_seconds, probe.period_seconds),
            ("wget -q localhost", Some(3), Some(10))
        );
        assert_eq!(unit.image.as_ref().unwrap().display(), "alpine:3");
    }

    #[test]
    fn here_documents_and_nonsense_do_not_confuse() {
        let mut cx = Reading::new("Dockerfile", "FROM a\nRUN <<EOF\nENV X=1\nEOF\nBOGUS x\nEXPOSE $PORT\n");
        read(&mut cx);
        assert!(cx.facts.units[0].env.is_empty() && cx.facts.units[0].ports.is_empty());
        assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("BOGUS")));
    }
}
