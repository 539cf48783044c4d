//! Manifests in strings.

use super::read;
use crate::design::Reading;
use crate::tree::parse_yaml;
use whatif_model::evidence::How;
use whatif_model::facts::deploy::{EnvValue, Selector, UnitKind};

fn read_text<'a>(path: &'a str, text: &'a str) -> Reading<'a> {
    let mut cx = Reading::new(path, text);
    let documents = parse_yaml(text);
    assert!(documents.problems.is_empty(), "{:?}", documents.problems);
    documents.documents.iter().for_each(|document| read(&mut cx, &document.root));
    cx
}

const CART: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      initContainers: [{name: migrate, image: flyway}]
      containers:
      - name: proxy
        image: envoy
      - name: cart
        image: cart:1
        args: ['--redis=$(REDIS_ADDR)']
        ports: [{containerPort: 7070}]
        env:
        - {name: REDIS_ADDR, value: 'redis:6379'}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t}}}
        - {name: URL, valueFrom: {configMapKeyRef: {name: urls, key: cart}}}
        - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        envFrom: [{configMapRef: {name: common}}, {secretRef: {name: s}}]
        readinessProbe: {grpc: {port: 7070, service: health}, periodSeconds: 5}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
        resources: {}
      volumes: [{name: tmp, emptyDir: {}}]
";

#[test]
fn a_deployment_with_a_sidecar() {
    let cx = read_text("k8s/base/cart.yaml", CART);
    let names: Vec<_> = cx.facts.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["proxy", "cart"]);
    let cart = &cx.facts.units[1];
    assert_eq!((cart.scope.as_str(), cart.optional, cart.labels["app"].as_str()), ("shop", false, "cart"));
    let replicas = cart.replicas.claim().unwrap();
    assert!(replicas.value == 1 && matches!(replicas.evidence.how, How::Default { .. }));
    let probe = cart.readiness.value().unwrap();
    assert_eq!(
        (probe.what.as_str(), probe.timeout_seconds, probe.period_seconds),
        ("grpc :7070 health", Some(1), Some(5))
    );
    assert!(cart.liveness.is_absent() && cart.durable_storage.is_absent());
    assert_eq!(cart.grace_seconds.value(), Some(&30));
    assert_eq!(cart.command[0].display(), "--redis=${REDIS_ADDR}");
    assert_eq!(cart.env[1].value, EnvValue::Secret);
    assert_eq!(cart.env[2].value, EnvValue::Config { map: "urls".into(), key: "cart".into() });
    assert_eq!(cart.env_from, ["common", "s"]);
    let reasons: Vec<_> = cx.ignored.iter().map(|ignored| ignored.reason.as_str()).collect();
    for word in ["initContainers", "resources", "only known when the pod runs"] {
        assert!(reasons.iter().any(|reason| reason.contains(word)), "{word}");
    }
}

#[test]
fn storage_of_a_stateful_set() {
    let text = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n  template:\n    spec:\n      terminationGracePeriodSeconds: 5\n      containers: [{name: pg, image: postgres, volumeMounts: [{name: data, mountPath: /d}]}]\n  volumeClaimTemplates: [{metadata: {name: data}}]\n";
    let cx = read_text("db.yaml", text);
    let unit = &cx.facts.units[0];
    assert_eq!((unit.name.as_str(), unit.kind), ("db", UnitKind::StatefulSet));
    assert!(unit.durable_storage.holds(|durable| *durable));
    assert_eq!((unit.replicas.value(), unit.grace_seconds.value()), (Some(&2), Some(&5)));
}

#[test]
fn a_job_on_a_schedule() {
    let text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: bill}\nspec:\n  schedule: '*/5 * * * *'\n  jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b}]}}}}\n";
    let cx = read_text("job.yaml", text);
    let unit = &cx.facts.units[0];
    assert_eq!(unit.schedule.as_ref().unwrap().0, "*/5 * * * *");
    assert_eq!(unit.concurrency.value().map(String::as_str), Some("Allow"));
    assert!(unit.replicas.is_unknown());
}

#[test]
fn names_routes_configuration_and_scaling_in_a_list() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}}\n- {apiVersion: v1, kind: Service, metadata: {name: out}, spec: {type: ExternalName, externalName: db.example.com}}\n- {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/proxy-read-timeout: '5'}}, spec: {rules: [{host: a.example, http: {paths: [{path: /x, backend: {service: {name: cart}}}]}}]}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: urls}, data: {cart: 'cart:80'}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}\n- {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {name: cart}}}\n- {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p}, spec: {minAvailable: 50%, selector: {matchLabels: {app: cart}}}}\n- {apiVersion: v1, kind: Namespace, metadata: {name: n}}\n";
    let cx = read_text("all.yaml", text);
    assert!(cx.facts.names[0].external && cx.facts.names[0].ports == [80]);
    assert_eq!(cx.facts.names[1].external_name.as_deref(), Some("db.example.com"));
    let route = &cx.facts.routes[0];
    assert_eq!((route.path.as_str(), route.hosts[0].as_str()), ("/x", "a.example"));
    assert_eq!(route.policy.timeout.value().unwrap().bound.millis(), Some(5_000));
    assert_eq!(cx.facts.configs[0].entries[0].1.display(), "cart:80");
    assert!(!format!("{:?}", cx.facts).contains("hunter2"));
    assert_eq!((&cx.facts.scaling[0].selects, cx.facts.scaling[0].min), (&Selector::Unit("cart".into()), Some(1)));
    assert_eq!(cx.facts.scaling[1].min, None);
    assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("`Namespace`")));
}

#[test]
fn patches_and_overlays_are_variants() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {spec: {containers: [{name: cart, env: [{name: A, value: b}]}]}}}\n";
    let cx = read_text("k8s/base/patch.yaml", patch);
    assert!(cx.facts.units[0].optional && cx.facts.units[0].replicas.is_unknown());
    assert!(cx.facts.units[0].readiness.is_unknown());
    assert!(read_text("k8s/overlays/dev/cart.yaml", CART).facts.units.iter().all(|unit| unit.optional));
    let delete = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n$patch: delete\n";
    assert!(read_text("a.yaml", delete).facts.names.is_empty());
}
