//! Configuration names partners: small systems whose edges stand in nothing but their settings.

use whatif_config::Config;
use whatif_engine::review_sources;
use whatif_model::effective::State;
use whatif_model::system::{Node, System};

fn system(files: &[(&str, &str)]) -> System {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    review_sources(files, &Config::default(), &[]).system
}

/// `from -> to` of every edge, in order.
fn edges(system: &System) -> Vec<String> {
    let name = |node| system.address(node).to_owned();
    let mut edges: Vec<String> =
        system.edges.iter().map(|edge| format!("{} -> {}", name(edge.from), name(edge.to))).collect();
    edges.sort();
    edges.dedup();
    edges
}

const COMPOSE: &str = "services:
  gateway: {build: gateway, ports: ['80:8080'], environment: {SPRING_PROFILES_ACTIVE: docker}}
  orders:
    build: orders
    environment: {SPRING_DATASOURCE_URL: 'jdbc:postgresql://db/orders', ORDERS_RATES_URL: 'http://rates'}
  stock: {build: stock}
  rates: {image: 'registry.example.org/rates:1'}
  db: {image: 'postgres:16'}
  rabbit: {image: 'rabbitmq:3'}
  zipkin: {image: openzipkin/zipkin}
";

const GATEWAY: &str = "spring:
  application: {name: edge}
  cloud.gateway.routes:
    - {id: a, uri: 'lb://order-service', predicates: ['Path=/orders/**'], metadata: {response-timeout: 2000}}
    - {id: b, uri: '${stock.url}', predicates: ['Path=/stock/**']}
stock.url: http://localhost:8081
---
spring.config.activate.on-profile: docker
stock.url: http://stock-service:8080
spring.zipkin.base-url: http://zipkin:9411
";

const ORDERS: &str = "spring.application.name=order-service
spring.datasource.url=jdbc:h2:mem:orders
spring.rabbitmq.host=${RABBIT:rabbit}
orders.rates-url=http://localhost:9
";

#[test]
fn spring_settings_name_partners() {
    let system = system(&[
        ("compose.yaml", COMPOSE),
        ("gateway/src/main/resources/application.yml", GATEWAY),
        ("orders/src/main/resources/application.properties", ORDERS),
        ("orders/src/test/resources/application.properties", "stock.url=http://stock\n"),
        ("stock/src/main/resources/bootstrap.yml", "spring.application.name: stock-service\n"),
    ]);
    assert_eq!(
        edges(&system),
        ["gateway -> orders", "gateway -> stock", "orders -> broker:rabbit", "orders -> rates", "orders -> store:db"]
    );
    let edge = system.edges.iter().find(|edge| system.address(edge.to) == "orders").expect("it was listed");
    let timeout = system.effective(edge).timeout;
    assert_eq!((timeout.state, timeout.millis), (State::Known, Some(2000)));
}

#[test]
fn a_config_repository_serves_programs_by_name_and_profile() {
    let system = system(&[
        (
            "carts/src/main/resources/bootstrap.yml",
            "spring: {application: {name: carts}, cloud.config.uri: 'http://conf:8888'}\n",
        ),
        ("users/src/main/resources/application.yml", "spring.application.name: users\nserver.port: 8001\n"),
        ("conf/src/main/resources/application.yml", "server.port: 8888\nspring.application.name: conf\n"),
        (
            "conf/pom.xml",
            "<project><artifactId>conf</artifactId><dependencies><dependency><groupId>org.springframework.cloud</groupId><artifactId>spring-cloud-config-server</artifactId></dependency></dependencies></project>",
        ),
        ("conf/src/main/resources/shop-config/carts.yml", "users.url: http://localhost:8001/users\n"),
        ("conf/src/main/resources/shop-config/carts-prod.properties", "spring.redis.host=cache.example.org\n"),
        ("conf/src/main/resources/shop-config/application.yml", "server.port: 80\n"),
    ]);
    assert_eq!(edges(&system), ["carts -> conf", "carts -> store:cache.example.org", "carts -> users"]);
    let conf = system.services.iter().find(|service| service.name == "conf").expect("it was declared");
    assert!(conf.infrastructure);
    let platform = system.edges.iter().filter(|edge| edge.platform).count();
    assert_eq!(platform, 1);
}

