//! Go idioms.

use super::{dump, go, has};

const GRPC: [&str; 4] = ["\"context\"", "\"os\"", "\"time\"", "\"google.golang.org/grpc\""];

/// A server whose `Pay` calls another service through a dial helper; `helper` is its body.
fn with_dial_helper(helper: &str, body: &str) -> String {
    let text = format!(
        r#"
type server struct {{ pb.UnimplementedShopServer; conn *grpc.ClientConn; addr string }}
func mapEnv(target *string, key string) {{ v := os.Getenv(key); if v == "" {{ panic("unset") }}; *target = v }}
func dial(ctx context.Context, conn **grpc.ClientConn, addr string) {{ {helper} }}
func main() {{
	ctx := context.Background()
	svc := new(server)
	mapEnv(&svc.addr, "BANK_ADDR")
	dial(ctx, &svc.conn, svc.addr)
	srv := grpc.NewServer()
	pb.RegisterShopServer(srv, svc)
}}
func (s *server) Pay(ctx context.Context, req *pb.PayRequest) (*pb.PayReply, error) {{ {body} }}
"#
    );
    let mut imports = GRPC.to_vec();
    imports.push("pb \"example.com/shop/pb\"");
    go(&imports, &text)
}

const DISCARDED: &str = "var err error; _, cancel := context.WithTimeout(ctx, time.Second*3); defer cancel(); *conn, err = grpc.NewClient(addr); if err != nil { panic(err) }";

#[test]
fn a_dial_helper_is_seen_through_and_its_discarded_deadline_bounds_nothing() {
    let flows = with_dial_helper(
        DISCARDED,
        "r, err := pb.NewBankClient(s.conn).Charge(ctx, &pb.ChargeRequest{Amount: req.Amount}); if err != nil { return nil, err }; return &pb.PayReply{Id: r.Id}, nil",
    );
    has(
        &flows,
        "
         rpc Shop/Pay = Pay
           call grpc Bank/Charge -> grpc Bank@${BANK_ADDR} [timeout absent, deadline true, trace absent] propagate id absent
           return Success",
    );
}

#[test]
fn a_derived_context_bounds_the_call_and_a_fresh_one_drops_the_deadline() {
    let flows = with_dial_helper(
        DISCARDED,
        "c, cancel := context.WithTimeout(ctx, 100*time.Millisecond); defer cancel(); pb.NewBankClient(s.conn).Look(c, nil); pb.NewBankClient(s.conn).Note(context.TODO(), nil); return nil, nil",
    );
    has(&flows, "call grpc Bank/Look -> grpc Bank@${BANK_ADDR} [timeout 100 ms, deadline true, trace absent] discard");
    has(&flows, "call grpc Bank/Note -> grpc Bank@${BANK_ADDR} [timeout absent, deadline false, trace absent] discard");
}

#[test]
fn routes_of_every_framework() {
    let std = go(
        &["\"net/http\""],
        r#"
func a(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) }
func wrap(next http.Handler) http.Handler { return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) }) }
func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", a)
	mux.Handle("/wrapped", wrap(http.HandlerFunc(a)))
	http.ListenAndServe(":80", mux)
}"#,
    );
    has(&std, "HTTP POST /orders/{id} = a\n  respond Success");
    has(&std, "HTTP /wrapped = a\n  respond Success");
    let gin = go(
        &["\"github.com/gin-gonic/gin\""],
        r#"
func get(c *gin.Context) { c.JSON(404, nil) }
func main() { r := gin.Default(); v1 := r.Group("/v1"); v1.GET("/items/:id", get); r.Run() }"#,
    );
    has(&gin, "HTTP GET /v1/items/{id} = get\n  respond Failure");
    let chi = go(
        &["\"net/http\"", "\"github.com/go-chi/chi/v5\""],
        r#"
func get(w http.ResponseWriter, r *http.Request) {}
func main() { r := chi.NewRouter(); r.Route("/v2", func(r chi.Router) { r.Get("/x/{id:[0-9]+}", get) }); http.ListenAndServe(":1", r) }"#,
    );
    has(&chi, "HTTP GET /v2/x/{id} = get");
    let mux = go(
        &["\"net/http\"", "\"github.com/gorilla/mux\""],
        r#"
func get(w http.ResponseWriter, r *http.Request) {}
func main() { r := mux.NewRouter(); s := r.PathPrefix("/api").Subrouter(); s.HandleFunc("/x", get).Methods("GET", "PUT"); http.ListenAndServe(":1", r) }"#,
    );
    has(&mux, "HTTP GET /api/x = get");
    has(&mux, "HTTP PUT /api/x = get");
}

