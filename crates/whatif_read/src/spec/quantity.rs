//! Numbers with their units, in base units.

use super::lexer::Kind;
use super::lexicon::Class;
use super::prose::View;
use whatif_model::facts::prose::Unit;

/// A number with a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    /// Token positions `first..last`.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The noun counted, when the unit is a count or a rate.
    pub(crate) counted: usize,
}

/// The quantity that begins with the number at `at`.
pub(crate) fn quantity(view: &View<'_>, at: usize) -> Option<Quantity> {
    let token = view.token(at)?;
    if token.kind != Kind::Number || ordinal_or_version(view, at) {
        return None;
    }
    let mut value: f64 = view.word(at).replace([',', '_'], "").parse().ok()?;
    let mut next = at + 1;
    let written = view.word(next);
    if let Some(factor) = magnitude(written).filter(|_| view.token(next).is_some_and(|t| t.glued) || written.len() > 1)
    {
        value *= factor;
        next += 1;
    }
    while view.mark(next, b'+') {
        next += 1;
    }
    if view.mark(next, b'-') && view.token(next).is_some_and(|t| t.glued) {
        next += 1;
    }
    let (unit, factor, used) = unit(view, next)?;
    Some(Quantity { value: value * factor, unit, first: at, last: next + used, counted: next })
}

/// All quantities of a sentence, in order.
pub(crate) fn quantities<'v>(view: &'v View<'_>) -> impl Iterator<Item = Quantity> + 'v {
    let numbers = if view.has(Class::NUMBER) { view.positions() } else { 0..0 };
    numbers.filter_map(|at| quantity(view, at))
}

/// "v1.2", "#12", "§3", "RFC 7231", "step 2": numbers that measure nothing.
fn ordinal_or_version(view: &View<'_>, at: usize) -> bool {
    let before = at.wrapping_sub(1);
    view.mark(before, b'#')
        || view.mark(before, b'/') && view.token(at).is_some_and(|t| t.glued)
        || view
            .any(before, &["v", "version", "section", "step", "rfc", "phase", "figure", "chapter", "story", "story:"])
}

fn magnitude(word: &str) -> Option<f64> {
    Some(match word {
        "k" | "K" | "thousand" => 1e3,
        "M" | "million" | "Million" => 1e6,
        "B" | "billion" | "Billion" => 1e9,
        _ => return None,
    })
}

/// Unit at a position: unit, factor to base, tokens used.
fn unit(view: &View<'_>, at: usize) -> Option<(Unit, f64, usize)> {
    if view.mark(at, b'%') || view.any(at, &["percent", "percentile"]) {
        return Some((Unit::Percent, 1.0, 1));
    }
    let word = view.word(at);
    if let Some(factor) = rate(word) {
        return Some((Unit::PerSecond, factor, 1));
    }
    if let Some(factor) = time(view, at) {
        return Some((Unit::Milliseconds, factor, 1));
    }
    if let Some(factor) = bytes(word) {
        return Some((Unit::Bytes, factor, 1));
    }
    if word == "x" || view.is(at, "times") {
        return Some((Unit::Times, 1.0, 1));
    }
    counted(view, at)
}

fn time(view: &View<'_>, at: usize) -> Option<f64> {
    if !view.class(at, Class::TIME) {
        return None;
    }
    let word = view.word(at);
    Some(match word.to_ascii_lowercase().as_str() {
        "ns" | "nanoseconds" => 1e-6,
        "us" | "µs" | "microsecond" | "microseconds" => 1e-3,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
        "m" if word == "M" => return None,
        "m" | "min" | "mins" | "minute" | "minutes" => 6e4,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3.6e6,
        "day" | "days" => 8.64e7,
        "week" | "weeks" => 6.048e8,
        "month" | "months" => 2.592e9,
        _ => 3.1536e10,
    })
}

fn rate(word: &str) -> Option<f64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "qps" | "rps" | "tps" | "iops" => 1.0,
        "rpm" => 1.0 / 60.0,
        _ => return None,
    })
}

fn bytes(word: &str) -> Option<f64> {
    Some(match word {
        "KB" | "kB" | "KiB" | "Ki" => 1024.0,
        "MB" | "MiB" | "Mi" => 1_048_576.0,
        "GB" | "GiB" | "Gi" => 1_073_741_824.0,
        "TB" | "TiB" | "PB" => 1.099_511_627_776e12,
        "bytes" => 1.0,
        _ => return None,
    })
}

/// A count of nouns ("3 replicas", "10,000 concurrent users"), or a rate ("150 events/sec").
fn counted(view: &View<'_>, at: usize) -> Option<(Unit, f64, usize)> {
    let mut noun = at;
    while noun < at + 3 && !countable(view, noun) {
        if view.token(noun)?.kind != Kind::Word || view.class(noun, Class::CLAUSE) {
            return None;
        }
        noun += 1;
    }
    if !countable(view, noun) {
        return None;
    }
    let per = noun + 1;
    if view.mark(per, b'/') || view.is(per, "per") || view.is(per, "a") {
        let of = view.word(per + 1).to_ascii_lowercase();
        let factor = match of.as_str() {
            "s" | "sec" | "second" => 1.0,
            "m" | "min" | "minute" => 1.0 / 60.0,
            "h" | "hr" | "hour" => 1.0 / 3600.0,
            "d" | "day" => 1.0 / 86_400.0,
            "month" => 1.0 / 2_592_000.0,
            _ => return Some((Unit::Count, 1.0, noun + 1 - at)),
        };
        return Some((Unit::PerSecond, factor, per + 2 - at));
    }
    Some((Unit::Count, 1.0, noun + 1 - at))
}

fn countable(view: &View<'_>, at: usize) -> bool {
    view.class(at, Class::SYSTEM)
        || view.class(at, Class::HUMAN)
        || view.class(at, Class::DATA)
        || view.class(at, Class::REDUNDANT)
        || view.any(
            at,
            &[
                "req",
                "reqs",
                "attempts",
                "retries",
                "tenants",
                "items",
                "tasks",
                "clients",
                "products",
                "transactions",
                "keys",
                "instances",
                "dau",
                "mau",
                "hits",
                "devices",
                "machines",
            ],
        )
}
