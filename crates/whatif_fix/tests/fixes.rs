//! Every repair on small programs: what is found, what the fix makes of it, and that the finding is gone afterwards.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use whatif_config::Config;
use whatif_engine::{Review, review_sources};
use whatif_fix::{Fix, Safety, apply, fixes};
use whatif_model::text::FileId;

/// Whom the programs call.
const COMPOSE: &str = "services:
  shop: { build: shop }
  payments: { image: 'acme/payments:1.0' }
  prices: { image: 'acme/prices:1.0' }
  rates: { image: 'acme/rates:1.0' }
  rabbitmq: { image: 'rabbitmq:3.13' }
  db: { image: 'postgres:16' }
";

fn review(path: &str, text: &str) -> Review {
    let files = [(path, text), ("compose.yaml", COMPOSE)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    review_sources(files.to_vec(), &Config::default(), &[])
}

/// The first fix of a finding of `rule`, with the finding's message.
fn fix_of(rule: &str, path: &str, text: &str) -> Option<(String, Fix)> {
    let review = review(path, text);
    let found: Vec<&str> = review.findings.iter().map(|finding| finding.rule).collect();
    assert!(found.contains(&rule), "{rule} is not among {found:?}");
    let fixes = fixes(&review.findings, &review.system, &review.sources);
    let first = fixes.into_iter().find(|(finding, _)| finding.rule == rule);
    first.map(|(finding, fix)| (finding.message.clone(), fix))
}

/// The text after the fix of a finding of `rule`, which must be gone then.
fn repaired(rule: &str, path: &str, text: &str, safety: Safety) -> String {
    let (message, fix) = fix_of(rule, path, text).expect("a fix");
    assert_eq!(fix.safety, safety, "{}", fix.title);
    let after = apply(FileId::of(path), text, &fix.edits);
    let left = review(path, &after);
    assert!(left.findings.iter().all(|finding| finding.message != message), "still found in:\n{after}");
    after
}

const FLASK: &str = r#"import requests
from flask import Flask

app = Flask(__name__)


@app.route("/orders/<id>/pay", methods=["POST"])
def pay(id):
    answer = requests.post(
        "http://payments/charges",
        json={"order": id},
    )
    return answer.json()
"#;

#[test]
fn a_python_call_gets_its_keyword() {
    let after = repaired("timeouts/missing", "shop/app.py", FLASK, Safety::Unsafe);
    assert_eq!(after, FLASK.replace("{\"order\": id},", "{\"order\": id},\n        timeout=10,"));
}

const GO: &str = r#"package main

import (
	"context"
	"net/http"
)

type shop struct{ client *http.Client }

func main() {
	s := shop{client: &http.Client{}}
	http.HandleFunc("/price", s.price)
	http.ListenAndServe(":8080", nil)
}

func (s shop) price(w http.ResponseWriter, r *http.Request) {
	request, _ := http.NewRequestWithContext(context.Background(), "GET", "http://prices/v1/price", nil)
	response, err := s.client.Do(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
}
"#;

#[test]
fn a_go_client_gets_its_field_and_the_file_its_import() {
    let after = repaired("timeouts/missing", "shop/main.go", GO, Safety::Unsafe);
    let wanted = GO.replace("&http.Client{}", "&http.Client{Timeout: 10 * time.Second}");
    assert_eq!(after, wanted.replace("\t\"net/http\"\n", "\t\"net/http\"\n\t\"time\"\n"));
}

#[test]
fn a_fresh_context_becomes_the_requests_and_an_import_nobody_uses_goes() {
    let after = repaired("timeouts/deadline-not-propagated", "shop/main.go", GO, Safety::Safe);
    let wanted = GO.replace("context.Background()", "r.Context()");
    assert_eq!(after, wanted.replace("\t\"context\"\n", ""));
}

#[test]
fn a_context_in_something_started_is_left_alone() {
    let started = GO.replace("\trequest, _ :=", "\tgo func() {}()\n\trequest, _ :=");
    assert!(fix_of("timeouts/deadline-not-propagated", "shop/main.go", &started).is_some());
    let inside = GO
        .replace("\trequest, _ :=", "\tdo := func() (*http.Response, error) {\n\trequest, _ :=")
        .replace("response, err := s.client.Do(request)", "return s.client.Do(request)\n\t}\n\tresponse, err := do()");
    assert!(fix_of("timeouts/deadline-not-propagated", "shop/main.go", &inside).is_none());
}

const DEFAULT_CLIENT: &str = r#"package main

import "net/http"

func main() {
	http.HandleFunc("/price", price)
	http.ListenAndServe(":8080", nil)
}

func price(w http.ResponseWriter, r *http.Request) {
	response, err := http.Get("http://prices/v1/price")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
}
"#;

#[test]
fn the_default_client_of_go_is_replaced_by_one_with_a_limit() {
    let after = repaired("timeouts/missing", "shop/main.go", DEFAULT_CLIENT, Safety::Unsafe);
    let wanted = DEFAULT_CLIENT.replace("http.Get(\"", "(&http.Client{Timeout: 10 * time.Second}).Get(\"");
    assert_eq!(after, wanted.replace("import \"net/http\"\n", "import \"net/http\"\nimport \"time\"\n"));
}

const EXPRESS: &str = r#"const express = require('express');
const axios = require('axios');

const app = express();

app.post('/orders/:id/pay', async (req, res) => {
  const answer = await axios.post('http://payments/charges', req.body, { headers: { 'x-shop': 'a' } });
  const rate = await axios.get('http://rates/eur');
  res.json({ answer: answer.data, rate: rate.data });
});

app.listen(8080);
"#;

#[test]
fn a_javascript_call_gets_a_member_of_its_options() {
    let after = repaired("timeouts/missing", "shop/server.js", EXPRESS, Safety::Unsafe);
    let wanted = EXPRESS.replace("{ headers:", "{ timeout: 10000, headers:");
    assert_eq!(after, wanted.replace("rates/eur')", "rates/eur', { timeout: 10000 })"));
}

const TENACITY: &str = r#"import requests
from flask import Flask
from tenacity import retry, stop_after_attempt, wait_exponential

app = Flask(__name__)


@retry(stop=stop_after_attempt(5), wait=wait_exponential(multiplier=1))
def rate():
    return requests.get("http://rates/eur", timeout=2).json()


@app.route("/price")
def price():
    return rate()
"#;

#[test]
fn a_schedule_is_replaced_by_its_random_twin() {
    let after = repaired("retries/no-jitter", "shop/app.py", TENACITY, Safety::Safe);
    assert_eq!(after, TENACITY.replace("wait_exponential", "wait_random_exponential"));
}

const LOOP: &str = r#"import time

import requests
from flask import Flask

app = Flask(__name__)


def rate():
    for attempt in range(5):
        try:
            return requests.get("http://rates/eur", timeout=2).json()
        except requests.RequestException:
            time.sleep(2 ** attempt)
    raise RuntimeError("no rate")


@app.route("/price")
def price():
    return rate()
"#;

#[test]
fn a_loop_sleeps_for_a_random_part_of_its_pause() {
    let after = repaired("retries/no-jitter", "shop/app.py", LOOP, Safety::Safe);
    let wanted = LOOP.replace("sleep(2 ** attempt)", "sleep((2 ** attempt) * random.uniform(0.5, 1))");
    assert_eq!(after, wanted.replace("import time\n", "import random\nimport time\n"));
}

const CONSUMER: &str = r#"import pika
import psycopg2

database = psycopg2.connect("postgresql://db/orders")


def handle(channel, method, properties, body):
    channel.basic_ack(delivery_tag=method.delivery_tag)
    cursor = database.cursor()
    cursor.execute("INSERT INTO shipments (body) VALUES (%s)", (body,))
    database.commit()


connection = pika.BlockingConnection(pika.ConnectionParameters("rabbitmq"))
channel = connection.channel()
channel.basic_consume(queue="orders", on_message_callback=handle)
channel.start_consuming()
"#;

#[test]
fn an_acknowledgement_moves_behind_the_work() {
    let after = repaired("events/ack-before-processing", "shop/worker.py", CONSUMER, Safety::Unsafe);
    let ack = "    channel.basic_ack(delivery_tag=method.delivery_tag)\n";
    let wanted = CONSUMER.replacen(ack, "", 1);
    assert_eq!(after, wanted.replace("    database.commit()\n", &format!("    database.commit()\n{ack}")));
}

#[test]
fn an_acknowledgement_stays_where_the_handler_may_return_early() {
    let early = CONSUMER.replace("    cursor.execute", "    if not body:\n        return\n    cursor.execute");
    assert!(fix_of("events/ack-before-processing", "shop/worker.py", &early).is_none());
}

#[test]
fn a_file_with_syntax_errors_is_left_alone() {
    let broken = format!("{FLASK}\ndef (:\n");
    assert!(fix_of("timeouts/missing", "shop/app.py", &broken).is_none());
}

#[test]
fn an_allowed_finding_has_no_fix() {
    let allowed =
        FLASK.replace("answer =", "# whatif: allow(timeouts/missing) because the gateway cuts it off\n    answer =");
    let review = review("shop/app.py", &allowed);
    assert!(review.findings.iter().any(|finding| finding.allowed.is_some()));
    let fixes = fixes(&review.findings, &review.system, &review.sources);
    assert!(fixes.iter().all(|(finding, _)| finding.rule != "timeouts/missing"));
}
