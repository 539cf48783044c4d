use super::read;
use crate::ir::print::print;

fn printed(text: &str) -> String {
    print(&read("src/shop.rs", text))
}

/// The body of `f` in a file that holds nothing else.
fn body(text: &str) -> String {
    let all = printed(&format!("async fn f() -> R {{ {text} }}"));
    let lines = all.lines().skip_while(|line| !line.contains("func f")).skip(1);
    lines.map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

#[test]
fn a_result_is_taken_apart_where_it_is_matched() {
    assert_eq!(
        body("match call().await { Ok(order) => save(order), Err(error) => return Err(error.into()) }"),
        "(call Ok order), (call Err error) = (await (call call))\n\
         if (!= error nil)\n  return (call Err (call error.into))\nelse\n  return (call save order)\n"
    );
}

#[test]
fn question_marks_stay() {
    assert_eq!(
        body("let order = load(id).await?; Ok(order)"),
        "order = (? (await (call load id)))\nreturn (call Ok order)\n"
    );
}

#[test]
fn control_structures_in_expressions_run_before() {
    assert_eq!(
        body("save(if paid { 1 } else { 2 })"),
        "if paid\n  value@25 = 1\nelse\n  value@25 = 2\nreturn (call save value@25)\n"
    );
}

#[test]
fn the_value_of_a_loop_is_what_it_breaks_with() {
    let text = "let order = loop { if let Ok(found) = find().await { break found; } sleep(wait).await; };";
    let expected = "forever\n  (call Ok found), (call Err error@58) = (await (call find))\n  if (== error@58 nil)\n    \
                    order = found\n    break\n  (await (call sleep wait))\n";
    assert_eq!(body(text), expected);
}

#[test]
fn macros_hold_expressions() {
    assert_eq!(body("format!(\"{base}/orders/{}\", id)"), "return (template base \"/orders/\" id)\n");
    assert_eq!(body("sqlx::query!(\"SELECT 1\", id)"), "return (call sqlx.query! \"SELECT 1\" id)\n");
    assert_eq!(
        body("client.json(&json!({\"id\": order.id, \"lines\": [1, x]}))"),
        "return (call client.json {\"id\": order.id, \"lines\": [1, x]})\n"
    );
    assert_eq!(body("bail!(\"no\"); 1"), "return (call Err (unknown))\n(unknown)\nreturn 1\n");
}

#[test]
fn select_has_one_arm_for_each_future() {
    let text = "tokio::select! { Some(job) = queue.recv() => run(job).await, _ = stop.changed() => { return Ok(()) } }";
    let expected = "select\ncase (await (call queue.recv))\n  job =\n  return (await (call run job))\n\
                    case (await (call stop.changed))\n  return (call Ok [])\n";
    assert_eq!(body(text), expected);
}

#[test]
fn methods_belong_to_their_type_and_traits_are_its_bases() {
    let text = "
        use crate::store::{Store, self as s};
        pub struct Shop { store: Arc<dyn Store>, pool: Option<sqlx::PgPool> }
        #[async_trait]
        impl Orders for Shop {
            /// Places it.
            #[post(\"/orders/{id}\")]
            async fn place(&self, Json(order): Json<Order>) -> Result<Self, E> { Self::check(&order) }
        }";
    let expected = "package shop\nimport Store = crate.store.Store\nimport s = crate.store\nimport sqlx = sqlx\n\
                    type Shop: Orders\n  field store Store\n  field pool sqlx.PgPool\n@(call post \"/orders/{id}\")\n\
                    async func (self Shop) place(order: Order) -> Result<Shop,E> \"Places it.\"\n  \
                    return (call Shop.check order)\n";
    assert_eq!(printed(text), expected);
}

#[test]
fn tests_inside_a_file_are_left_out() {
    let module = read("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[tokio::test]\nasync fn c() {}");
    let names: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["a"]);
}

#[test]
fn deep_nesting_ends() {
    let depth = 10_000;
    let text = format!("fn f() {{ {}1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(read("src/a.rs", &text).functions.len(), 1);
    let text = format!("fn f() {{ {} }}", "if a { b!{ ".repeat(500));
    let _ = read("src/a.rs", &text);
}
