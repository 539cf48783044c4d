//! `whatif readers`: what whatif reads.

use crate::arguments::{ListArguments, ListFormat};
use crate::failure::{Code, Failure};
use crate::output;
use whatif_read::reader::READERS;
use whatif_report::{ReaderText, json, lists};

/// Prose and source code are read by crates of their own, which have no entry in the list of formats.
const OTHERS: [ReaderText; 3] = [
    ReaderText {
        name: "markdown",
        reads: "specifications, designs, decision records, READMEs: vague words, requirements, what is left open",
        specification: "https://spec.commonmark.org/",
    },
    ReaderText {
        name: "go",
        reads: "Go services: entry points, calls, stores, messages, retries, timeouts",
        specification: "https://go.dev/ref/spec",
    },
    ReaderText {
        name: "python",
        reads: "Python services: entry points, calls, stores, messages, retries, timeouts",
        specification: "https://docs.python.org/3/reference/",
    },
];

pub(super) fn run(own: &ListArguments) -> Result<Code, Failure> {
    let formats = READERS.iter().map(|reader| ReaderText {
        name: reader.id,
        reads: reader.reads,
        specification: reader.specification,
    });
    let mut readers: Vec<ReaderText> = formats.chain(OTHERS).collect();
    readers.sort_by_key(|reader| reader.name);
    let text = match own.format {
        ListFormat::Text => lists::readers(&readers),
        ListFormat::Json => json::readers(&readers),
    };
    output::result(&text)?;
    Ok(Code::Clean)
}
