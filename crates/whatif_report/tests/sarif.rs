//! SARIF: valid by the official schema, and nothing of a finding lost.

mod schema;
mod shop;

use serde_json::{Value, json};
use shop::Shop;
use whatif_report::{Filter, sarif};

fn log() -> Value {
    let shop = Shop::new();
    let text = sarif::render(&shop.report(), &shop.selection(&Filter::default()), "0.1.0");
    serde_json::from_str(&text).expect("the output is JSON")
}

fn official() -> Value {
    serde_json::from_str(include_str!("sarif/sarif-schema-2.1.0.json")).expect("the schema is JSON")
}

#[test]
fn the_log_is_valid_by_the_official_schema() {
    assert_eq!(schema::complaints(&official(), &log()), Vec::<String>::new());
}

#[test]
fn the_check_sees_what_is_wrong() {
    let mut wrong = log();
    wrong["runs"][0]["results"][0]["level"] = json!("fatal");
    wrong["runs"][0]["results"][1]["colour"] = json!("red");
    wrong["runs"][0]["tool"]["driver"].as_object_mut().expect("the driver is an object").remove("name");
    wrong["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = json!(0);
    assert_eq!(schema::complaints(&official(), &wrong).len(), 4);
}

#[test]
fn evidence_becomes_locations_and_traces_become_code_flows() {
    let log = log();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "idempotency/missing-key");
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], result["ruleId"]);
    let uri = |location: &Value| location["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri(&result["locations"][0]), "services/payments/charge.go");
    let related: Vec<Value> = result["relatedLocations"].as_array().into_iter().flatten().map(uri).collect();
    assert_eq!(related, ["deploy/istio/payments.yaml", "docs/adr/0007-checkout.md"]);
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map(Vec::len);
    assert_eq!(steps, Some(5));
}

#[test]
fn allowed_findings_are_suppressed_results() {
    let log = log();
    let results = log["runs"][0]["results"].as_array().expect("results are a list");
    let suppressed: Vec<&Value> = results.iter().filter_map(|result| result.get("suppressions")).collect();
    assert_eq!(suppressed, [&json!([{ "kind": "inSource", "status": "accepted", "justification": "marketing page" }])]);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let shop = Shop::new();
    let render = || sarif::render(&shop.report(), &shop.selection(&Filter::all()), "0.1.0");
    assert_eq!(render(), render());
}