#[test]
fn a_server_without_timeouts_and_one_with() {
    let bare = dump(&[(
        "main.go",
        "package main\nimport \"net/http\"\nfunc h(w http.ResponseWriter, r *http.Request) {}\nfunc main() { http.HandleFunc(\"/\", h); http.ListenAndServe(\":80\", nil) }",
    )]);
    has(&bare, "server timeout absent\ngraceful shutdown absent\ntracing absent");
    let bounded = dump(&[(
        "main.go",
        r#"package main
import ("net/http"; "time"; "os"; "os/signal"; "syscall")
func h(w http.ResponseWriter, r *http.Request) {}
func main() {
	http.HandleFunc("/", h)
	s := &http.Server{Addr: ":80", ReadTimeout: 5 * time.Second}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	s.ListenAndServe()
}"#,
    )]);
    has(&bounded, "server timeout 5000 ms\ngraceful shutdown true");
}

#[test]
fn http_clients_and_their_timeouts() {
    let flows = go(
        &["\"net/http\"", "\"time\"", "\"os\""],
        r#"
var client = &http.Client{Timeout: 2 * time.Second}
func h(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequestWithContext(r.Context(), http.MethodPut, "http://"+os.Getenv("STOCK")+"/items/"+r.PathValue("id"), nil)
	resp, err := client.Do(req)
	if err != nil { http.Error(w, "no", 502); return }
	_ = resp
	http.Get("http://ads:80/ad")
	http.DefaultClient.Do(req)
}
func main() { http.HandleFunc("/", h) }"#,
    );
    has(
        &flows,
        "call http PUT /items/{} -> http @http://${STOCK}/items/… [timeout 2000 ms, deadline true, trace absent] propagate",
    );
    has(&flows, "call http GET /ad -> http @http://ads:80/ad [timeout absent, deadline false, trace absent] discard");
    has(
        &flows,
        "call http PUT /items/{} -> http @http://${STOCK}/items/… [timeout absent, deadline true, trace absent] discard",
    );
}

#[test]
fn a_hand_written_retry() {
    let flows = go(
        &["\"net/http\"", "\"time\"", "\"fmt\""],
        r#"
func send() error {
	var err error
	for i := 0; i < 3; i++ {
		_, err = http.Post("http://bank/charge", "", nil)
		if err == nil { return nil }
		time.Sleep(time.Second * time.Duration(i))
	}
	return fmt.Errorf("gave up: %w", err)
}
func h(w http.ResponseWriter, r *http.Request) { if err := send(); err != nil { w.WriteHeader(500) } }
func main() { http.HandleFunc("/", h) }"#,
    );
    has(
        &flows,
        "retry x3 growing pause 1000 ms jitter absent\n  call http POST /charge -> http @http://bank/charge [timeout absent, deadline false, trace absent] propagate\n  sleep",
    );
}

#[test]
fn sql_in_a_transaction() {
    let flows = go(
        &["\"net/http\"", "\"database/sql\"", "\"os\""],
        r#"
var db *sql.DB
func h(w http.ResponseWriter, r *http.Request) {
	tx, err := db.BeginTx(r.Context(), nil)
	if err != nil { http.Error(w, "", 500); return }
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(r.Context(), "SELECT n FROM stock WHERE id = $1", 1).Scan(&n); err != nil { http.Error(w, "", 500); return }
	_, err = tx.ExecContext(r.Context(), "UPDATE stock SET n = $1", n-1)
	if err != nil { http.Error(w, "", 500); return }
	http.Post("http://mail/send", "", nil)
	if err := tx.Commit(); err != nil { http.Error(w, "", 500); return }
	w.WriteHeader(204)
}
func main() { db, _ = sql.Open("postgres", os.Getenv("DSN")); http.HandleFunc("/", h) }"#,
    );
    has(
        &flows,
        "
         transaction postgresql @${DSN}
           read stock -> postgresql @${DSN} [timeout absent, deadline true, trace absent] propagate
           write stock SetFromRead -> postgresql @${DSN} [timeout absent, deadline true, trace absent] propagate
           call http POST /send -> http @http://mail/send [timeout absent, deadline false, trace absent] discard
         respond Success",
    );
}

#[test]
fn brokers() {
    let amqp = go(
        &["amqp \"github.com/streadway/amqp\""],
        r#"
func main() {
	conn, _ := amqp.Dial("amqp://mq")
	ch, _ := conn.Channel()
	msgs, _ := ch.Consume("orders", "", false, false, false, false, nil)
	go func() { for d := range msgs { d.Ack(false); ch.Publish("shop", "paid", false, false, amqp.Publishing{Body: d.Body}) } }()
}"#,
    );
    has(
        &amqp,
        "message orders = main\n  from rabbitmq orders@amqp://mq auto-ack false\n  ack -> rabbitmq orders@amqp://mq\n  publish -> rabbitmq paid@amqp://mq",
    );
    let kafka = go(
        &["\"context\"", "\"github.com/IBM/sarama\""],
        r#"
type handler struct{ p sarama.SyncProducer }
func (h *handler) Setup(s sarama.ConsumerGroupSession) error { return nil }
func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for m := range claim.Messages() { h.p.SendMessage(&sarama.ProducerMessage{Topic: "out"}); s.MarkMessage(m, "") }
	return nil
}
func main() {
	p, _ := sarama.NewSyncProducer([]string{"kafka:9092"}, nil)
	g, _ := sarama.NewConsumerGroup([]string{"kafka:9092"}, "g", nil)
	for { g.Consume(context.Background(), []string{"in"}, &handler{p: p}) }
}"#,
    );
    has(&kafka, "message in = ConsumeClaim\n  from kafka in@kafka:9092 auto-ack false");
    has(&kafka, "publish -> kafka out@kafka:9092");
    let reader = go(
        &["\"context\"", "\"github.com/segmentio/kafka-go\""],
        r#"
func main() {
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{"k:9092"}, Topic: "orders"})
	w := &kafka.Writer{Topic: "mail"}
	for {
		m, err := r.ReadMessage(context.Background())
		if err != nil { break }
		w.WriteMessages(context.Background(), kafka.Message{Value: m.Value})
	}
}"#,
    );
    has(&reader, "message orders = main\n  from kafka orders@k:9092 auto-ack true");
    has(&reader, "publish -> kafka mail");
}

