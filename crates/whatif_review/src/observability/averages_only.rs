//! A requirement on the mean of a latency, with no percentile near it.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::vocabulary::claims::quotation;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::alert::Alert;
use whatif_model::facts::prose::{Bounds, Modality, StatedRequirement, Statistic};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Document;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/averages-only",
        severity: Severity::Info,
        summary: "A document bounds or alerts on the mean of a latency, and no percentile stands near it.",
        page: include_str!("averages_only.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let targets = cx.system.documents.iter().filter_map(|document| finding(cx, document));
    targets.chain(alarm(cx)).collect()
}

/// Alerts that are raised by a mean.
fn alarm(cx: &Context<'_>) -> Option<Finding> {
    let means: Vec<&Alert> = cx.system.alerts.iter().filter(|alert| alert.on_mean).collect();
    let names = listed(means.iter().map(|alert| alert.name.clone()), 3);
    let verb = if means.len() == 1 { "compares" } else { "compare" };
    let draft = cx
        .finding(&RULE.meta, "system")
        .severity(Severity::Warning)
        .message(format!("{names} {verb} a mean latency with a limit: one request in ten may be far slower unnoticed"))
        .detail(&names)
        .help(
            "alert on a percentile (`histogram_quantile(0.99, ...)`), or on the share of requests over the objective",
        );
    let place =
        |alert: &&Alert| Evidence::stated(Stage::Design, alert.span, "the sum of all durations over their count");
    draft.all(&means.iter().map(place).collect::<Vec<_>>()).build()
}

fn is_mean_target(stated: &StatedRequirement) -> bool {
    let meant =
        !matches!(stated.modality, Modality::Measured | Modality::Example | Modality::Rejected | Modality::Negated);
    stated.bounds == Bounds::Latency && stated.statistic == Statistic::Mean && meant
}

/// Whether a percentile stands in the same section: then the mean is a second number, not the target.
fn has_percentile_near(document: &Document, mean: &StatedRequirement) -> bool {
    let section = document.facts.sections.iter().rev().find(|section| section.range.contains(mean.sentence));
    let near = |stated: &StatedRequirement| section.is_none_or(|section| section.range.contains(stated.sentence));
    let percentile = |stated: &&StatedRequirement| matches!(stated.statistic, Statistic::Percentile(_));
    document.facts.requirements.iter().filter(percentile).any(near)
}

fn finding(cx: &Context<'_>, document: &Document) -> Option<Finding> {
    let means = document.facts.requirements.iter().filter(|stated| is_mean_target(stated));
    let alone: Vec<&StatedRequirement> = means.filter(|mean| !has_percentile_near(document, mean)).collect();
    let first = alone.first()?;
    let file = cx.sources.get(document.file)?;
    let words = file.slice(first.words);
    let quoted = quotation(file.slice(first.sentence), first.sentence, first.words);
    let place = |mean: &&StatedRequirement| {
        let span = mean.sentence.in_file(document.file);
        Evidence::stated(Stage::Specification, span, "a mean, and no percentile in this section")
    };
    cx.finding(&RULE.meta, document.path.clone())
        .all(&alone.iter().map(place).collect::<Vec<_>>())
        .detail(quoted.clone())
        .message(format!("\"{quoted}\" holds while one request in ten is far slower: a mean hides the slow ones"))
        .help(format!("write \"p99 {words}\" or the bound you can accept there, and alert on that percentile"))
        .build()
}