#[test]
fn a_reverse_proxy_and_connection_strings_of_dotnet() {
    let system = system(&[
        (
            "docker-compose.yml",
            "services:\n  shop.api: {build: src/Shop.Api, environment: {ConnectionStrings__Shop: 'Server=sql;Database=Shop'}}\n  front: {build: src/Front}\n  sql: {image: 'mcr.microsoft.com/mssql/server:2022'}\n  mongo: {image: 'mongo:7'}\n",
        ),
        (
            "src/Shop.Api/appsettings.json",
            "{ // own machine\n \"ConnectionStrings\": {\"Shop\": \"Server=localhost\", \"Log\": \"mongodb://mongo/log\"},\n}",
        ),
        (
            "src/Front/appsettings.json",
            "{\"ReverseProxy\": {\"Routes\": {\"a\": {\"ClusterId\": \"shop\", \"Match\": {\"Path\": \"/shop/{**rest}\"}}}, \"Clusters\": {\"shop\": {\"HttpRequest\": {\"ActivityTimeout\": \"00:00:20\"}, \"Destinations\": {\"d\": {\"Address\": \"http://shop.api:8080\"}}}}}}",
        ),
    ]);
    assert_eq!(edges(&system), ["front -> shop.api", "shop.api -> store:mongo", "shop.api -> store:sql"]);
    let edge = system.edges.iter().find(|edge| system.address(edge.to) == "shop.api").expect("it was listed");
    assert_eq!(system.effective(edge).timeout.millis, Some(20_000));
}

#[test]
fn the_deployment_that_starts_more_of_the_programs_leads() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec: {template: {spec: {containers: [{name: orders, image: x/orders, env: [{name: DB, value: 'postgres://all/x'}, {name: CACHE, value: 'redis:6379'}]}]}}}\n";
    let system = system(&[
        (
            "compose.yaml",
            "services:\n  orders: {build: orders, environment: {DB: 'postgres://own/x'}}\n  stock: {build: stock}\n  own: {image: postgres}\n  all: {image: postgres}\n  redis: {image: redis}\n",
        ),
        ("compose-extra.yaml", "services:\n  stock: {environment: {DB: 'postgres://all/x'}}\n"),
        ("orders/Dockerfile", "FROM scratch\n"),
        ("stock/Dockerfile", "FROM scratch\n"),
        ("k8s/orders.yaml", manifest),
    ]);
    assert_eq!(edges(&system), ["orders -> store:own"]);
    assert!(system.edges.iter().all(|edge| matches!(edge.from, Node::Service(_))));
}

#[test]
fn what_the_framework_is_configured_for_is_where_data_goes() {
    let items = "package a;\nimport org.springframework.data.jpa.repository.JpaRepository;\ninterface Items extends JpaRepository<Item, Long> {}\n";
    let controller = "package a;\nimport org.springframework.web.bind.annotation.PostMapping;\nimport org.springframework.web.bind.annotation.RestController;\n@RestController\npublic class Shop {\n  private final Items items;\n  public Shop(Items items) { this.items = items; }\n  @PostMapping(\"/items\")\n  public void add(Item item) { items.save(item); }\n}\n";
    let main = "package a;\nimport org.springframework.boot.SpringApplication;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\npublic class Main { public static void main(String[] args) { SpringApplication.run(Main.class, args); } }\n";
    let pom = "<project><artifactId>shop</artifactId><dependencies><dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId></dependency></dependencies></project>";
    let code = [
        ("shop/pom.xml", pom),
        ("shop/src/main/java/a/Items.java", items),
        ("shop/src/main/java/a/Main.java", main),
        ("shop/src/main/java/a/Shop.java", controller),
    ];
    let with = |settings: &str| {
        let mut files = code.to_vec();
        files.push(("shop/src/main/resources/application.properties", settings));
        system(&files)
    };
    let own = with("spring.application.name=shop\nspring.datasource.url=jdbc:mysql://10.0.0.7:3306/goods\n");
    assert_eq!(edges(&own), ["shop -> store:goods"]);
    let inside = with("spring.application.name=shop\n");
    assert_eq!(edges(&inside), ["shop -> store:shop-h2"]);
    assert!(inside.stores.iter().all(whatif_model::system::Store::is_embedded));
}

