use super::{File, read};
use crate::reader::FileFacts;
use whatif_model::FileId;
use whatif_model::facts::deploy::EnvValue;

const ABOUT: &str = "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: \"4.5\"\n";

/// The facts of `shop/templates/app.yaml` of a chart.
fn chart(values: &str, template: &str) -> FileFacts {
    with_names(values, template, "")
}

fn with_names(values: &str, template: &str, names: &str) -> FileFacts {
    let files = [
        File { path: "shop/Chart.yaml", text: ABOUT },
        File { path: "shop/templates/_names.tpl", text: names },
        File { path: "shop/templates/app.yaml", text: template },
        File { path: "shop/values.yaml", text: values },
    ];
    read(&files).remove(&2).unwrap()
}

const CART: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"shop.name\" . }}-cart
  labels: {{- include \"shop.labels\" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling }}
  replicas: {{ .Values.cart.replicas }}
  {{- end }}
  template:
    metadata:
      labels: {app: cart}
    spec:
      containers:
        - name: cart
          image: \"{{ .Values.image.repository }}/cart:{{ .Values.image.tag | default .Chart.AppVersion }}\"
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
            {{- with .Values.extra }}
            - {name: EXTRA, value: {{ . }}}
            {{- else }}
            - {name: PLAIN, value: \"{{ $.Release.Name }}\"}
            {{- end }}
            - name: TOKEN
              value: {{ randAlphaNum 8 }}
";

const NAMES: &str = "\
{{- define \"shop.name\" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix \"-\" -}}
{{- end }}
{{- define \"shop.labels\" -}}
part-of: {{ template \"shop.name\" . }}
{{- end }}
";

const VALUES: &str = "\
image: {repository: example.org, tag: \"\"}
cart:
  replicas: 3
env:
  STORE: redis:6379
  LOG: info
";

#[test]
fn a_chart_is_read_with_its_own_values() {
    let facts = with_names(VALUES, CART, NAMES);
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    let unit = &facts.design.units[0];
    assert_eq!((unit.name.as_str(), unit.replicas.value()), ("shop-cart", Some(&3)));
    assert_eq!(unit.image.as_ref().unwrap().display(), "example.org/cart:4.5");
    let env: Vec<String> = unit
        .env
        .iter()
        .map(|variable| match &variable.value {
            EnvValue::Literal(value) => format!("{}={}", variable.name, value.display()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(env[..3], ["LOG=info", "STORE=redis:6379", "PLAIN=shop"]);
    assert!(env[3].starts_with("TOKEN=") && !env[3].contains('\u{fffc}'), "{}", env[3]);
    assert!(facts.ignored.iter().any(|it| it.reason.contains("a value that the chart")));
}

#[test]
fn places_are_those_of_the_template_and_of_the_values() {
    let facts = with_names(VALUES, CART, NAMES);
    let place = facts.design.units[0].replicas.claim().unwrap().evidence.span;
    let template = FileId::of("shop/templates/app.yaml");
    let at = CART.find("{{ .Values.cart.replicas }}").unwrap() as u32;
    assert_eq!((place.file, place.range.start), (template, at));
    let origin = facts.design.origins.iter().find(|origin| origin.at == place).unwrap();
    assert_eq!(origin.from.file, FileId::of("shop/values.yaml"));
    assert_eq!(origin.from.range.start as usize, VALUES.find('3').unwrap());
}

#[test]
fn what_the_values_do_not_decide_is_open_and_proves_no_absence() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: a:1\n        {{- if .Files.Get \"x\" }}\n        readinessProbe: {httpGet: {path: /}}\n        {{- end }}\n";
    let facts = chart("", template);
    assert!(facts.design.units[0].readiness.is_unknown() && facts.design.units[0].replicas.is_unknown());
    assert!(facts.ignored.iter().any(|it| it.reason.contains("a condition")));
    let decided = chart("probe: false\n", &template.replace(".Files.Get \"x\"", ".Values.probe"));
    assert!(decided.design.units[0].readiness.is_absent() && decided.design.units[0].replicas.value() == Some(&1));
    let secret = chart("", "apiVersion: v1\nkind: Service\nmetadata: {name: \"{{ randAlpha 3 }}\"}\nspec: {}\n");
    assert!(secret.design.names.is_empty() && secret.ignored.iter().any(|it| it.reason.contains("a name")));
}

#[test]
fn parts_of_a_chart_get_their_values_from_it() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}}\nspec: {ports: [{port: {{ .Values.port }}}], selector: {zone: \"{{ .Values.global.zone }}\"}}\n";
    let read_with = |values: &str| {
        let files = [
            File {
                path: "Chart.yaml",
                text: "name: shop\ndependencies:\n- {name: db, condition: db.enabled, repository: \"\"}\n- {name: web, alias: front, repository: \"file://../web\"}\n",
            },
            File { path: "values.yaml", text: values },
            File { path: "charts/db/Chart.yaml", text: "name: db\n" },
            File { path: "charts/db/values.yaml", text: "port: 1\n" },
            File { path: "charts/db/templates/service.yaml", text: service },
        ];
        read(&files)
    };
    let facts = read_with("global: {zone: z1}\ndb: {enabled: true, port: 5}\n");
    let name = &facts[&4].design.names[0];
    assert_eq!((name.name.as_str(), name.ports.as_slice()), ("shop-db", [5].as_slice()));
    assert!(format!("{:?}", name.selects).contains("z1"));
    let off = read_with("db: {enabled: false}\n");
    assert!(off[&4].design.names.is_empty() && off[&4].ignored[0].reason.contains("not installed"));
}

#[test]
fn values_that_are_templates_and_blocks_of_values_are_written_out() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  url: {{ tpl .Values.url . }}\n  {{- toYaml .Values.more | nindent 2 }}\n";
    let facts = chart("url: 'http://{{ .Release.Name }}:80'\nmore: {a: '1', b: x y}\n", template);
    let entries: Vec<(&str, String)> =
        facts.design.configs[0].entries.iter().map(|(key, value, _)| (key.as_str(), value.display())).collect();
    assert_eq!(entries, [("url", "http://shop:80".into()), ("a", "1".into()), ("b", "x y".into())]);
}

#[test]
fn bad_templates_are_listed_and_never_a_problem() {
    for template in [
        "{{ if }}",
        "{{ end }}",
        "{{ if .a }}",
        "{{",
        "{{ (.a }}",
        "{{ \"a }}",
        "a: {{ . | }}\nb",
        "{{/* x",
        "{{ range }}{{ end }}",
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ .a.b.c.d }}: x: y: z",
        "{{- range until 999999999 }}{{ range until 999 }}x{{ end }}{{ end }}",
        "{{ template \"nowhere\" }}",
        "{{ printf \"%\" }}{{ index }}{{ slice 1 }}{{ trunc }}{{ div 1 0 }}{{ until -1 }}",
        "é{{- .x -}}é\r\n\t{{ nindent 99999999 \"é\" }}",
        "apiVersion: v1\nkind: Service\nmetadata:\n{{ toYaml .Values }}",
        "{{ else }}",
        "{{ if .a }}{{ else }}{{ else }}{{ end }}",
        "{{ $x := }}",
        "{{ .Values.a-b }}",
    ] {
        for values in ["", "a: 1\n", "a: [", "- x\n", "a: &a [*a]\n"] {
            let facts = chart(values, template);
            assert!(facts.problems.is_empty(), "{template}: {:?}", facts.problems);
        }
    }
}

#[test]
fn tests_of_a_chart_are_not_part_of_it() {
    let facts = chart(
        "",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test-success}}\nspec: {containers: [{name: t, image: x}]}\n",
    );
    assert!(facts.design.units.is_empty() && !facts.ignored.is_empty());
}

#[test]
fn maps_that_are_built_up_and_checksums_of_files() {
    let template = "{{- $stores := dict }}{{- range list \"a\" \"b\" }}{{- $_ := set $stores . (dict \"x\" .) }}{{- end }}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ (get $stores \"b\").x }}}\nspec:\n  template:\n    metadata: {annotations: {sum: {{ include (print $.Template.BasePath \"/c.yaml\") . | sha256sum }}}}\n    spec: {containers: [{name: a, image: {{ (fromYaml \"i: a:1\").i }}}]}\n";
    let facts = chart("", template);
    let unit = &facts.design.units[0];
    assert_eq!((unit.name.as_str(), unit.image.as_ref().unwrap().display().as_str()), ("b", "a:1"));
    assert!(unit.readiness.is_absent());
}
