//! Java idioms: what frameworks are told by annotations, interfaces and names.

use super::{has, java};

const SERVICE: &str = r#"
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
@Service
class Orders {
  private final OrderRepository orders;
  private final Stock stock;
  Orders(OrderRepository orders, Stock stock) { this.orders = orders; this.stock = stock; }
  @Transactional
  public Order pay(Long id) {
    Order order = orders.findById(id).orElseThrow(() -> new IllegalStateException());
    order.pay();
    return order;
  }
  @Transactional
  public Order place(Order order) {
    stock.reserve(order.getSku());
    return orders.save(order);
  }
}
"#;

const REPOSITORY: &str = r#"
import java.util.Optional;
import org.springframework.data.jpa.repository.JpaRepository;
interface OrderRepository extends JpaRepository<Order, Long> { Optional<Order> findBySku(String sku); }
"#;

const ENTITY: &str = r#"
import javax.persistence.*;
@Entity
class Order {
  @Id private Long id;
  private String sku;
  private String state;
  String getSku() { return sku; }
  void pay() { this.state = "PAID"; }
}
"#;

const CLIENT: &str = r#"
import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.web.bind.annotation.*;
@FeignClient(name = "stock", path = "/api")
interface Stock { @PostMapping("/reserve/{sku}") void reserve(@PathVariable("sku") String sku); }
"#;

const CONTROLLER: &str = r#"
import org.springframework.web.bind.annotation.*;
@RestController
@RequestMapping("/orders")
class OrderController {
  private final Orders orders;
  OrderController(Orders orders) { this.orders = orders; }
  @PostMapping
  Order place(@RequestBody Order order) { return orders.place(order); }
  @PutMapping({"/{id}/pay", "/{id}/payment"})
  Order pay(@PathVariable Long id) { return orders.pay(id); }
  @RequestMapping(value = "/{id}", method = {RequestMethod.GET, RequestMethod.HEAD})
  Order pay(@PathVariable String id) { return null; }
}
"#;

#[test]
fn a_controller_calls_services_repositories_and_clients() {
    let flows = java(&[SERVICE, REPOSITORY, ENTITY, CLIENT, CONTROLLER]);
    has(
        &flows,
        "
         HTTP POST /orders = place
           transaction
             call http POST /reserve/{sku} -> http @http://stock/reserve/{sku} [timeout 60000 ms/read, deadline ?, trace absent] propagate
             write Order Set -> sql @${spring.datasource.url} [timeout ?, deadline ?, trace ?] propagate
           return Success",
    );
    assert!(flows.contains("HTTP GET /orders/{id} = pay"), "{flows}");
}

#[test]
fn an_entity_that_was_read_and_changed_is_written_with_its_transaction() {
    let flows = java(&[SERVICE, REPOSITORY, ENTITY, CLIENT, CONTROLLER]);
    has(
        &flows,
        "
         HTTP PUT /orders/{id}/pay = pay
           transaction
             read Order -> sql @${spring.datasource.url} [timeout ?, deadline ?, trace ?] propagate
             write Order Set -> sql @${spring.datasource.url} [timeout ?, deadline ?, trace ?] propagate
           return Success",
    );
    let versioned = ENTITY.replace("@Id private Long id;", "@Id private Long id; @Version private long version;");
    assert!(java(&[SERVICE, REPOSITORY, &versioned, CLIENT, CONTROLLER]).contains("write Order Conditional"));
}