#[test]
fn an_application_host_places_its_projects() {
    let host = "var builder = DistributedApplication.CreateBuilder(args);\nvar db = builder.AddPostgres(\"pg\").AddDatabase(\"goods\");\nvar stock = builder.AddProject<Projects.Stock_Api>(\"stock\").WithReference(db);\nbuilder.AddProject<Projects.Web>(\"web\").WithReference(stock).WithEnvironment(\"CallBackUrl\", stock.GetEndpoint(\"http\"));\nstock.WithEnvironment(\"WebClient\", \"http://web\");\nbuilder.Build().Run();\n";
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let system = system(&[
        ("src/Host/Program.cs", host),
        ("src/Host/Host.csproj", "<Project Sdk=\"Aspire.AppHost.Sdk/13.0.0\"></Project>"),
        ("src/Host/appsettings.json", "{\"Logging\": {}}"),
        ("src/Stock.Api/Stock.Api.csproj", web),
        ("src/Stock.Api/appsettings.json", "{\"ConnectionStrings\": {\"goods\": \"Host=localhost\"}}"),
        ("src/Web/Web.csproj", web),
        ("src/Web/appsettings.json", "{\"A\": 1}"),
    ]);
    let names: Vec<&str> = system.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["stock", "web"]);
    assert_eq!(edges(&system), ["stock -> store:pg", "web -> stock"]);
}

#[test]
fn one_machine_is_told_apart_by_ports_and_contradictions_are_kept() {
    let system = system(&[
        (
            "a/src/main/resources/application.yml",
            "spring.application.name: a\nserver.port: 8001\nb.url: http://localhost:8002/x\n",
        ),
        (
            "b/src/main/resources/application.yml",
            "spring.application.name: b\nserver.port: 8002\nnobody.url: http://localhost:9999\n",
        ),
    ]);
    assert_eq!(edges(&system), ["a -> b"]);
    let deployed = self::system(&[
        (
            "docker-compose.yml",
            "services:\n  x: {build: x, environment: {DB: 'postgres://one/x'}}\n  one: {image: postgres}\n  two: {image: postgres}\n",
        ),
        (
            "k8s.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: x, image: r/x, env: [{name: DB, value: 'postgres://two/x'}]}]}}}\n",
        ),
        ("x/Dockerfile", "FROM scratch\n"),
    ]);
    let claims: Vec<&str> = deployed.contradictions[0].claims.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!((deployed.contradictions.len(), claims), (1, vec!["postgres://two/x", "postgres://one/x"]));
}

#[test]
fn limits_of_gateways_and_clients_hold_for_their_calls() {
    let files = [
        (
            "front/src/main/resources/application.yml",
            "spring.application.name: front\nserver.port: 1\nzuul.routes: {a: {path: '/a/**', serviceId: back}}\nhystrix.command.default.execution.isolation.thread.timeoutInMilliseconds: 700\n",
        ),
        (
            "edge/src/main/resources/application.yml",
            "spring.application.name: edge\nserver.port: 2\nspring.cloud.gateway: {httpclient.response-timeout: 5s, routes: [{uri: 'lb://back', predicates: ['Path=/b']}]}\n",
        ),
        (
            "calls/src/main/resources/application.yml",
            "spring.application.name: calls\nserver.port: 3\nback.url: http://back\nfeign.client.config: {default: {readTimeout: 900}, other: {readTimeout: 1}}\n",
        ),
        ("back/src/main/resources/application.yml", "spring.application.name: back\nserver.port: 4\n"),
    ];
    let system = system(&files);
    let limits: Vec<(&str, Option<u64>)> =
        system.edges.iter().map(|edge| (system.address(edge.from), system.effective(edge).timeout.millis)).collect();
    assert_eq!(limits, [("calls", Some(900)), ("edge", Some(5_000)), ("front", Some(700))]);
}

