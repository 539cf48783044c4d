//! What programs read.

mod shop;

use insta::assert_snapshot;
use serde_json::Value;
use shop::Shop;
use whatif_report::{Filter, agent, github, json};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the output is JSON")
}

#[test]
fn findings_as_json_keep_their_fields() {
    let shop = Shop::new();
    let text = json::review(&shop.report(), &shop.selection(&Filter::default()));
    let review = parsed(&text);
    assert_eq!(review["schema"], 1);
    let mut first = review["findings"][0].clone();
    let fields = first.as_object_mut().expect("a finding is an object");
    let (evidence, trace) = (fields.shift_remove("evidence"), fields.shift_remove("trace"));
    assert_snapshot!(serde_json::to_string_pretty(&first).expect("a finding prints"), @r#"
    {
      "id": "17a0241d",
      "rule": "idempotency/missing-key",
      "practice": "idempotency",
      "severity": "error",
      "confidence": "certain",
      "address": "payments.CreateCharge",
      "message": "`payments.CreateCharge` is retried but not idempotent, so one order can be charged twice",
      "path": "services/payments/charge.go",
      "line": 4,
      "column": 2,
      "end_line": 4,
      "end_column": 18,
      "scenario": "the reply to attempt 1 is lost",
      "broken": "charged twice for one order",
      "repair": [
        "payments recognises a repeat by the order id"
      ],
      "help": "derive the id from the order, so that a second insert is refused",
      "allowed": null,
      "fingerprint": "44087da153a859bc"
    }
    "#);
    assert_snapshot!(evidence.expect("there is evidence")[2], @r#"{"path":"docs/adr/0007-checkout.md","line":3,"column":15,"end_line":3,"end_column":35,"label":"the promise this breaks","stage":"specification","how":"stated"}"#);
    assert_snapshot!(trace.expect("there is a trace")[1], @r#"{"step":2,"actor":"payments","to":"store:payments-db","action":"insert","fault":"","delta":"charges: 0 -> 1","path":"services/payments/charge.go","line":5}"#);
    assert_snapshot!(review["matrix"][0], @r#"{"operation":"checkout.Pay","halfway":"holds","twice":"breaks","together":"holds","partition":"-","slow":"depends"}"#);
    assert_snapshot!(review["questions"][0], @r#"{"address":"checkout -> payments","attribute":"timeout","question":"how long does checkout wait for payments?","decides":3,"path":"services/payments/charge.go","line":4}"#);
    assert_snapshot!(review["problems"][0], @r#"{"path":"deploy/helm/pay.yaml","line":null,"message":"a Helm template; render it first"}"#);
    assert_snapshot!(review["summary"], @r#"{"findings":2,"errors":1,"warnings":1,"infos":0,"hidden":1,"allowed":1,"questions":1,"problems":1,"files_read":3,"files_ignored":2,"bytes":321,"not_understood":1,"services":2,"operations":2,"edges":2}"#);
}

#[test]
fn allowed_findings_stay_in_json_with_their_reason() {
    let shop = Shop::new();
    let review = parsed(&json::review(&shop.report(), &shop.selection(&Filter::default())));
    let allowed: Vec<&Value> = review["findings"].as_array().into_iter().flatten().map(|f| &f["allowed"]).collect();
    assert_eq!(allowed.iter().filter(|allowed| !allowed.is_null()).count(), 1);
    assert_eq!(allowed.last().map(|allowed| &allowed["because"]), Some(&Value::from("marketing page")));
}

#[test]
fn edges_as_json_say_how_each_effective_value_is_known() {
    let model = parsed(&json::model(&Shop::new().report()));
    let facts = |edge: usize, name: &str| {
        let mut fact = model["edges"][edge]["facts"][name].clone();
        fact.as_object_mut().expect("a fact is an object").shift_remove("evidence");
        fact.to_string()
    };
    assert_snapshot!(facts(0, "timeout"), @r#"{"state":"unknown","value_ms":null,"limits":null}"#);
    assert_snapshot!(facts(0, "retry"), @r#"{"state":"known","attempts":4,"backoff":null,"jitter":null}"#);
    assert_snapshot!(facts(1, "timeout"), @r#"{"state":"absent","value_ms":null,"limits":null}"#);
    assert_snapshot!(facts(1, "circuit_breaker"), @r#"{"state":"unknown"}"#);
    assert_snapshot!(facts(1, "idempotency"), @r#"{"state":"absent"}"#);
    assert_eq!(model["edges"][0]["policy"][1]["layer"], "mesh");
    assert_eq!(model["services"][0]["aliases"][0], "checkout-svc");
    assert_eq!(model["operations"][0]["mutates"], true);
}

#[test]
fn one_line_per_finding_for_agents_and_annotations() {
    let shop = Shop::new();
    let selection = shop.selection(&Filter::default());
    assert_snapshot!(agent::render(&shop.report(), &selection), @r"
    services/payments/charge.go:4:2: error[idempotency/missing-key]: `payments.CreateCharge` is retried but not idempotent, so one order can be charged twice [17a0241d certain] at payments.CreateCharge; fix: derive the id from the order, so that a second insert is refused
    services/payments/charge.go:5:12: warning[observability/context-not-propagated]: `payments -> store:payments-db` does not carry the trace context, so a slow insert has no caller [3aa455e5 likely] at payments -> store:payments-db; fix: start the span before the call
    question checkout -> payments timeout: how long does checkout wait for payments?
    2 findings, 1 hidden, 1 allowed
    ");
    assert_snapshot!(github::render(&shop.report(), &selection), @r"
    ::error file=services/payments/charge.go,line=4,endLine=4,col=2,endColumn=18,title=idempotency/missing-key::`payments.CreateCharge` is retried but not idempotent, so one order can be charged twice%0Aderive the id from the order, so that a second insert is refused
    ::warning file=services/payments/charge.go,line=5,endLine=5,col=12,endColumn=21,title=observability/context-not-propagated::`payments -> store:payments-db` does not carry the trace context, so a slow insert has no caller%0Astart the span before the call
    ");
}
