//! Small programs and what they do.

mod csharp;
mod csharp_frameworks;
mod errors;
mod go;
mod java;
mod javascript;
mod python;
mod rust;
mod units;

use super::{Manifest, lower, print};
use crate::knowledge::Knowledge;
use whatif_model::Span;

/// The dump of the units of some files; `go.mod` and the like are manifests.
fn dump(files: &[(&str, &str)]) -> String {
    let (mut modules, mut manifests) = (Vec::new(), Vec::new());
    for (path, text) in files {
        if path.ends_with(".cs") || path.ends_with(".razor") {
            modules.push(crate::csharp::read(path, text));
        } else if path.ends_with(".go") {
            modules.push(crate::go::read(path, text));
        } else if path.ends_with(".ts") || path.ends_with(".js") {
            modules.push(crate::javascript::read(path, text));
        } else if path.ends_with(".java") {
            modules.push(crate::java::read(path, text));
        } else if path.ends_with(".py") {
            modules.push(crate::python::read(path, text));
        } else if path.ends_with(".rs") {
            modules.push(crate::rust::read(path, text));
        } else {
            manifests.push(Manifest { path: (*path).to_owned(), text: (*text).to_owned() });
        }
    }
    let units = lower(&modules, &manifests, Knowledge::built_in());
    units.iter().map(|unit| print(unit, &|_: Span| String::new())).collect()
}

/// The entry points of one Go file in package `main`, below `imports`.
fn go(imports: &[&str], body: &str) -> String {
    let imports: String = imports.iter().map(|path| format!("import {path}\n")).collect();
    entries(&dump(&[("main.go", &format!("package main\n{imports}{body}"))]))
}

/// The entry points of one Python file.
fn python(text: &str) -> String {
    entries(&dump(&[("app/main.py", text)]))
}

/// The entry points of one Java program: a `main` and these files of its package.
fn java(files: &[&str]) -> String {
    let main = "package shop; class Main { public static void main(String[] args) {} }".to_owned();
    let mut texts = vec![("src/main/java/shop/Main.java".to_owned(), main)];
    for (at, text) in files.iter().enumerate() {
        texts.push((format!("src/main/java/shop/File{at}.java"), format!("package shop;\n{text}")));
    }
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    entries(&dump(&files))
}

/// The entry points of one TypeScript file.
fn javascript(text: &str) -> String {
    entries(&dump(&[("src/app.ts", text)]))
}

/// The flows of the entry points of one TypeScript file.
fn javascript_flows(text: &str) -> Vec<whatif_model::flow::Flow> {
    let units = lower(&[crate::javascript::read("src/app.ts", text)], &[], Knowledge::built_in());
    units.into_iter().flat_map(|unit| unit.entries).map(|entry| entry.flow).collect()
}

/// Only the entry points, without what a unit says about itself.
fn entries(dump: &str) -> String {
    const HEADS: [&str; 6] =
        ["unit ", "  serves ", "  peer ", "  server timeout ", "  graceful shutdown ", "  tracing "];
    dump.lines()
        .filter(|line| !HEADS.iter().any(|head| line.starts_with(head)))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Asserts that `dump` holds `wanted`, line by line, ignoring indentation common to all lines of `wanted`.
#[track_caller]
fn has(dump: &str, wanted: &str) {
    let lines: Vec<&str> = wanted.lines().filter(|line| !line.trim().is_empty()).collect();
    let cut = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let wanted: Vec<&str> = lines.iter().map(|line| &line[cut..]).collect();
    let have: Vec<&str> = dump.lines().collect();
    let fits = have.windows(wanted.len()).any(|window| {
        let cut = window.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        window.iter().zip(&wanted).all(|(line, wanted)| line[cut..].starts_with(wanted))
    });
    assert!(fits, "expected\n{}\nin\n{dump}", wanted.join("\n"));
}
