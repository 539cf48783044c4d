use super::*;

fn error(text: &str) -> String {
    parse("whatif.toml", text).expect_err("the text is wrong").to_string()
}

#[test]
fn a_whole_file() {
    let text = r#"
[review]
fail-on = "warn"
confidence = "certain"
exclude = ["legacy/**"]

[rules]
"timeouts/missing" = { severity = "error" }
vocabulary = "off"

[words]
fast = "p99 latency < 300 ms"

[[same]]
names = ["payments", "payments-svc"]

[[fact]]
at = "payments-gateway"
deduplicates-by = "order id"
replicas = 3
because = "vendor contract"
link = "docs/vendor.pdf"

[[allow]]
rule = "boundaries/shared-database"
at = "store:legacy-db"
because = "strangler, ADR 31"
until = 2027-06-30
"#;
    let config = parse("whatif.toml", text).expect("the text is right");
    assert_eq!(config.fail_on, Some(Some(Severity::Warning)));
    assert_eq!(config.confidence, Some(Confidence::Certain));
    assert_eq!(config.exclude, ["legacy/**"]);
    let levels: Vec<_> = config.levels.iter().map(|entry| (entry.rule.as_str(), entry.level)).collect();
    assert_eq!(levels, [("timeouts/missing", Level::Report(Severity::Error)), ("vocabulary", Level::Off)]);
    assert_eq!(config.words["fast"], "p99 latency < 300 ms");
    assert_eq!(config.same[0].names, ["payments", "payments-svc"]);
    let answers: Vec<_> = config.answers.iter().map(|a| (a.attribute.as_str(), a.value.as_str())).collect();
    assert_eq!(answers, [("deduplicates-by", "order id"), ("replicas", "3")]);
    let key = config.answers[1].span.range;
    assert_eq!(&text[key.start as usize..key.end as usize], "replicas");
    assert_eq!(config.allows[0].until, Some(Date { year: 2027, month: 6, day: 30 }));
}

#[test]
fn a_misspelt_key_is_shown_with_what_was_meant() {
    insta::assert_snapshot!(error("[review]\nfail_on = \"error\"\n"), @r#"
    unknown key `fail_on` in [review]
     --> whatif.toml:2:1
      |
    2 | fail_on = "error"
      | ^^^^^^^
    help: did you mean `fail-on`?
    "#);
}

#[test]
fn broken_toml_is_shown_where_it_breaks() {
    insta::assert_snapshot!(error("[review]\nexclude = [\"a\"\nconfidence = \"likely\"\n"), @r#"
    missing comma between array elements, expected `,`
     --> whatif.toml:3:1
      |
    3 | confidence = "likely"
      | ^
    "#);
}

#[test]
fn a_reason_is_mandatory() {
    insta::assert_snapshot!(error("[[allow]]\nrule = \"no-jitter\"\nat = \"payments\"\n"), @r"
    [[allow]] needs `because`
     --> whatif.toml:1:1
      |
    1 | [[allow]]
      | ^^^^^^^^^
    help: say why, for whoever reads this next year
    ");
    insta::assert_snapshot!(error("[[fact]]\nat = \"a\"\nreplicas = 2\nbecause = \" \"\n"), @r#"
    `because` is empty
     --> whatif.toml:4:11
      |
    4 | because = " "
      |           ^^^
    help: say why, for whoever reads this next year
    "#);
}

#[test]
fn wrong_types_and_words_are_refused() {
    insta::assert_snapshot!(error("[rules]\nno-jitter = \"loud\"\n"), @r#"
    `loud` is no level
     --> whatif.toml:2:13
      |
    2 | no-jitter = "loud"
      |             ^^^^^^
    help: one of "off", "info", "warn", "error"
    "#);
    insta::assert_snapshot!(error("[review]\nexclude = \"legacy\"\n"), @r#"
    expected a list of strings, found string
     --> whatif.toml:2:11
      |
    2 | exclude = "legacy"
      |           ^^^^^^^^
    "#);
    insta::assert_snapshot!(error("[allow]\nrule = \"x\"\n"), @r"
    `allow` must be a list of tables
     --> whatif.toml:1:1
      |
    1 | [allow]
      | ^^^^^^^
    help: write [[allow]] with double brackets
    ");
    insta::assert_snapshot!(error("[[same]]\nnames = [\"a\"]\n"), @r#"
    [[same]] needs at least two names
     --> whatif.toml:1:1
      |
    1 | [[same]]
      | ^^^^^^^^
    help: names = ["a", "b"]
    "#);
}

#[test]
fn a_limit_on_states_is_a_number() {
    let config = parse("whatif.toml", "[review]\nmax-states = 5000\n").expect("the text is right");
    assert_eq!(config.max_states, Some(5_000));
    assert!(error("[review]\nmax-states = 0\n").starts_with("`max-states` must be a whole number from 1"));
}

#[test]
fn a_promise_that_cannot_be_understood_is_shown() {
    insta::assert_snapshot!(error("[[promise]]\nholds = \"stock <= 5\"\n"), @r#"
    `<=` is no bound that can be checked
     --> whatif.toml:2:16
      |
    2 | holds = "stock <= 5"
      |                ^^
    help: only lower bounds can be checked: write `>=` or `>`
    "#);
    let config = parse("whatif.toml", "[[promise]]\nholds = \"order paid at most once\"\n").expect("the text is right");
    assert_eq!(config.promises[0].text, "order paid at most once");
}

#[test]
fn a_rule_that_does_not_exist_is_refused() {
    let config = parse("whatif.toml", "[rules]\n\"timeouts/mising\" = \"off\"\n").expect("the text is right");
    let error = config.check_rules(&["timeouts/missing"]).expect_err("no such rule").to_string();
    insta::assert_snapshot!(error, @r#"
    there is no rule `timeouts/mising`
     --> whatif.toml:2:1
      |
    2 | "timeouts/mising" = "off"
      | ^^^^^^^^^^^^^^^^^
    help: did you mean `timeouts/missing`?
    "#);
    assert_eq!(config.check_rules(&["timeouts/mising"]), Ok(()));
}

#[test]
fn the_template_is_valid_and_changes_nothing() {
    let config = parse("whatif.toml", crate::TEMPLATE).expect("the template is valid");
    let nothing = Config { path: "whatif.toml".into(), text: crate::TEMPLATE.into(), ..Config::default() };
    assert_eq!(config, nothing);
}

#[test]
fn everything_the_template_shows_is_valid_when_uncommented() {
    let lines = crate::TEMPLATE.lines().filter_map(|line| line.strip_prefix("# "));
    let code: Vec<&str> = lines.filter(|line| line.starts_with('[') || line.contains(" = ")).collect();
    let config = parse("whatif.toml", &code.join("\n")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.allows.len(), config.answers.len(), config.same.len()), (1, 1, 1));
}