#[test]
fn locks_tickers_and_identities() {
    let flows = go(
        &["\"net/http\"", "\"sync\"", "\"time\"", "\"github.com/google/uuid\""],
        r#"
type store struct { mu sync.Mutex }
func (s *store) h(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	defer s.mu.Unlock()
	req, _ := http.NewRequest("POST", "http://bank/charge", nil)
	req.Header.Set("Idempotency-Key", key)
	http.DefaultClient.Do(req)
	for i := 0; i < 3; i++ {
		req, _ := http.NewRequest("POST", "http://bank/refund", nil)
		req.Header.Set("X-Request-Id", uuid.NewString())
		if _, err := http.DefaultClient.Do(req); err == nil { break }
	}
}
func main() {
	s := &store{}
	http.HandleFunc("/", s.h)
	t := time.NewTicker(30 * time.Second)
	go func() { for range t.C { http.Get("http://a/b") } }()
}"#,
    );
    has(&flows, "key read Idempotency-Key\nlocked Process s.mu");
    has(
        &flows,
        "call http POST /charge -> http @http://bank/charge [timeout absent, deadline false, trace absent] discard id from Idempotency-Key",
    );
    has(
        &flows,
        "retry x3 no pause jitter absent\n  new identity\n  call http POST /refund -> http @http://bank/refund [timeout absent, deadline false, trace absent] ? id fresh per attempt",
    );
    has(&flows, "schedule every 30 s = main\n  call http GET /b");
}

#[test]
fn an_interface_is_followed_to_what_main_stored() {
    let flows = go(
        &["\"net/http\"", "\"database/sql\""],
        r#"
type repo interface { Save(id string) error }
type pg struct { db *sql.DB }
func (p *pg) Save(id string) error { _, err := p.db.Exec("INSERT INTO orders (id) VALUES ($1)", id); return err }
type service struct { repo repo }
func newService(r repo) *service { return &service{repo: r} }
func (s *service) h(w http.ResponseWriter, r *http.Request) { if err := s.repo.Save("x"); err != nil { http.Error(w, "", 500) } }
func main() { db, _ := sql.Open("pgx", "postgres://db/shop"); s := newService(&pg{db: db}); http.HandleFunc("/", s.h) }"#,
    );
    has(
        &flows,
        "HTTP / = h\n  write orders Insert -> postgresql @postgres://db/shop [timeout absent, deadline false, trace absent] propagate",
    );
}

#[test]
fn a_service_config_repeats_calls() {
    let flows = with_dial_helper(
        "*conn, _ = grpc.NewClient(addr, grpc.WithDefaultServiceConfig(`{\"methodConfig\": [{\"name\": [{}], \"retryPolicy\": {\"maxAttempts\": 4, \"initialBackoff\": \"0.1s\"}}]}`))",
        "_, err := pb.NewBankClient(s.conn).Charge(ctx, nil); return nil, err",
    );
    has(
        &flows,
        "call grpc Bank/Charge -> grpc Bank@${BANK_ADDR} [timeout absent, retry x4 growing pause 100 ms jitter ?, deadline true",
    );
}

#[test]
fn pubsub_handlers_are_entry_points() {
    let flows = go(
        &["\"context\"", "\"cloud.google.com/go/pubsub\""],
        r#"
func handle(ctx context.Context, m *pubsub.Message) { m.Ack() }
func main() {
	client, _ := pubsub.NewClient(context.Background(), "p")
	client.Subscription("orders").Receive(context.Background(), handle)
}"#,
    );
    has(&flows, "message orders = handle\n  from pubsub orders@… auto-ack false\n  ack -> pubsub orders@…");
}

#[test]
fn a_deadline_that_is_thrown_away_is_noted_where_it_is_set() {
    let text = r#"package main
import ("context"; "net/http"; "time")
func dial(ctx context.Context) {
	_, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
}
func h(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	dial(ctx)
	dial(context.Background())
}
func main() { http.HandleFunc("/", h) }"#;
    let units = super::lower(&[crate::go::read("main.go", text)], &[], crate::knowledge::Knowledge::built_in());
    let limits: Vec<Option<u64>> = units[0].unused_deadlines.iter().map(|(limit, _)| *limit).collect();
    assert_eq!(limits, [Some(5_000)]);
}
