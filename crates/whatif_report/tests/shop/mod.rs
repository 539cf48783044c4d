//! A small system built by hand: checkout charges payments through a mesh that retries.

use whatif_model::evidence::{Confidence, Evidence, Fact, How, Stage};
use whatif_model::facts::code::{Language, Trigger};
use whatif_model::facts::{Ignored, Problem};
use whatif_model::finding::{Allowed, Finding, Severity, fingerprint};
use whatif_model::flow::*;
use whatif_model::system::*;
use whatif_model::text::{FileId, Range, SourceFile, Sources, Span};
use whatif_model::verdict::*;
use whatif_report::{Counts, Filter, Report, RuleText, Selection};

const MESH: &str = "deploy/istio/payments.yaml";
const CODE: &str = "services/payments/charge.go";
const SPEC: &str = "docs/adr/0007-checkout.md";

const FILES: [(&str, &str); 3] = [
    (MESH, "kind: VirtualService\nspec:\n  http:\n    - retries:\n        attempts: 3\n"),
    (
        CODE,
        "package payments\n\nfunc (s *Server) CreateCharge(in *Charge) error {\n\tid := uuid.New()\n\t_, err := s.db.Exec(`INSERT INTO charges VALUES ($1, $2)`, id, in.Amount)\n\treturn err\n}\n",
    ),
    (SPEC, "# Checkout\n\nA customer is charged exactly once per order.\n"),
];

const RULES: [RuleText; 3] = [
    RuleText {
        id: "idempotency/missing-key",
        severity: Severity::Error,
        summary: "a mutating operation that can be repeated has no idempotency key",
        page: "# missing-key\n",
    },
    RuleText {
        id: "observability/context-not-propagated",
        severity: Severity::Warning,
        summary: "a call does not carry the trace context",
        page: "# context-not-propagated\n",
    },
    RuleText {
        id: "vocabulary/fast",
        severity: Severity::Info,
        summary: "fast says nothing that can be tested",
        page: "# fast\n",
    },
];

/// A review with everything a renderer can meet.
pub(crate) struct Shop {
    sources: Sources,
    system: System,
    findings: Vec<Finding>,
    matrix: Vec<MatrixRow>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let files = FILES.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
        Self { sources: Sources::new(files), system: system(), findings: findings(), matrix: matrix() }
    }

    pub(crate) fn report(&self) -> Report<'_> {
        Report {
            sources: &self.sources,
            system: &self.system,
            findings: &self.findings,
            matrix: &self.matrix,
            questions: &self.system.questions,
            rules: &RULES,
            counts: Counts { files_read: 3, files_ignored: 2, bytes: 321 },
        }
    }

    pub(crate) fn selection(&self, filter: &Filter) -> Selection<'_> {
        Selection::new(&self.findings, filter)
    }
}

fn span(path: &str, words: &str) -> Span {
    let text = FILES.iter().find(|(own, _)| *own == path).expect("the file exists").1;
    let at = text.find(words).expect("the words are in the file");
    Range::new(at, at + words.len()).in_file(FileId::of(path))
}

fn stated(stage: Stage, path: &str, words: &str, label: &str) -> Evidence {
    Evidence::stated(stage, span(path, words), label)
}

fn retries() -> Evidence {
    stated(Stage::Design, MESH, "attempts: 3", "the mesh sends it up to 4 times")
}

fn fresh() -> Evidence {
    stated(Stage::Code, CODE, "id := uuid.New()", "every attempt gets a new id")
}

fn insert() -> Evidence {
    stated(Stage::Code, CODE, "s.db.Exec", "inserts")
}

fn no_timeout() -> Evidence {
    let how = How::Default { of: "database/sql".into(), link: "https://pkg.go.dev/database/sql".into() };
    Evidence { how, ..stated(Stage::Code, CODE, "s.db.Exec", "waits for ever") }
}