#[test]
fn consumers_schedules_and_messages() {
    let flows = java(&[r#"
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import lombok.RequiredArgsConstructor;
@RequiredArgsConstructor
class Relay {
  private final KafkaTemplate<String, String> kafka;
  @KafkaListener(topics = {"placed", "${topics.paid:paid}"})
  void on(String message) { kafka.send("done", message); }
  @Scheduled(fixedDelay = 5000)
  void tick() { kafka.send("tick", "now"); }
}
"#]);
    has(
        &flows,
        "
         message placed = on
           from kafka placed@${spring.kafka.bootstrap-servers} auto-ack ?
           publish -> kafka done@${spring.kafka.bootstrap-servers} [timeout ?, deadline ?, trace ?] propagate",
    );
    assert!(flows.contains("message topics.paid = on") || flows.contains("${topics.paid} = on"), "{flows}");
    assert!(flows.contains("schedule 5000 = tick"), "{flows}");
}

#[test]
fn what_a_provider_makes_is_what_others_are_handed() {
    let controller = r#"
import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.client.RestTemplate;
@RestController
class Prices {
  @Autowired private RestTemplate rest;
  @Value("${prices.url:http://prices}") private String url;
  @GetMapping("/price") String price() { return rest.getForObject(url + "/p", String.class); }
}
"#;
    let provider = |made: &str| {
        format!(
            "import org.springframework.context.annotation.Bean;
import org.springframework.web.client.RestTemplate;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
class Config {{ @Bean RestTemplate rest() {{ {made} }} }}"
        )
    };
    has(
        &java(&[controller, &provider("return new RestTemplate();")]),
        "
         HTTP GET /price = price
           call http GET /p -> http @${prices.url}/p [timeout absent, deadline ?, trace absent] propagate",
    );
    let bounded = "SimpleClientHttpRequestFactory f = new SimpleClientHttpRequestFactory(); f.setReadTimeout(2000); return new RestTemplate(f);";
    assert!(java(&[controller, &provider(bounded)]).contains("[timeout 2000 ms/read,"));
    // Who made it was not seen.
    assert!(java(&[controller]).contains("[timeout ?,"));
}

#[test]
fn annotations_put_retries_breakers_and_threads_around_methods() {
    let flows = java(&[r#"
import com.netflix.hystrix.contrib.javanica.annotation.HystrixCommand;
import org.springframework.retry.annotation.*;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.client.RestTemplate;
@RestController
class Stock {
  private final RestTemplate rest = new RestTemplate();
  @GetMapping("/a") @Retryable(maxAttempts = 5, backoff = @Backoff(delay = 200, multiplier = 2))
  String a() { return rest.getForObject("http://a/", String.class); }
  @GetMapping("/b") @HystrixCommand
  String b() { return rest.getForObject("http://b/", String.class); }
}
"#]);
    has(
        &flows,
        "
         HTTP GET /a = a
           retry x5 growing pause 200 ms jitter absent",
    );
    assert!(flows.contains("@http://b/ [timeout absent, breaker Hystrix,"), "{flows}");
}

#[test]
fn messages_a_library_remembers_are_handled_once() {
    let consumer = r#"
import io.eventuate.tram.events.subscriber.*;
class Consumer {
  private Orders orders;
  public DomainEventHandlers handlers() {
    return DomainEventHandlersBuilder.forAggregateType("shop.Order").onEvent(Placed.class, this::on).build();
  }
  void on(DomainEventEnvelope<Placed> event) { orders.save(new Order()); }
}
interface Orders extends org.springframework.data.repository.CrudRepository<Order, Long> {}
class Order {}
"#;
    let flows = java(&[consumer]);
    has(
        &flows,
        "
         message shop.Order = on
           from kafka shop.Order@… auto-ack ?
           transaction sql @${spring.datasource.url}
             dedup mark received_messages unique true",
    );
    let off = "import io.eventuate.tram.consumer.common.TramNoopDuplicateMessageDetectorConfiguration;\nclass Off {}";
    assert!(!java(&[consumer, off]).contains("dedup mark"));
}

#[test]
fn a_gateway_route_is_an_operation_that_calls_on() {
    let flows = java(&[r#"
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.context.annotation.Bean;
class Routes {
  @Bean RouteLocator routes(RouteLocatorBuilder builder) {
    return builder.routes()
      .route(r -> r.path("/orders").and().method("POST").uri("http://orders"))
      .route(r -> r.path("/carts").uri("http://carts")).build();
  }
}
"#]);
    has(
        &flows,
        "
         HTTP POST /orders = HTTP POST /orders
           call http POST /orders -> http @http://orders/orders [timeout ?",
    );
}

#[test]
fn the_address_of_a_repository_is_a_setting() {
    let repository = crate::java::read("src/main/java/shop/Repository.java", &format!("package shop;\n{REPOSITORY}"));
    let main = r#"package shop;
import org.springframework.web.bind.annotation.GetMapping;
class Main {
  private OrderRepository orders;
  public static void main(String[] args) {}
  @GetMapping("/n") long n() { return orders.count(); }
}"#;
    let modules = [crate::java::read("src/main/java/shop/Main.java", main), repository];
    let units = crate::lower::lower(&modules, &[], crate::knowledge::Knowledge::built_in());
    let effects = &units[0].entries[0].flow.effects;
    let whatif_model::flow::Target::Symbolic(peer) = &effects[0].target else { panic!("not bound yet") };
    let setting = whatif_model::Part::Setting { key: "spring.datasource.url".to_owned(), default: None };
    assert_eq!(peer.address.parts, [setting]);
}

const ACCOUNT: &str = r#"
import org.springframework.data.mongodb.core.mapping.Document;
@Document
class Account {
  private String note;
  private long balance;
  public void setNote(String note) { this.note = note; }
  public void setBalance(long balance) { this.balance = balance; }
  public long getBalance() { return balance; }
}
"#;

fn accounts(change: &str) -> String {
    let controller = format!(
        r#"
import org.springframework.data.repository.CrudRepository;
import org.springframework.web.bind.annotation.*;
interface AccountRepository extends CrudRepository<Account, String> {{}}
@RestController
class Accounts {{
  private final AccountRepository accounts;
  Accounts(AccountRepository accounts) {{ this.accounts = accounts; }}
  @PutMapping("/accounts/{{id}}")
  void update(@PathVariable String id, @RequestBody Account update) {{
    Account account = accounts.findById(id).orElseThrow();
    {change}
    accounts.save(account);
  }}
}}
"#
    );
    java(&[ACCOUNT, &controller])
}

#[test]
fn a_document_is_put_back_with_what_its_fields_were_given() {
    let given = accounts("account.setNote(update.getNote());");
    assert!(given.contains("write Account Set -> mongodb @${spring.data.mongodb.uri}"), "{given}");
    let computed = accounts("account.setBalance(account.getBalance() - 1);");
    assert!(computed.contains("write Account SetFromRead"), "{computed}");
}

#[test]
fn a_method_reference_is_called_on_its_argument() {
    let flows = java(&[r#"
import java.util.function.Consumer;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.client.RestTemplate;
class Parcel {
  private final RestTemplate http = new RestTemplate();
  void send() { http.put("http://post/parcels", null); }
}
@RestController
class Parcels {
  @PostMapping("/parcels")
  void create() { with(new Parcel(), Parcel::send); }
  private void with(Parcel parcel, Consumer<Parcel> then) { then.accept(parcel); }
}
"#]);
    assert!(flows.contains("call http PUT /parcels"), "{flows}");
}
