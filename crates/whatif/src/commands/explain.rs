//! `whatif explain`: the page of a rule, or every fact behind one finding.

use super::target;
use crate::arguments::{Arguments, ExplainArguments};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use whatif_config::nearest;
use whatif_model::verdict::Mindset;
use whatif_report::explain;

pub(super) fn run(arguments: &Arguments, own: &ExplainArguments) -> Result<Code, Failure> {
    if let Some(rule) = whatif_review::rule(&own.what) {
        let head = format!("{}  {}\n\n", rule.id, rule.severity.as_str());
        output::result(&format!("{head}{}", rule.page))?;
        return Ok(Code::Clean);
    }
    if !looks_like_finding(&own.what) {
        return Err(no_rule(&own.what));
    }
    let (root, _) = target::split(None, own.root.as_deref());
    let session = Session::run(arguments, &root, Mindset::ALL.to_vec())?;
    let report = session.report();
    let finding = explain::find(report.findings, &own.what).ok_or_else(|| {
        let message = format!("no finding has the id `{}`", own.what);
        Failure::new(message, "`whatif review --all` shows every finding with its id")
    })?;
    output::result(&explain::render(&report, finding, environment::style(arguments.output.color)))?;
    Ok(Code::Clean)
}

/// Ids are eight hexadecimal digits; four are enough to mean one.
fn looks_like_finding(what: &str) -> bool {
    (4..=8).contains(&what.len()) && what.chars().all(|c| c.is_ascii_hexdigit())
}

fn no_rule(what: &str) -> Failure {
    let ids = whatif_review::rules().map(|rule| rule.id);
    let slugs = whatif_review::rules().filter_map(|rule| rule.id.split_once('/').map(|(_, slug)| slug));
    let help = match nearest(what, ids.chain(slugs)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`whatif rules` lists every rule".to_owned(),
    };
    Failure::new(format!("there is no rule `{what}`"), help)
}