fn service(name: &str) -> Service {
    Service {
        address: name.into(),
        name: name.into(),
        aliases: vec![format!("{name}-svc")],
        language: Some(Language::Go),
        infrastructure: false,
        optional: false,
        units: Vec::new(),
        code_root: Some(format!("services/{name}")),
        replicas: Fact::known(2, retries()),
        server_timeout: Fact::Unknown,
        graceful_shutdown: Fact::Unknown,
        tracing: Fact::Unknown,
        telemetry: Default::default(),
        published: name == "checkout",
        evidence: vec![if name == "payments" { fresh() } else { retries() }],
    }
}

fn effect(kind: EffectKind, target: Target, span: Span, policy: Policy) -> Effect {
    Effect { on_error: OnError::Propagate, policy, ..Effect::new(kind, target, span) }
}

fn operation(service: u32, name: &str, flow: Flow, evidence: Evidence) -> Operation {
    let owner = ["checkout", "payments"][service as usize];
    Operation {
        address: format!("{owner}.{name}"),
        name: name.into(),
        service: ServiceId(service),
        trigger: Trigger::Rpc { service: "shop.Shop".into(), method: name.into() },
        source: None,
        mutates: Fact::known(true, insert()),
        contract: None,
        idempotency: Idempotency::default(),
        deadline: Fact::Unknown,
        flow,
        implemented: true,
        background: false,
        evidence: vec![evidence],
    }
}

fn edge(from: Node, to: Node, kind: EdgeKind, operation: u32, layers: Vec<Layer>) -> Edge {
    let sites = vec![Site { operation: OperationId(operation), effect: EffectId(0) }];
    let evidence = vec![if kind == EdgeKind::Sync { retries() } else { insert() }];
    Edge { from, to, kind, sites, operations: vec!["CreateCharge".into()], layers, platform: false, evidence }
}

fn system() -> System {
    let attempts = Fact::known(Attempts::Limited(4), retries());
    let mesh = Policy { retry: Fact::known(Retry { attempts, ..Retry::default() }, retries()), ..Policy::default() };
    let once = Policy { retry: Fact::absent(fresh()), ..Policy::default() };
    let call = EffectKind::Call { protocol: Protocol::Grpc, operation: "Payments/CreateCharge".into() };
    let mut pay = Flow::default();
    let step = pay.push(effect(call, Target::Service(ServiceId(1), Some(OperationId(1))), fresh().span, once));
    pay.steps.push(step);
    let unbounded = Timeout { bound: Bound::Unbounded, kind: TimeoutKind::Total };
    let own = Policy { timeout: Fact::known(unbounded, no_timeout()), ..Policy::default() };
    let write = EffectKind::Write { item: "charges".into(), how: WriteKind::Insert };
    let mut charge = Flow::default();
    let step = charge.push(effect(write, Target::Store(StoreId(0)), insert().span, own));
    charge.steps.push(step);
    let (checkout, payments) = (Node::Service(ServiceId(0)), Node::Service(ServiceId(1)));
    System {
        services: vec![service("checkout"), service("payments")],
        operations: vec![operation(0, "Pay", pay, retries()), operation(1, "CreateCharge", charge, fresh())],
        stores: vec![store()],
        edges: vec![
            edge(
                checkout,
                payments,
                EdgeKind::Sync,
                0,
                vec![Layer { kind: LayerKind::Mesh, policy: mesh, optional: false }],
            ),
            edge(payments, Node::Store(StoreId(0)), EdgeKind::Store, 1, Vec::new()),
        ],
        ignored: vec![Ignored { span: span(MESH, "spec:"), reason: "a field whatif does not know".into() }],
        problems: vec![Problem {
            path: "deploy/helm/pay.yaml".into(),
            span: None,
            message: "a Helm template; render it first".into(),
        }],
        questions: vec![Question {
            address: "checkout -> payments".into(),
            attribute: "timeout".into(),
            question: "how long does checkout wait for payments?".into(),
            decides: 3,
            span: Some(fresh().span),
        }],
        ..System::default()
    }
}

fn store() -> Store {
    Store {
        address: "store:payments-db".into(),
        name: "payments-db".into(),
        aliases: Vec::new(),
        engine: "postgresql".into(),
        cache: false,
        replicas: Fact::Unknown,
        durable: Fact::Unknown,
        optional: false,
        units: Vec::new(),
        tables: Vec::new(),
        evidence: vec![insert()],
    }
}

