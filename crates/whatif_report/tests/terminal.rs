//! What people read.

mod shop;

use insta::assert_snapshot;
use shop::Shop;
use whatif_model::verdict::Mindset;
use whatif_report::{Filter, Style, ask, explain, model, questions, terminal};

fn plain() -> Style {
    Style::default()
}

#[test]
fn a_whole_review() {
    let shop = Shop::new();
    let selection = shop.selection(&Filter::default());
    assert_snapshot!(terminal::render(&shop.report(), &selection, plain()), @r"
    what if ...            halfway     twice       together    partition   slow
    checkout.Pay           holds       breaks      holds       -           depends
    payments.CreateCharge  holds       breaks      incomplete  -           holds
    2 of 2 operations can break; `whatif ask <question> <operation>` shows how

    error[idempotency/missing-key]: `payments.CreateCharge` is retried but not idempotent, so one order can be charged twice
     --> services/payments/charge.go:4:2
      |
    4 |     id := uuid.New()
      |     ^^^^^^^^^^^^^^^^ [1] every attempt gets a new id
      |
     ::: deploy/istio/payments.yaml:5:9
      |
    5 |         attempts: 3
      |         ----------- [2] the mesh sends it up to 4 times
      |
     ::: docs/adr/0007-checkout.md:3:15
      |
    3 | A customer is charged exactly once per order.
      |               -------------------- [3] the promise this breaks
      |
    what if: the reply to attempt 1 is lost?
      |
      =  1  checkout -> payments           CreateCharge for order A, attempt 1 of 4 [2]
      =  2  payments -> store:payments-db  insert {charges: 0 -> 1} services/payments/charge.go:5
      =  3  payments -x checkout           answer (fault: reply lost)
      =  4  checkout -> payments           CreateCharge for order A, attempt 2 of 4, by the mesh after
                                           its per-try timeout [2]
      =  5  payments -> store:payments-db  insert {charges: 1 -> 2} services/payments/charge.go:5
      = so: charged twice for one order
    help: derive the id from the order, so that a second insert is refused
      |
      = smallest repair: payments recognises a repeat by the order id
      = payments.CreateCharge  |  certain: 3 facts, none assumed  |  `whatif explain 17a0241d`

    warning[observability/context-not-propagated]: `payments -> store:payments-db` does not carry the trace context, so a slow insert has no caller
     --> services/payments/charge.go:5:12
      |
    5 |     _, err := s.db.Exec(`INSERT INTO charges VALUES ($1, $2)`, id, in.Amount)
      |               ^^^^^^^^^
      |               |
      |               [1] waits for ever
      |               [2] waits for ever
      |
      = [2] is the default of database/sql: https://pkg.go.dev/database/sql
    help: start the span before the call
      |
      = payments -> store:payments-db  |  likely: 1 of 2 facts derived  |  `whatif explain 3aa455e5`

    questions only you can answer
      ? how long does checkout wait for payments?  (services/payments/charge.go:4)
      answer with [[fact]] in whatif.toml

    problem: a Helm template; render it first
      deploy/helm/pay.yaml

    1 error, 1 warning (1 certain, 1 likely) . 1 question . 1 allowed . 1 less severe or less sure (--all) . 1 problem
    read 3 files, skipped 2, 1 place not understood (whatif model --ignored)
    ");
}

#[test]
fn every_line_of_a_review_fits_into_100_columns() {
    let shop = Shop::new();
    let text = terminal::render(&shop.report(), &shop.selection(&Filter::all()), plain());
    let headline = |line: &str| line.starts_with("error[") || line.starts_with("warning[");
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 100 && !headline(line)).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let shop = Shop::new();
    let selection = shop.selection(&Filter::all());
    let coloured = terminal::render(&shop.report(), &selection, Style { color: true, ..plain() });
    let mut stripped = String::new();
    let mut inside = false;
    for c in coloured.chars() {
        match (inside, c) {
            (false, '\u{1b}') => inside = true,
            (false, c) => stripped.push(c),
            (true, 'm') => inside = false,
            (true, _) => {}
        }
    }
    assert_ne!(coloured, stripped);
    assert_eq!(stripped, terminal::render(&shop.report(), &selection, plain()));
}