#[test]
fn containers_without_code_call_what_they_are_linked_to_and_the_platform_waits_for_nobody() {
    let compose = "services:
  front: {image: 'registry.example.org/front:1', links: ['orders:orders', rabbit]}
  orders: {build: orders, links: [stock, rabbit]}
  stock: {build: stock}
  dashboard: {build: dashboard, depends_on: [rabbit]}
  rabbit: {image: 'rabbitmq:3'}
";
    let pom = "<project><artifactId>dashboard</artifactId><dependencies><dependency><groupId>org.springframework.cloud</groupId><artifactId>spring-cloud-starter-hystrix-dashboard</artifactId></dependency></dependencies></project>";
    let java = "import org.springframework.web.bind.annotation.*;
@RestController class Orders { @GetMapping(\"/orders\") String all() { return \"\"; } }
";
    let system = system(&[
        ("compose.yaml", compose),
        ("dashboard/pom.xml", pom),
        ("dashboard/src/main/resources/application.yml", "spring.application.name: dashboard\n"),
        ("orders/pom.xml", "<project><artifactId>orders</artifactId></project>"),
        ("orders/src/main/java/Orders.java", java),
    ]);
    assert_eq!(edges(&system), ["front -> broker:rabbit", "front -> orders", "orders -> broker:rabbit"]);
}

#[test]
fn a_sign_in_page_is_not_called() {
    let settings = "spring.application.name: accounts
spring.datasource.url: jdbc:mysql://10.0.0.7:3306/default
security.oauth2.client.user-authorization-uri: http://localhost:9999/oauth/authorize
";
    let system = system(&[
        ("accounts/src/main/resources/application.yml", settings),
        ("auth/src/main/resources/application.yml", "spring.application.name: auth\nserver.port: 9999\n"),
    ]);
    assert_eq!(edges(&system), ["accounts -> store:default"]);
}

#[test]
fn a_file_of_variables_that_everybody_imports_shows_no_calls() {
    let compose = "services:
  web: {image: 'acme/web:1', env_file: .env}
  orders: {image: 'acme/orders:1', env_file: .env}
  stock: {image: 'acme/stock:1', env_file: .env, environment: {RATES_URL: 'http://rates:80'}}
  rates: {image: 'acme/rates:1'}
";
    let system = system(&[("compose.yaml", compose), (".env", "ORDERS_ADDR=orders:3000\nSTOCK_ADDR=stock:3000\n")]);
    assert_eq!(edges(&system), ["stock -> rates"]);
}

const ONE_PROGRAM: &str = r#"package main

import (
	"context"
	"net/http"

	"google.golang.org/grpc"

	pb "example.com/shop/gen"
)

type search struct{ rates pb.RatesClient }
type rates struct{}

func main() {
	connection, _ := grpc.NewClient("rates:8080")
	search := &search{rates: pb.NewRatesClient(connection)}
	server := grpc.NewServer()
	pb.RegisterSearchServer(server, search)
	pb.RegisterRatesServer(server, &rates{})
	http.HandleFunc("/hotels", search.hotels)
	http.ListenAndServe(":80", nil)
}

func (s *search) hotels(w http.ResponseWriter, r *http.Request) {
	pb.NewSearchClient(dial()).Nearby(r.Context(), &pb.NearbyRequest{})
}

func dial() *grpc.ClientConn {
	connection, _ := grpc.NewClient("search:8080")
	return connection
}

func (s *search) Nearby(ctx context.Context, in *pb.NearbyRequest) (*pb.NearbyReply, error) {
	return nil, s.ask(ctx)
}

func (s *search) ask(ctx context.Context) error {
	_, err := s.rates.GetRates(ctx, &pb.RatesRequest{})
	return err
}

func (r *rates) GetRates(ctx context.Context, in *pb.RatesRequest) (*pb.RatesReply, error) {
	return &pb.RatesReply{}, nil
}
"#;

const SERVICES: &str = "syntax = \"proto3\";
package shop;
option go_package = \"example.com/shop/gen\";
service Search { rpc Nearby(NearbyRequest) returns (NearbyReply); }
service Rates { rpc GetRates(RatesRequest) returns (RatesReply); }
message NearbyRequest {}
message NearbyReply {}
message RatesRequest {}
message RatesReply {}
";

#[test]
fn a_program_deployed_for_several_parts_of_its_work_is_several_services() {
    let compose = "services:
  frontend: {build: ., command: shop frontend}
  search: {build: ., command: shop search}
  rates: {build: ., command: shop rates}
";
    let files = [
        ("compose.yaml", compose),
        ("main.go", ONE_PROGRAM),
        ("shop.proto", SERVICES),
        ("go.mod", "module example.com/shop\n"),
    ];
    let system = system(&files);
    let addresses: Vec<&str> = system.operations.iter().map(|operation| operation.address.as_str()).collect();
    assert!(addresses.contains(&"search.Nearby") && addresses.contains(&"rates.GetRates"), "{addresses:?}");
    assert_eq!(edges(&system), ["frontend -> search", "search -> rates"]);
}