fn change(before: &str, after: &str) -> StateChange {
    StateChange { name: "charges".into(), before: before.into(), after: after.into() }
}

fn trace() -> Trace {
    let step = |actor: &str, to: &str, action: &str, evidence: Option<Evidence>| TraceStep {
        actor: actor.into(),
        to: to.into(),
        action: action.into(),
        evidence,
        ..TraceStep::default()
    };
    Trace {
        scenario: "the reply to attempt 1 is lost".into(),
        steps: vec![
            step("checkout", "payments", "CreateCharge for order A, attempt 1 of 4", Some(retries())),
            TraceStep {
                delta: "charges: 0 -> 1".into(),
                changes: vec![change("0", "1")],
                after: vec![0],
                ..step("payments", "store:payments-db", "insert", Some(insert()))
            },
            TraceStep { fault: "reply lost".into(), ..step("payments", "checkout", "answer", None) },
            step(
                "checkout",
                "payments",
                "CreateCharge for order A, attempt 2 of 4, by the mesh after its per-try timeout",
                Some(retries()),
            ),
            TraceStep {
                delta: "charges: 1 -> 2".into(),
                changes: vec![change("1", "2")],
                after: vec![3],
                ..step("payments", "store:payments-db", "insert", Some(insert()))
            },
        ],
        broken: "charged twice for one order".into(),
        repair: vec!["payments recognises a repeat by the order id".into()],
        not_enough: None,
    }
}

fn finding(rule: &'static str, severity: Severity, address: &str, message: &str, evidence: Vec<Evidence>) -> Finding {
    Finding {
        rule,
        severity,
        confidence: Confidence::Certain,
        address: address.into(),
        message: message.into(),
        flaw: String::new(),
        evidence,
        trace: None,
        help: String::new(),
        allowed: None,
        fingerprint: fingerprint(rule, address, ""),
    }
}

fn findings() -> Vec<Finding> {
    let promise = stated(Stage::Specification, SPEC, "charged exactly once", "the promise this breaks");
    let context = "`payments -> store:payments-db` does not carry the trace context, so a slow insert has no caller";
    let key = "`payments.CreateCharge` is retried but not idempotent, so one order can be charged twice";
    vec![
        Finding {
            confidence: Confidence::Likely,
            help: "start the span before the call".into(),
            ..finding(
                "observability/context-not-propagated",
                Severity::Warning,
                "payments -> store:payments-db",
                context,
                vec![Evidence { how: How::Derived, ..no_timeout() }, no_timeout()],
            )
        },
        Finding {
            trace: Some(trace()),
            help: "derive the id from the order, so that a second insert is refused".into(),
            ..finding(
                "idempotency/missing-key",
                Severity::Error,
                "payments.CreateCharge",
                key,
                vec![fresh(), retries(), promise.clone()],
            )
        },
        Finding {
            allowed: Some(Allowed { because: "marketing page".into(), in_config: false }),
            ..finding("vocabulary/fast", Severity::Warning, SPEC, "`fast` says nothing", vec![promise.clone()])
        },
        finding("vocabulary/fast", Severity::Info, SPEC, "`quick` says nothing", vec![promise]),
    ]
}

fn matrix() -> Vec<MatrixRow> {
    let bounds = Bounds {
        states: 412,
        explored: "2 requests, 2 attempts, 2 faults".into(),
        assumptions: vec!["the database commits atomically".into()],
    };
    let depends = Dependence {
        safe_if: vec!["payments answers within the deadline of checkout".into()],
        unknowns: vec![("checkout -> payments".into(), "timeout".into())],
        trace: None,
    };
    let holds = || Verdict::Holds(bounds.clone());
    let not_asked = || Verdict::NotAsked("nothing is promised about partitions".into());
    vec![
        MatrixRow {
            operation: OperationId(0),
            verdicts: [holds(), Verdict::Violated(trace()), holds(), not_asked(), Verdict::Depends(depends)],
        },
        MatrixRow {
            operation: OperationId(1),
            verdicts: [
                holds(),
                Verdict::Violated(trace()),
                Verdict::Incomplete("400000 states".into()),
                not_asked(),
                holds(),
            ],
        },
    ]
}
