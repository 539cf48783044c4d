//! Rust idioms.

use super::{dump, entries, has};

const CARGO: (&str, &str) = ("Cargo.toml", "[package]\nname = \"shop\"\n[dependencies]\nredis = \"0.25\"\n");

/// The entry points of a program of one file.
fn rust(text: &str) -> String {
    entries(&dump(&[CARGO, ("src/main.rs", text)]))
}

/// A service with one axum route, whose handler has a client and a pool.
fn handler(body: &str) -> String {
    rust(&format!(
        r#"
use axum::{{extract::State, routing::post, Json, Router}};
use sqlx::postgres::{{PgPool, PgPoolOptions}};
use std::time::Duration;
#[derive(Clone)]
struct Shop {{ pool: PgPool, http: reqwest::Client, seen: Arc<tokio::sync::Mutex<Seen>> }}
#[tokio::main]
async fn main() -> anyhow::Result<()> {{
    let pool = PgPoolOptions::new().connect(&std::env::var("DATABASE_URL")?).await?;
    let shop = Shop {{ pool, http: reqwest::Client::new(), seen: Arc::new(tokio::sync::Mutex::new(Seen::default())) }};
    let app = Router::new().nest("/api", Router::new().route("/orders/:id", post(place))).with_state(shop);
    axum::serve(listener, app).await?;
    Ok(())
}}
async fn place(State(shop): State<Shop>, Json(order): Json<Order>) -> Result<Json<Receipt>, Error> {{ {body} }}
"#
    ))
}

#[test]
fn a_question_mark_hands_the_failure_on() {
    has(
        &handler(
            "let receipt = shop.http.post(\"http://bank/charge\").json(&order).send().await?.json().await?; Ok(Json(receipt))",
        ),
        "
         HTTP POST /api/orders/{id} = place
           call http POST /charge -> http @http://bank/charge [timeout absent, deadline ?, trace absent] propagate
           return Success",
    );
}

