//! Counterexamples step by step and for other tools.

#[allow(dead_code, reason = "nothing is selected here")]
mod shop;

use insta::assert_snapshot;
use shop::Shop;
use whatif_model::verdict::Mindset;
use whatif_report::{Style, json, replay, traces};

const TWICE: [Mindset; 1] = [Mindset::Twice];

#[test]
fn a_replay_has_a_page_per_step_and_ends_with_the_broken_promise() {
    let shop = Shop::new();
    let pages = replay::pages(&shop.report(), &[0], &TWICE, Style::default());
    assert_eq!(pages.len(), 6, "a title and five steps");
    assert_snapshot!(pages[2], @r"
    step 2 of 5  payments -> store:payments-db
        insert
        services/payments/charge.go:5
      * charges: 0 -> 1
        state: charges = 1
    ");
    assert_snapshot!(pages[5], @r"
    step 5 of 5  payments -> store:payments-db
        insert
        services/payments/charge.go:5
      * charges: 1 -> 2
        state: charges = 2
    so: charged twice for one order
    smallest repair: payments recognises a repeat by the order id
    ");
}

#[test]
fn an_answer_without_a_trace_is_one_page() {
    let pages = replay::pages(&Shop::new().report(), &[0], &[Mindset::Halfway], Style::default());
    assert_snapshot!(pages.join("\n"), @r"
    checkout.Pay  what happens if it fails halfway through? holds
        within 2 requests, 2 attempts, 2 faults (412 states)
    ");
}

#[test]
fn one_trace_is_a_mermaid_diagram() {
    assert_snapshot!(traces::mermaid(&Shop::new().report(), &[0], &TWICE), @r"
    sequenceDiagram
      accTitle: checkout.Pay: what happens if it is delivered twice?
      participant p0 as checkout
      participant p1 as payments
      participant p2 as store:payments-db
      p0->>p1: 1. CreateCharge for order A, attempt 1 of 4
      p1->>p2: 2. insert
      Note over p1: charges: 0 -#gt; 1
      p1-xp0: 3. answer (fault: reply lost)
      p0->>p1: 4. CreateCharge for order A, attempt 2 of 4, by the mesh after its per-try timeout
      p1->>p2: 5. insert
      Note over p1: charges: 1 -#gt; 2
      Note over p0,p2: so: charged twice for one order
    ");
}

#[test]
fn several_answers_are_a_page_of_diagrams() {
    let page = traces::mermaid(&Shop::new().report(), &[0], &[Mindset::Halfway, Mindset::Twice]);
    assert!(page.starts_with("## checkout.Pay: what happens if it fails halfway through?\n\nholds\n"), "{page}");
    assert_eq!(page.matches("```mermaid\nsequenceDiagram\n").count(), 1, "{page}");
}

#[test]
fn a_shiviz_log_has_clocks_and_its_parser() {
    assert_snapshot!(traces::shiviz(&Shop::new().report(), &[0], &TWICE), @r#"
    (?<host>\S*) (?<clock>\{.*\})\n(?<event>.*)
    ^=== (?<trace>.*) ===$

    === checkout.Pay: what happens if it is delivered twice? ===
    checkout {"checkout":1}
    CreateCharge for order A, attempt 1 of 4 -> payments deploy/istio/payments.yaml:5
    payments {"checkout":1,"payments":1}
    insert -> store:payments-db {charges: 0 -> 1} services/payments/charge.go:5
    payments {"checkout":1,"payments":2}
    answer -> checkout (fault: reply lost)
    checkout {"checkout":2}
    CreateCharge for order A, attempt 2 of 4, by the mesh after its per-try timeout -> payments deploy/istio/payments.yaml:5
    payments {"checkout":2,"payments":3}
    insert -> store:payments-db {charges: 1 -> 2} services/payments/charge.go:5; so: charged twice for one order
    "#);
}

#[test]
fn json_has_every_change_and_what_a_step_waited_for() {
    let text = json::answers(&Shop::new().report(), &[0], &TWICE);
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let step = &value["answers"][0]["trace"][4];
    assert_eq!(step["changes"][0], serde_json::json!({ "name": "charges", "before": "1", "after": "2" }));
    assert_eq!(step["after"], serde_json::json!([4]));
    assert_eq!(value["answers"][0]["broken"], "charged twice for one order");
}
