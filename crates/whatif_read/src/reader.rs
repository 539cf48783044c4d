//! Which reader reads which document, and why.

pub use crate::design::helm::File;
use crate::design::{
    Reading, alert_rules, appsettings, compose, dockerfile, env_file, envoy, helm, httpd, istio, kubernetes, kustomize,
    nginx, openapi, protobuf, skaffold, spring, sql_schema,
};
use crate::tree::{Documents, Node, first_template_action, has_template_control, parse_json, parse_yaml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use whatif_model::Range;
use whatif_model::facts::{DesignFacts, Ignored, Problem};

/// A reader of design documents, as `whatif readers` lists it.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Its name in output.
    pub id: &'static str,
    /// What it reads, in words.
    pub reads: &'static str,
    /// Where the format is specified.
    pub specification: &'static str,
    form: Form,
    markers: &'static [&'static str],
}

/// How the documents of a format look from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// YAML or JSON, told by what is inside.
    Tree,
    Dockerfile,
    EnvFile,
    Nginx,
    HelmTemplate,
    Properties,
    Protobuf,
    Sql,
}

/// Whether a reader wants a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It does; the reason is for people.
    Certain(&'static str),
    /// The name fits and the beginning of the document does not settle it.
    Maybe(&'static str),
    /// It does not.
    No,
}

/// What one design document said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The facts.
    pub design: DesignFacts,
    /// What was not understood, in order of place.
    pub ignored: Vec<Ignored>,
    /// What could not be read, in order of place.
    pub problems: Vec<Problem>,
}

/// Every reader of design documents, in the order in which they are asked.
pub const READERS: &[Reader] = &[
    Reader {
        id: kustomize::ID,
        reads: "Kustomization files: bases, components and patches put together; generated configuration maps",
        specification: "https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/",
        form: Form::Tree,
        markers: &["kustomize.config.k8s.io"],
    },
    Reader {
        id: helm::ID,
        reads: "Helm charts: templates with the chart's own values",
        specification: "https://helm.sh/docs/topics/charts/",
        form: Form::HelmTemplate,
        markers: &[],
    },
    Reader {
        id: istio::ID,
        reads: "Istio VirtualService, DestinationRule, ServiceEntry, with Istio's defaults",
        specification: "https://istio.io/latest/docs/reference/config/networking/",
        form: Form::Tree,
        markers: &["istio.io/"],
    },
    Reader {
        id: envoy::ID,
        reads: "static configuration of Envoy: where requests are forwarded to, time limits, retries",
        specification: "https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/overview",
        form: Form::Tree,
        markers: &["static_resources"],
    },
    Reader {
        id: alert_rules::ID,
        reads: "Prometheus alerting rules, as files and as Kubernetes resources: what is watched",
        specification: "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/",
        form: Form::Tree,
        markers: &["- alert:", "PrometheusRule"],
    },
    Reader {
        id: skaffold::ID,
        reads: "Skaffold artifacts: which image is built from which folder",
        specification: "https://skaffold.dev/docs/references/yaml/",
        form: Form::Tree,
        markers: &["skaffold/"],
    },
    Reader {
        id: kubernetes::ID,
        reads: "Kubernetes workloads, Services, routes, ConfigMaps, autoscalers, disruption budgets",
        specification: "https://kubernetes.io/docs/reference/kubernetes-api/",
        form: Form::Tree,
        markers: &["apiVersion"],
    },
    Reader {
        id: openapi::ID,
        reads: "OpenAPI 3.x and 2.0 contracts, as YAML or JSON",
        specification: "https://spec.openapis.org/oas/latest.html",
        form: Form::Tree,
        markers: &["openapi", "swagger"],
    },
    Reader {
        id: compose::ID,
        reads: "compose files: services, environment, ports, volumes, healthchecks",
        specification: "https://docs.docker.com/reference/compose-file/",
        form: Form::Tree,
        markers: &["services:"],
    },
    Reader {
        id: dockerfile::ID,
        reads: "Dockerfiles: the image built from a folder, its environment and ports",
        specification: "https://docs.docker.com/reference/dockerfile/",
        form: Form::Dockerfile,
        markers: &[],
    },
    Reader {
        id: env_file::ID,
        reads: "environment files (.env)",
        specification: "https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/",
        form: Form::EnvFile,
        markers: &[],
    },
    Reader {
        id: nginx::ID,
        reads: "nginx configuration: where requests are forwarded to",
        specification: "https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
        form: Form::Nginx,
        markers: &["proxy_pass", "grpc_pass", "server"],
    },
    Reader {
        id: httpd::ID,
        reads: "Apache httpd configuration: where requests are forwarded to",
        specification: "https://httpd.apache.org/docs/2.4/mod/mod_proxy.html",
        form: Form::Nginx,
        markers: &["ProxyPass", "RewriteRule"],
    },
    Reader {
        id: spring::ID,
        reads: "Spring configuration: application and bootstrap files with their profiles, config repositories, as YAML",
        specification: "https://docs.spring.io/spring-boot/reference/features/external-config.html",
        form: Form::Tree,
        markers: &["spring:", "spring.", "eureka:", "zuul:"],
    },
    Reader {
        id: appsettings::ID,
        reads: "settings files of .NET programs (appsettings, ocelot)",
        specification: "https://learn.microsoft.com/aspnet/core/fundamentals/configuration/",
        form: Form::Tree,
        markers: &["\"ConnectionStrings\"", "\"ReverseProxy\""],
    },
    Reader {
        id: spring::ID,
        reads: "Spring configuration, as properties",
        specification: "https://docs.spring.io/spring-boot/reference/features/external-config.html",
        form: Form::Properties,
        markers: &["spring."],
    },
    Reader {
        id: protobuf::ID,
        reads: "protobuf services, their methods, HTTP bindings and request fields",
        specification: "https://protobuf.dev/reference/protobuf/proto3-spec/",
        form: Form::Protobuf,
        markers: &[],
    },
    Reader {
        id: sql_schema::ID,
        reads: "SQL schemas: tables and what is unique in them",
        specification: "https://www.postgresql.org/docs/current/sql-createtable.html",
        form: Form::Sql,
        markers: &[],
    },
];

