use super::*;
use crate::evidence::Stage;
use crate::flow::{Bound, Flow, OnError, Protocol};
use crate::system::{EdgeKind, Idempotency, Layer, Node, Operation, OperationId, Service, ServiceId};
use crate::text::{FileId, Range};

fn stated() -> Evidence {
    Evidence::stated(Stage::Code, Range::new(0, 1).in_file(FileId::of("a.go")), "")
}

fn by_default() -> Evidence {
    Evidence { how: How::Default { of: "Istio".into(), link: String::new() }, ..stated() }
}

fn total(ms: u64, evidence: Evidence) -> Fact<Timeout> {
    Fact::known(Timeout { bound: Bound::Millis(ms), kind: TimeoutKind::Total }, evidence)
}

fn tries(n: u32, evidence: Evidence) -> Fact<Retry> {
    let attempts = Fact::known(Attempts::Limited(n), evidence.clone());
    Fact::known(Retry { attempts, ..Retry::default() }, evidence)
}

fn call(policy: Policy) -> Effect {
    let kind = EffectKind::Call { protocol: Protocol::Http, operation: "POST /charges".into() };
    let effect = Effect::new(kind, Target::Service(ServiceId(1), None), stated().span);
    Effect { on_error: OnError::Propagate, policy, ..effect }
}

fn service(name: &str) -> Service {
    Service {
        address: name.into(),
        name: name.into(),
        aliases: Vec::new(),
        language: None,
        infrastructure: false,
        optional: false,
        units: Vec::new(),
        code_root: None,
        replicas: Fact::Unknown,
        server_timeout: Fact::Unknown,
        graceful_shutdown: Fact::Unknown,
        tracing: Fact::Unknown,
        telemetry: Default::default(),
        published: false,
        evidence: Vec::new(),
    }
}

/// `checkout.Pay` with these calls to `payments`, below these outer layers.
fn system(flow: Flow, layers: Vec<Layer>) -> System {
    let sites = (0..flow.effects.len() as u32)
        .map(|at| Site { operation: OperationId(0), effect: crate::flow::EffectId(at) })
        .collect();
    System {
        services: vec![service("checkout"), service("payments")],
        operations: vec![Operation {
            address: "checkout.Pay".into(),
            name: "Pay".into(),
            service: ServiceId(0),
            trigger: crate::facts::code::Trigger::Start,
            source: None,
            mutates: Fact::Unknown,
            contract: None,
            idempotency: Idempotency::default(),
            deadline: Fact::Unknown,
            flow,
            implemented: true,
            background: false,
            evidence: vec![stated()],
        }],
        edges: vec![Edge {
            from: Node::Service(ServiceId(0)),
            to: Node::Service(ServiceId(1)),
            kind: EdgeKind::Sync,
            sites,
            operations: Vec::new(),
            layers,
            platform: false,
            evidence: Vec::new(),
        }],
        ..System::default()
    }
}

fn one_call(policy: Policy, layers: Vec<Layer>) -> Effective {
    let mut flow = Flow::default();
    let step = flow.push(call(policy));
    flow.steps.push(step);
    let system = system(flow, layers);
    system.effective(&system.edges[0])
}

fn mesh(policy: Policy) -> Layer {
    Layer { kind: LayerKind::Mesh, policy, optional: false }
}

#[test]
fn the_smallest_timeout_of_the_stack_decides() {
    let code = Policy { timeout: total(5_000, stated()), ..Policy::default() };
    let outer = mesh(Policy { timeout: total(2_000, stated()), ..Policy::default() });
    let timeout = one_call(code, vec![outer]).timeout;
    assert_eq!((timeout.state, timeout.millis), (State::Known, Some(2_000)));
}

#[test]
fn a_connect_timeout_and_an_unbounded_default_bound_nothing() {
    let connect = Timeout { bound: Bound::Millis(300), kind: TimeoutKind::Connect };
    let code = Policy { timeout: Fact::known(connect, stated()), ..Policy::default() };
    assert_eq!(one_call(code, Vec::new()).timeout.state, State::Absent);
    let unbounded = Timeout { bound: Bound::Unbounded, kind: TimeoutKind::Total };
    let code = Policy { timeout: Fact::known(unbounded, by_default()), ..Policy::default() };
    let timeout = one_call(code, Vec::new()).timeout;
    assert_eq!((timeout.state, timeout.millis, timeout.evidence.len()), (State::Absent, None, 1));
}

