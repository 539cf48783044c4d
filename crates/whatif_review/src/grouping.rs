//! One finding per flaw of many: what a rule says word for word of several subjects, it says once.

use crate::query::listed;
use std::collections::BTreeMap;
use whatif_model::finding::{Finding, fingerprint};

/// So many equal findings are read one by one; more are one finding that lists them.
const READ_ONE_BY_ONE: usize = 3;

/// Subjects named in the message of a group; the places name the rest.
const NAMED_MAX: usize = 3;

/// Findings of one rule that differ in nothing but their subject, together. The order is kept.
pub(crate) fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut members: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if let Some(flaw) = flaw(finding) {
            members
                .entry((finding.rule, format!("{:?}{:?}{flaw}", finding.severity, finding.confidence)))
                .or_default()
                .push(at);
        }
    }
    members.retain(|_, members| members.len() > READ_ONE_BY_ONE);
    let first: BTreeMap<usize, &Vec<usize>> = members.values().map(|members| (members[0], members)).collect();
    let inner: Vec<usize> = members.values().flat_map(|members| members[1..].iter().copied()).collect();
    let groups: BTreeMap<usize, Finding> =
        first.iter().map(|(at, members)| (*at, together(&findings, members))).collect();
    let kept = findings.into_iter().enumerate().filter(|(at, _)| !inner.contains(at));
    kept.map(|(at, finding)| groups.get(&at).cloned().unwrap_or(finding)).collect()
}

/// What is said of the subject, in words that fit others too.
fn flaw(finding: &Finding) -> Option<&str> {
    if !finding.flaw.is_empty() {
        return Some(&finding.flaw);
    }
    finding.message.strip_prefix('`')?.strip_prefix(finding.address.as_str())?.strip_prefix("` ")
}

fn together(findings: &[Finding], members: &[usize]) -> Finding {
    let mut group = findings[members[0]].clone();
    let names = listed(members.iter().map(|at| findings[*at].address.clone()), NAMED_MAX);
    if let Some(flaw) = flaw(&group) {
        group.message = format!("{names}: each {flaw}");
    }
    for finding in members[1..].iter().map(|at| &findings[*at]) {
        let new = finding.evidence.iter().filter(|evidence| group.evidence.iter().all(|it| it.span != evidence.span));
        let new: Vec<_> = new.cloned().collect();
        group.evidence.extend(new);
        group.trace = group.trace.or_else(|| finding.trace.clone());
    }
    group.fingerprint = fingerprint(group.rule, &group.address, "together");
    group
}
