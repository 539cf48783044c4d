//! `whatif schema`: the JSON schema of whatif.toml.

use crate::failure::{Code, Failure};
use crate::output;

pub(super) fn run() -> Result<Code, Failure> {
    output::result(whatif_config::schema())?;
    Ok(Code::Clean)
}