impl Reader {
    /// Whether this reader wants a document with this path that begins with `head`.
    pub fn claims(&self, path: &str, head: &str) -> Claim {
        if form(path) != Some(self.form) {
            return Claim::No;
        }
        let is_marked = self.markers.iter().any(|marker| head.contains(marker));
        match self.form {
            Form::Tree if self.id == appsettings::ID && appsettings::is_own_name(path) => {
                Claim::Certain("named as programs look for it")
            }
            Form::Tree if self.id == compose::ID && is_compose_name(path) => Claim::Certain("named as a compose file"),
            Form::Tree | Form::Properties if self.id == spring::ID && spring::is_own_name(path) => {
                Claim::Certain("named as Spring looks for it")
            }
            Form::Tree | Form::Nginx | Form::Properties if is_marked => {
                Claim::Certain("a keyword of the format is in it")
            }
            Form::Tree | Form::Nginx | Form::Properties => Claim::Maybe("what is inside decides"),
            Form::Dockerfile => Claim::Certain("named as a Dockerfile"),
            Form::EnvFile => Claim::Certain("named as an environment file"),
            Form::Protobuf => Claim::Certain("ends in .proto"),
            Form::Sql => Claim::Certain("ends in .sql"),
            Form::HelmTemplate => Claim::Certain("ends in .tpl below `templates`"),
        }
    }
}

/// Whether any reader may want a file of this name; what is inside decides.
pub fn may_claim(path: &str) -> bool {
    form(path).is_some()
}

/// Reads what several files say together: charts and overlays. By number of the file whose facts these are; they take the place
/// of what [`read`] says about that file alone.
pub fn read_together(files: &[File<'_>]) -> BTreeMap<usize, FileFacts> {
    let mut facts = kustomize::build(files);
    facts.extend(helm::read(files));
    facts
}

/// Reads one document. Never fails: what cannot be read is a problem, what is not understood is listed.
pub fn read(path: &str, text: &str) -> FileFacts {
    let mut cx = Reading::new(path, text);
    match form(path) {
        Some(Form::Dockerfile) => dockerfile::read(&mut cx),
        Some(Form::EnvFile) => env_file::read(&mut cx),
        Some(Form::Protobuf) => protobuf::read(&mut cx),
        Some(Form::Sql) => sql_schema::read(&mut cx),
        Some(Form::HelmTemplate) => {
            cx.ignore(Range::default(), "named templates are read with the chart they belong to")
        }
        Some(Form::Properties) => spring::read_properties(&mut cx),
        Some(Form::Nginx) if nginx::recognises(text) => nginx::read(&mut cx),
        Some(Form::Nginx) if httpd::recognises(text) => httpd::read(&mut cx),
        Some(Form::Tree) => read_tree(&mut cx),
        Some(Form::Nginx) | None => cx.ignore(Range::default(), "no reader knows this document"),
    }
    cx.ignored.sort();
    cx.problems.sort();
    FileFacts { design: cx.facts, ignored: cx.ignored, problems: cx.problems }
}

fn form(path: &str) -> Option<Form> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let starts = |prefix: &str| lower == prefix || lower.starts_with(&format!("{prefix}."));
    match extension {
        _ if starts(".env") || (extension == "env" && lower.len() > 4) => Some(Form::EnvFile),
        "yaml" | "yml" | "json" => Some(Form::Tree),
        "proto" => Some(Form::Protobuf),
        "sql" => Some(Form::Sql),
        "properties" if spring::claims_properties(path) => Some(Form::Properties),
        "conf" => Some(Form::Nginx),
        "template" if lower.ends_with(".conf.template") => Some(Form::Nginx),
        "tpl" if path.split('/').rev().skip(1).any(|folder| folder == "templates") => Some(Form::HelmTemplate),
        "dockerignore" => None,
        _ if starts("dockerfile") || starts("containerfile") || extension == "dockerfile" => Some(Form::Dockerfile),
        _ => None,
    }
}