#[test]
fn answers_show_verdict_trace_and_bounds() {
    let shop = Shop::new();
    assert_snapshot!(ask::render(&shop.report(), &[0], &Mindset::ALL, plain()), @r"
    checkout.Pay  rpc shop.Shop/Pay  deploy/istio/payments.yaml:5
      what happens if it fails halfway through? holds
        within 2 requests, 2 attempts, 2 faults (412 states)
        assumed: the database commits atomically
      what happens if it is delivered twice? breaks
        what if the reply to attempt 1 is lost?
         1  checkout -> payments           CreateCharge for order A, attempt 1 of 4
                                           deploy/istio/payments.yaml:5
         2  payments -> store:payments-db  insert {charges: 0 -> 1} services/payments/charge.go:5
         3  payments -x checkout           answer (fault: reply lost)
         4  checkout -> payments           CreateCharge for order A, attempt 2 of 4, by the mesh after
                                           its per-try timeout deploy/istio/payments.yaml:5
         5  payments -> store:payments-db  insert {charges: 1 -> 2} services/payments/charge.go:5
        so: charged twice for one order
        smallest repair: payments recognises a repeat by the order id
      what happens if two of them run concurrently? holds
        within 2 requests, 2 attempts, 2 faults (412 states)
        assumed: the database commits atomically
      what happens during a network partition? -
        nothing is promised about partitions
      what happens if something it needs is slow or unavailable? depends
        holds if payments answers within the deadline of checkout
    ");
}

#[test]
fn questions_come_with_the_skeleton_of_an_answer() {
    assert_snapshot!(questions::render(&Shop::new().report(), plain()), @r#"
    how long does checkout wait for payments?
      decides 3 verdicts, raised at services/payments/charge.go:4
      [[fact]]
      at = "checkout -> payments"
      timeout = "..."
      because = "..."

    1 question; put the answers into whatif.toml
    "#);
}

#[test]
fn a_finding_is_explained_with_every_fact() {
    let shop = Shop::new();
    let report = shop.report();
    let id = report.findings[1].id();
    let found = explain::find(report.findings, &id[..4]).expect("an id may be shortened");
    assert_snapshot!(explain::render(&report, found, plain()), @r"
    error[idempotency/missing-key]: `payments.CreateCharge` is retried but not idempotent, so one order can be charged twice
     --> services/payments/charge.go:4:2
      |
    4 |     id := uuid.New()
      |     ^^^^^^^^^^^^^^^^ [1] every attempt gets a new id
      |
     ::: deploy/istio/payments.yaml:5:9
      |
    5 |         attempts: 3
      |         ----------- [2] the mesh sends it up to 4 times
      |
     ::: docs/adr/0007-checkout.md:3:15
      |
    3 | A customer is charged exactly once per order.
      |               -------------------- [3] the promise this breaks
      |
    what if: the reply to attempt 1 is lost?
      |
      =  1  checkout -> payments           CreateCharge for order A, attempt 1 of 4 [2]
      =  2  payments -> store:payments-db  insert {charges: 0 -> 1} services/payments/charge.go:5
      =  3  payments -x checkout           answer (fault: reply lost)
      =  4  checkout -> payments           CreateCharge for order A, attempt 2 of 4, by the mesh after
                                           its per-try timeout [2]
      =  5  payments -> store:payments-db  insert {charges: 1 -> 2} services/payments/charge.go:5
      = so: charged twice for one order
    help: derive the id from the order, so that a second insert is refused
      |
      = smallest repair: payments recognises a repeat by the order id
      = payments.CreateCharge  |  certain: 3 facts, none assumed  |  `whatif explain 17a0241d`

    evidence
        services/payments/charge.go:4  every attempt gets a new id  (code, stated)
        deploy/istio/payments.yaml:5  the mesh sends it up to 4 times  (design, stated)
        docs/adr/0007-checkout.md:3  the promise this breaks  (specification, stated)

    what the model says about it
    payments.CreateCharge  rpc shop.Shop/CreateCharge
        services/payments/charge.go:4  every attempt gets a new id  (code, stated)
        write charges (insert)  store:payments-db  services/payments/charge.go:5

    `whatif explain idempotency/missing-key` explains the rule
    ");
    assert!(explain::find(report.findings, "").is_none());
}

#[test]
fn the_model_as_text() {
    assert_snapshot!(model::text(&Shop::new().report(), plain()), @r"
    services (2)
      checkout  go, 2 replicas, published  deploy/istio/payments.yaml:5
      payments  go, 2 replicas  services/payments/charge.go:4

    operations (2)
      checkout.Pay           rpc shop.Shop/Pay, mutates  deploy/istio/payments.yaml:5
      payments.CreateCharge  rpc shop.Shop/CreateCharge, mutates  services/payments/charge.go:4

    stores (1)
      store:payments-db  postgresql  services/payments/charge.go:5

    sync edges (1)
      checkout -> payments  4 attempts  deploy/istio/payments.yaml:5

    store edges (1)
      payments -> store:payments-db  no timeout  services/payments/charge.go:5

    1 place not understood: --ignored
    1 question open: --unknown
    ");
    assert_snapshot!(model::ignored(&Shop::new().report()), @r"
    deploy/istio/payments.yaml:2: a field whatif does not know
    deploy/helm/pay.yaml: problem: a Helm template; render it first
    ");
    assert_snapshot!(model::unknown(&Shop::new().report()), @r"
    checkout -> payments: unknown timeout, circuit breaker, idempotency (known: 4 attempts)
    payments -> store:payments-db: unknown retry, circuit breaker (known: no timeout)
    ");
}

#[test]
fn the_model_as_pictures() {
    assert_snapshot!(model::mermaid(&Shop::new().report()), @r#"
    flowchart LR
      s0["checkout"]
      s1["payments"]
      d0[("payments-db")]
      s0 --> s1
      s1 --- d0
    "#);
    assert_snapshot!(model::dot(&Shop::new().report()), @r#"
    digraph system {
      rankdir=LR;
      node [shape=box, fontname="sans-serif"];
      s0 [label="checkout", shape=box];
      s1 [label="payments", shape=box];
      d0 [label="payments-db", shape=cylinder];
      s0 -> s1 [style=solid];
      s1 -> d0 [style=dotted];
    }
    "#);
}
