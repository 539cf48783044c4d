//! `whatif init`: a commented whatif.toml that changes nothing until a line is uncommented.

use crate::arguments::InitArguments;
use crate::failure::{Code, Failure};
use crate::output;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

pub(super) fn run(own: &InitArguments) -> Result<Code, Failure> {
    let file = own.path.as_deref().unwrap_or(Path::new(".")).join("whatif.toml");
    let written = OpenOptions::new().write(true).create_new(true).open(&file);
    written.and_then(|mut open| open.write_all(whatif_config::TEMPLATE.as_bytes())).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return Failure::new(format!("{} exists already", file.display()), "nothing was changed");
        }
        Failure::new(format!("cannot write {}: {error}", file.display()), "")
    })?;
    output::note(&format!("wrote {}; everything in it is commented out", file.display()));
    Ok(Code::Clean)
}