/// `compose.yaml`, `docker-compose.yml`, and variants such as `docker-compose.prod.yml`.
fn is_compose_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("compose.") || name.starts_with("docker-compose")
}

fn read_tree(cx: &mut Reading<'_>) {
    let text = cx.text;
    let is_json = cx.path.ends_with(".json");
    if appsettings::is_own_name(cx.path) {
        appsettings::read(cx);
        return;
    }
    if is_json && !["\"openapi\"", "\"swagger\"", "\"apiVersion\""].iter().any(|marker| text.contains(marker)) {
        cx.ignore(Range::default(), "no reader knows this document");
        return;
    }
    let documents = if is_json { parse_json(text) } else { parse_yaml(text) };
    if !is_json && is_template(text, &documents) {
        let at = first_template_action(text).unwrap_or(0);
        let line = text.get(at..).unwrap_or("").split(['\n', '\r']).next().unwrap_or("");
        let message = "an unrendered template (Helm, Jinja), not YAML; render it and review the result";
        cx.problem(Range::new(at, at + line.len()), message);
        return;
    }
    cx.problems_of(&documents);
    for document in &documents.documents {
        read_document(cx, &document.root);
    }
}

/// A template either is no YAML, or its `{{ x }}` are mappings whose key is a mapping: both are problems.
fn is_template(text: &str, documents: &Documents<'_>) -> bool {
    !documents.problems.is_empty() && has_template_control(text)
}

pub(crate) fn read_document(cx: &mut Reading<'_>, root: &Node<'_>) {
    if kustomize::recognises(cx, root) {
        kustomize::read(cx, root);
    } else if istio::recognises(root) {
        istio::read(cx, root);
    } else if envoy::recognises(root) {
        envoy::read(cx, root);
    } else if alert_rules::recognises(root) {
        alert_rules::read(cx, root);
    } else if skaffold::recognises(root) {
        skaffold::read(cx, root);
    } else if kubernetes::recognises(root) {
        kubernetes::read(cx, root);
    } else if openapi::recognises(root) {
        openapi::read(cx, root);
    } else if compose::recognises(root) {
        compose::read(cx, root);
    } else if spring::recognises(cx.path, root) {
        spring::read_tree(cx, root);
    } else {
        cx.ignore(root.range, "no reader knows this document");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_content_decide_who_reads() {
        let claims = |path: &str, head: &str| -> Vec<&str> {
            READERS.iter().filter(|r| matches!(r.claims(path, head), Claim::Certain(_))).map(|r| r.id).collect()
        };
        assert_eq!(claims("a/docker-compose.prod.yml", ""), ["compose"]);
        assert_eq!(claims("a.yaml", "apiVersion: networking.istio.io/v1"), ["istio", "kubernetes"]);
        assert_eq!(claims("a.yaml", "x: 1"), Vec::<&str>::new());
        assert_eq!(claims("src/Dockerfile.debug", ""), ["dockerfile"]);
        assert_eq!(claims("web/default.conf.template", "server {"), ["nginx"]);
        for path in [".env", "a/.env.example", "prod.env", "x.proto", "x.sql", "api.json", "Containerfile", "a.yml"] {
            assert!(may_claim(path), "{path}");
        }
        for path in ["a.go", ".environment", ".dockerignore", "Dockerfile.dockerignore", "README.md", "env"] {
            assert!(!may_claim(path), "{path}");
        }
    }

    #[test]
    fn one_file_may_hold_documents_of_several_formats() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}}\n---\nb: [\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n---\nsomething: else\n";
        let facts = read("all.yaml", text);
        assert_eq!((facts.design.names.len(), facts.design.routes.len()), (1, 1));
        assert_eq!((facts.problems.len(), facts.ignored.len()), (1, 1));
    }

    #[test]
    fn an_unrendered_template_is_one_problem_and_no_facts() {
        for text in [
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Values.name }}\nspec: {}\n",
            "{{- if .Values.a }}\napiVersion: v1\nkind: Service\n{{- end }}\n",
            "services:\n{% for a in b %}\n  x: {image: y}\n{% endfor %}\n",
        ] {
            let facts = read("chart/templates/a.yaml", text);
            assert_eq!(facts.problems.len(), 1, "{text}");
            assert!(facts.problems[0].message.contains("template"));
            assert_eq!(facts.design, DesignFacts::default());
        }
        let alert =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  text: |\n    {{ $labels.job }} is down\n";
        assert!(read("alerts.yaml", alert).problems.is_empty());
    }

    #[test]
    fn unclaimed_documents_are_listed() {
        for (path, text) in
            [("a.yaml", "x: 1"), ("package.json", "{\"a\": 1}"), ("logging.conf", "[loggers]"), ("a.xyz", "")]
        {
            assert_eq!(read(path, text).ignored.len(), 1, "{path}");
        }
    }
}