#[test]
fn attempts_multiply_over_layers_and_loops() {
    let mut flow = Flow::default();
    let step = flow.push(call(Policy { retry: tries(3, stated()), ..Policy::default() }));
    let again = Retry { attempts: Fact::known(Attempts::Limited(2), stated()), ..Retry::default() };
    flow.steps.push(Step::Loop { body: vec![step], kind: LoopKind::Retry(again), span: stated().span });
    let system = system(flow, vec![mesh(Policy { retry: tries(4, by_default()), ..Policy::default() })]);
    let retry = system.effective(&system.edges[0]).retry;
    assert_eq!((retry.state, retry.attempts), (State::Known, Some(Attempts::Limited(24))));
}

#[test]
fn only_a_default_that_retries_is_a_default() {
    let none = Policy { retry: Fact::absent(stated()), ..Policy::default() };
    let istio = mesh(Policy { retry: tries(3, by_default()), ..Policy::default() });
    assert_eq!(one_call(none.clone(), vec![istio.clone()]).retry.state, State::Default);
    assert_eq!(one_call(none.clone(), Vec::new()).retry.state, State::Absent);
    let overlay = Layer { optional: true, ..istio };
    assert_eq!(one_call(none, vec![overlay]).retry.state, State::Absent);
    let once = Policy { retry: tries(1, by_default()), ..Policy::default() };
    assert_eq!(one_call(once, Vec::new()).retry.state, State::Absent);
    assert_eq!(one_call(Policy::default(), Vec::new()).retry.state, State::Unknown);
}

#[test]
fn an_edge_is_as_weak_as_its_weakest_site() {
    let mut flow = Flow::default();
    for policy in [
        Policy { timeout: total(100, stated()), breaker: Fact::known("hystrix".into(), stated()), ..Policy::default() },
        Policy { timeout: total(900, stated()), breaker: Fact::absent(stated()), ..Policy::default() },
    ] {
        let step = flow.push(call(policy));
        flow.steps.push(step);
    }
    let system = system(flow, Vec::new());
    let effective = system.effective(&system.edges[0]);
    assert_eq!(effective.timeout.millis, Some(900));
    assert_eq!(effective.breaker.state, State::Absent);
}

#[test]
fn an_edge_seen_only_in_deployment_files_is_unknown_where_no_layer_speaks() {
    let system = system(Flow::default(), vec![mesh(Policy { timeout: total(700, stated()), ..Policy::default() })]);
    let effective = system.effective(&system.edges[0]);
    assert_eq!((effective.timeout.state, effective.timeout.millis), (State::Known, Some(700)));
    assert_eq!(effective.retry.state, State::Unknown);
    assert_eq!(effective.breaker.state, State::Unknown);
}

#[test]
fn repeats_are_safe_only_where_the_write_is() {
    let write = |how| Effect { kind: EffectKind::Write { item: "orders".into(), how }, ..call(Policy::default()) };
    for (how, state) in
        [(WriteKind::Upsert, State::Known), (WriteKind::Increment, State::Absent), (WriteKind::Unknown, State::Unknown)]
    {
        let mut flow = Flow::default();
        let step = flow.push(write(how));
        flow.steps.push(step);
        let system = system(flow, Vec::new());
        assert_eq!(system.effective(&system.edges[0]).idempotency.state, state, "{how:?}");
    }
}

#[test]
fn an_answer_of_the_user_stands_in_for_what_the_code_does_not_show() {
    let answer = Layer {
        kind: LayerKind::Code,
        policy: Policy { retry: tries(3, stated()), ..Policy::default() },
        optional: false,
    };
    let retry = one_call(Policy::default(), vec![answer]).retry;
    assert_eq!((retry.state, retry.attempts), (State::Known, Some(Attempts::Limited(3))));
}