#[test]
fn a_transaction_ends_with_its_commit_and_reads_are_told_from_writes() {
    has(
        &handler(
            "let mut tx = shop.pool.begin().await?;
             let row = sqlx::query!(\"SELECT stock FROM items WHERE id = $1\", order.item).fetch_one(&mut *tx).await?;
             sqlx::query(\"UPDATE items SET stock = $1 WHERE id = $2\").bind(row.stock - 1).bind(order.item).execute(&mut *tx).await?;
             tx.commit().await?;
             shop.http.get(\"http://mail/send\").timeout(Duration::from_secs(2)).send().await?;
             Ok(Json(Receipt::default()))",
        ),
        "
           transaction postgresql @${DATABASE_URL}
             read items -> postgresql @${DATABASE_URL} [timeout absent, deadline ?, trace absent] propagate
             write items SetFromRead -> postgresql @${DATABASE_URL} [timeout absent, deadline ?, trace absent] propagate
           call http GET /send -> http @http://mail/send [timeout 2000 ms",
    );
}

#[test]
fn what_only_chooses_the_row_is_not_written() {
    has(
        &handler(
            "let row = sqlx::query!(\"SELECT id FROM items WHERE name = $1\", order.name).fetch_one(&shop.pool).await?;
             sqlx::query(\"UPDATE items SET stock = $1 WHERE id = $2\").bind(order.stock).bind(row.id).execute(&shop.pool).await?;
             Ok(Json(Receipt::default()))",
        ),
        "write items Set -> postgresql",
    );
}

#[test]
fn a_loop_that_matches_the_result_is_a_retry() {
    has(
        &handler(
            "let mut wait = Duration::from_millis(100);
             for attempt in 0..3 {
                 match shop.http.post(\"http://bank/charge\").send().await {
                     Ok(receipt) => return Ok(Json(receipt)),
                     Err(error) => { tracing::warn!(%error, \"again\"); tokio::time::sleep(wait).await; wait *= 2; }
                 }
             }
             Err(Error::Bank)",
        ),
        "
           retry x3 growing pause 100 ms jitter absent
             call http POST /charge",
    );
}

#[test]
fn trying_one_address_after_the_other_is_no_retry() {
    let flows = handler(
        "for bank in shop.banks.iter() { if let Ok(receipt) = shop.http.post(bank).send().await { return Ok(Json(receipt)); } } Err(Error::Bank)",
    );
    assert!(!flows.contains("retry"), "{flows}");
}

#[test]
fn a_time_limit_around_a_future_bounds_what_it_does() {
    has(
        &handler(
            "let receipt = tokio::time::timeout(Duration::from_secs(3), shop.http.post(\"http://bank/charge\").send()).await??; Ok(Json(receipt))",
        ),
        "call http POST /charge -> http @http://bank/charge [timeout 3000 ms",
    );
}

#[test]
fn failures_are_dropped_logged_or_answered_with_something_else() {
    has(
        &handler("let _ = shop.http.get(\"http://mail/a\").send().await; Ok(())"),
        "call http GET /a -> http @http://mail/a [timeout absent, deadline ?, trace absent] discard",
    );
    has(
        &handler(
            "if let Err(error) = shop.http.get(\"http://mail/b\").send().await { tracing::error!(?error, \"mail\"); } Ok(())",
        ),
        "call http GET /b -> http @http://mail/b [timeout absent, deadline ?, trace absent] log",
    );
    has(
        &handler("let found = shop.http.get(\"http://mail/c\").send().await.unwrap_or_default(); Ok(())"),
        "call http GET /c -> http @http://mail/c [timeout absent, deadline ?, trace absent] handle",
    );
}

#[test]
fn a_named_guard_holds_its_lock_and_an_unnamed_one_does_not() {
    has(
        &handler("let mut seen = shop.seen.lock().await; shop.http.get(\"http://mail/a\").send().await?; Ok(())"),
        "
           locked
             call http GET /a",
    );
    let flows =
        handler("shop.seen.lock().await.insert(order.id); shop.http.get(\"http://mail/a\").send().await?; Ok(())");
    assert!(!flows.contains("locked"), "{flows}");
    let flows = handler(
        "let seen = shop.seen.lock().await; drop(seen); shop.http.get(\"http://mail/a\").send().await?; Ok(())",
    );
    assert!(!flows.contains("locked"), "{flows}");
}

#[test]
fn what_is_spawned_is_not_waited_for() {
    has(
        &handler("tokio::spawn(async move { shop.http.get(\"http://mail/a\").send().await }); Ok(())"),
        "
           spawn
             call http GET /a",
    );
}

#[test]
fn attributes_say_the_route_and_scopes_the_prefix() {
    let flows = rust(
        "use actix_web::{get, web, App, HttpServer, HttpResponse};
         #[get(\"/orders/{id}\")]
         async fn order(client: web::Data<awc::Client>) -> HttpResponse {
             match client.get(\"http://store/x\").send().await { Ok(_) => HttpResponse::Ok().finish(), Err(_) => HttpResponse::BadGateway().finish() }
         }
         async fn health() -> HttpResponse { HttpResponse::Ok().finish() }
         fn routes(config: &mut web::ServiceConfig) { config.service(web::scope(\"/v1\").service(order)); }
         #[actix_web::main]
         async fn main() -> std::io::Result<()> {
             HttpServer::new(|| App::new().configure(routes).service(web::resource(\"/health\").route(web::get().to(health)))).bind(\"x\")?.run().await
         }",
    );
    has(&flows, "HTTP GET /v1/orders/{id} = order\n  call http GET /x");
    has(&flows, "HTTP GET /health = health\n  return Success");
}

#[test]
fn generated_clients_and_servers_speak_of_their_service() {
    let flows = rust(
        "mod pb { tonic::include_proto!(\"shop\"); }
         use pb::{bank_client::BankClient, shop_server::{Shop, ShopServer}};
         use tonic::{transport::{Endpoint, Server}, Request, Response, Status};
         struct Service { bank: BankClient<Channel> }
         #[tonic::async_trait]
         impl Shop for Service {
             async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
                 let receipt = self.bank.clone().charge_card(request.into_inner()).await?;
                 Ok(Response::new(receipt.into_inner()))
             }
         }
         #[tokio::main]
         async fn main() {
             let channel = Endpoint::from_static(\"http://bank:50051\").timeout(Duration::from_secs(5)).connect_lazy();
             let service = Service { bank: BankClient::new(channel) };
             Server::builder().add_service(ShopServer::new(service)).serve(address).await.unwrap();
         }",
    );
    has(
        &flows,
        "
         rpc Shop/PlaceOrder = place_order
           call grpc Bank/ChargeCard -> grpc Bank@http://bank:50051 [timeout 5000 ms, deadline ?, trace absent] propagate",
    );
}

#[test]
fn messages_are_taken_in_a_loop() {
    let flows = rust(
        "use rdkafka::{config::ClientConfig, consumer::{Consumer, StreamConsumer}};
         #[tokio::main]
         async fn main() {
             let consumer: StreamConsumer = ClientConfig::new().create().expect(\"consumer\");
             consumer.subscribe(&[\"orders\"]).unwrap();
             let http = reqwest::Client::new();
             loop {
                 let message = consumer.recv().await.unwrap();
                 http.post(\"http://mail/send\").send().await.unwrap();
             }
         }",
    );
    has(&flows, "from kafka orders");
    has(&flows, "call http POST /send");
}

#[test]
fn crates_of_a_workspace_belong_to_the_programs_that_use_them() {
    let dumped = dump(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"api\", \"store\"]\n"),
        ("api/Cargo.toml", "[package]\nname = \"shop-api\"\n[dependencies]\nshop-store = { path = \"../store\" }\n"),
        ("store/Cargo.toml", "[package]\nname = \"shop-store\"\n"),
        ("api/src/main.rs", "mod routes;\nfn main() { routes::run(); }"),
        (
            "api/src/routes.rs",
            "use shop_store::Store;\npub fn run() { let app = axum::Router::new().route(\"/x\", axum::routing::get(x)); }\nasync fn x() -> R { Store::new(\"http://s\").load().await?; Ok(()) }",
        ),
        ("store/src/lib.rs", "mod client;\npub use client::Store;"),
        (
            "store/src/client.rs",
            "pub struct Store { base: String, http: reqwest::Client }\nimpl Store { pub fn new(base: &str) -> Self { Self { base: base.to_string(), http: reqwest::Client::new() } } pub async fn load(&self) -> R { self.http.get(format!(\"{}/load\", self.base)).send().await } }",
        ),
    ]);
    has(&dumped, "unit shop-api (rust) at \"api\"");
    has(&dumped, "HTTP GET /x = x\n  call http GET /load -> http @http://s/load");
    assert!(!dumped.contains("unit shop-store"), "{dumped}");
}

#[test]
fn a_variant_holds_what_it_was_made_with() {
    let flows = rust(
        "use axum::{routing::post, Router};
         enum Next { Go(sqlx::Transaction), Stop(String) }
         fn main() { Router::new().route(\"/x\", post(x)); }
         async fn begin() -> Result<Next, E> {
             let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await?;
             if known() { return Ok(Next::Stop(String::new())); }
             Ok(Next::Go(pool.begin().await?))
         }
         async fn x() -> Result<(), E> {
             let mut tx = match begin().await? { Next::Go(tx) => tx, Next::Stop(_) => return Ok(()) };
             sqlx::query(\"INSERT INTO orders (id) VALUES (1)\").execute(&mut *tx).await?;
             tx.commit().await?;
             Ok(())
         }",
    );
    has(&flows, "write orders Insert -> postgresql @postgres://db/shop");
}

#[test]
fn what_a_layer_around_a_handler_reads_the_handler_need_not() {
    let program = |literal: &str| {
        let text = format!(
            "use axum::{{routing::post, Router}};
             struct Once<S> {{ inner: S }}
             impl<S> Service for Once<S> {{ fn call(&mut self, request: Request) -> F {{ let key = request.headers().get(\"{literal}\"); self.inner.call(request) }} }}
             fn main() {{ Router::new().nest(\"/v1\", Router::new().route(\"/x\", post(x))).layer(tower::ServiceBuilder::new().layer_fn(|inner| Once {{ inner }})); }}
             async fn x() -> R {{ reqwest::Client::new().post(\"http://bank/charge\").send().await?; Ok(()) }}"
        );
        rust(&text)
    };
    has(&program("idempotency-key"), "cut a layer around the handler reads the key");
    assert!(!program("accept").contains("layer"));
}

#[test]
fn names_handed_on_in_a_circle_end() {
    let dumped = dump(&[
        CARGO,
        (
            "src/main.rs",
            "mod a; mod b; pub use a::thing; fn main() { thing(); crate::b::thing(); self::own(); }\nuse self::own;",
        ),
        ("src/a.rs", "pub use crate::b::thing;"),
        ("src/b.rs", "pub use crate::a::thing;"),
    ]);
    has(&dumped, "unit shop");
}
