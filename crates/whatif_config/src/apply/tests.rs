use super::*;
use crate::date::Date;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::finding::Severity;

const CODE: &str = "one()\n// whatif: allow(timeouts/missing) because warm-up only\ntwo()\nthree()\n";

fn sources() -> Sources {
    Sources::new(vec![SourceFile::new("a.go", CODE)])
}

fn finding(rule: &'static str, address: &str, word: &str) -> Finding {
    let at = CODE.find(word).expect("the word is in the code");
    let span = Range::new(at, at + word.len()).in_file(FileId::of("a.go"));
    Finding {
        rule,
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        address: address.into(),
        message: String::new(),
        flaw: String::new(),
        evidence: vec![Evidence::stated(Stage::Code, span, "")],
        trace: None,
        help: String::new(),
        allowed: None,
        fingerprint: 0,
    }
}

fn config(text: &str) -> Config {
    Config::parse("whatif.toml", text).expect("the configuration is valid")
}

#[test]
fn a_comment_allows_what_stands_on_its_next_line_and_nothing_else() {
    let mut findings = vec![
        finding("timeouts/missing", "a.Two", "two()"),
        finding("timeouts/missing", "a.Three", "three()"),
        finding("retries/no-jitter", "a.Two", "two()"),
    ];
    assert_eq!(Config::default().apply(&sources(), &mut findings), []);
    let allowed: Vec<bool> = findings.iter().map(|finding| finding.allowed.is_some()).collect();
    assert_eq!(allowed, [true, false, false]);
}

#[test]
fn an_unused_comment_is_reported() {
    let problems = Config::default().apply(&sources(), &mut Vec::new());
    assert_eq!(problems[0].message, "nothing here to allow for `timeouts/missing`; remove it");
}

#[test]
fn levels_switch_off_and_remap_and_the_more_specific_entry_wins() {
    let config = config("[rules]\ntimeouts = \"off\"\n\"timeouts/missing\" = \"error\"\nno-jitter = \"info\"\n");
    let mut findings = vec![
        finding("timeouts/missing", "a", "two()"),
        finding("timeouts/infinite", "a", "one()"),
        finding("retries/no-jitter", "a", "one()"),
    ];
    config.apply(&sources(), &mut findings);
    let left: Vec<_> = findings.iter().map(|finding| (finding.rule, finding.severity)).collect();
    assert_eq!(left, [("timeouts/missing", Severity::Error), ("retries/no-jitter", Severity::Info)]);
}

#[test]
fn an_allowance_fits_addresses_and_paths_and_expires() {
    let text = "[[allow]]\nrule = \"no-jitter\"\nat = \"pay*\"\nbecause = \"one client\"\nuntil = 2026-06-30\n";
    let day = |day| Some(Date { year: 2026, month: 6, day });
    let mut config = Config { today: day(30), ..config(text) };
    let mut findings =
        vec![finding("retries/no-jitter", "payments -> bank", "one()"), finding("timeouts/missing", "a", "two()")];
    assert_eq!(config.apply(&sources(), &mut findings), []);
    assert_eq!(findings[0].allowed.as_ref().map(|allowed| allowed.because.as_str()), Some("one client"));

    config.today = Some(Date { year: 2026, month: 7, day: 1 });
    findings[0].allowed = None;
    let problems = config.apply(&sources(), &mut findings);
    assert_eq!(problems[0].message, "the allowance of `no-jitter` at `pay*` ended on 2026-06-30");
    assert_eq!(findings[0].allowed, None);
}

#[test]
fn stars_fit_any_text() {
    for (pattern, text, expected) in [
        ("a.go", "a.go", true),
        ("a.go", "a.god", false),
        ("src/*.go", "src/x/a.go", true),
        ("*", "", true),
        ("pay* -> *", "payments -> bank", true),
        ("pay* -> b*k", "payments -> bonds", false),
    ] {
        assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
    }
}
