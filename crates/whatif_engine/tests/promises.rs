//! What a team promises is checked on its code.

use whatif_config::Config;
use whatif_engine::review_sources;
use whatif_model::verdict::{Mindset, Verdict};

/// Takes stock, then charges; a failed charge leaves the order where it is.
const SHOP: &str = r#"package main

import (
	"database/sql"
	"net/http"
)

type server struct {
	db *sql.DB
}

func (s *server) placeOrder(w http.ResponseWriter, r *http.Request) {
	if _, err := s.db.Exec("INSERT INTO orders (sku) VALUES ($1)", r.FormValue("sku")); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resp, err := http.Post("http://payment:8080/payments", "application/json", nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(http.StatusCreated)
}

func (s *server) takeStock(w http.ResponseWriter, r *http.Request) {
	if _, err := s.db.Exec("UPDATE stock SET available = available - 1 WHERE sku = $1", r.FormValue("sku")); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func main() {
	db, _ := sql.Open("postgres", "postgres://db/shop")
	s := &server{db: db}
	http.HandleFunc("POST /orders", s.placeOrder)
	http.HandleFunc("POST /stock", s.takeStock)
	http.ListenAndServe(":8080", nil)
}
"#;

const PAYMENT: &str = r#"package main

import (
	"database/sql"
	"net/http"
)

var db *sql.DB

func createPayment(w http.ResponseWriter, r *http.Request) {
	if _, err := db.Exec("INSERT INTO payments (amount) VALUES ($1)", r.FormValue("amount")); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func main() {
	db, _ = sql.Open("postgres", "postgres://db/payments")
	http.HandleFunc("POST /payments", createPayment)
	http.ListenAndServe(":8080", nil)
}
"#;

const COMPOSE: &str = "services:
  shop: {build: shop}
  payment: {build: payment}
  db: {image: 'postgres:16'}
";

/// The answer about one operation with this promise, and the problems of the configuration.
fn ask(promise: &str, operation: &str, question: Mindset) -> (Verdict, Vec<String>) {
    let text = format!("[[promise]]\nholds = {promise:?}\n");
    let config = Config::parse("whatif.toml", &text).expect("the promise is understood");
    let files = [
        ("compose.yaml", COMPOSE),
        ("shop/go.mod", "module example.org/shop\n"),
        ("shop/main.go", SHOP),
        ("payment/go.mod", "module example.org/payment\n"),
        ("payment/main.go", PAYMENT),
    ];
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let review = review_sources(files, &config, &Mindset::ALL);
    let row = review.matrix.iter().find(|row| review.system[row.operation].address == operation);
    let known: Vec<&str> = review.system.operations.iter().map(|operation| operation.address.as_str()).collect();
    let verdict =
        row.unwrap_or_else(|| unreachable!("{operation} is none of {known:?}")).verdicts[question as usize].clone();
    let problems = review.system.problems.iter().filter(|problem| problem.path == "whatif.toml");
    (verdict, problems.map(|problem| problem.message.clone()).collect())
}

fn broken(verdict: &Verdict) -> &str {
    verdict.trace().map_or("", |trace| trace.broken.as_str())
}

#[test]
fn what_happens_at_most_once_is_found_twice() {
    let (verdict, problems) = ask("order paid at most once", "shop.placeOrder", Mindset::Twice);
    assert!(broken(&verdict).starts_with("the promise \"order paid at most once\" is broken: "), "{verdict:?}");
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn what_happens_eventually_is_found_missing_only_where_it_was_accepted() {
    let every = "every order is eventually paid";
    let (verdict, _) = ask(every, "shop.placeOrder", Mindset::Halfway);
    assert!(broken(&verdict).contains(every), "{verdict:?}");
    // Nobody is told that it worked before it is paid.
    let accepted = "every accepted order is eventually paid";
    let (verdict, problems) = ask(accepted, "shop.placeOrder", Mindset::Halfway);
    assert!(!broken(&verdict).contains(accepted), "{verdict:?}");
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_blind_change_may_pass_a_bound() {
    let (verdict, _) = ask("stock.available >= 0", "shop.takeStock", Mindset::Together);
    let Verdict::Depends(on) = &verdict else { unreachable!("nothing says whether the store refuses: {verdict:?}") };
    assert_eq!(on.safe_if, ["what would take `stock` below 0 is refused, or only ever adds to it"]);
    assert!(broken(&verdict).contains("go below the bound"), "{verdict:?}");
}

#[test]
fn a_promise_about_nothing_is_told() {
    let (_, problems) = ask("parcel weighed at most once", "shop.placeOrder", Mindset::Twice);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("is about no operation"), "{problems:?}");
}
