//! .NET Aspire application hosts: programs that declare a deployment in C#.
//!
//! | input | facts |
//! | --- | --- |
//! | `AddProject<Projects.X>("x")`, `AddContainer`, `AddNpmApp`, ... | units; `X` is the label `project` |
//! | `AddRedis`, `AddPostgres`, `AddRabbitMQ`, ... with `AddDatabase` | units of that product |
//! | `WithReference`, `WithEnvironment` | the variables Aspire sets for them |
//! | `WaitFor`, `WithReplicas`, `WithDataVolume`, `WithExternalHttpEndpoints` | start order, replicas, durability, publication |
//!
//! <https://learn.microsoft.com/dotnet/aspire/fundamentals/app-host-overview>

use super::resources::{Address, Kind, kind_of};
use crate::ir::{Arg, Call, Expr, ExprKind, Module, Stmt, StmtKind};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::DesignFacts;
use whatif_model::facts::deploy::{DeployUnit, EnvValue, EnvVar, NetworkName, Selector, UnitKind};
use whatif_model::limits::DEPTH_MAX;
use whatif_model::{FileId, Range, Span, Value};

/// What an application host declares; none when the module is no application host.
pub(crate) fn deployment(module: &Module) -> Option<DesignFacts> {
    let mut host = Host {
        module,
        file: FileId::of(&module.path),
        resources: Vec::new(),
        variables: BTreeMap::new(),
        found: false,
        in_branch: false,
    };
    host.statements(&module.top, 0);
    for function in module.functions.iter().filter(|function| function.name == "Main") {
        host.statements(&function.body, 0);
    }
    host.found.then(|| host.into_facts())
}

/// What a name or expression stands for.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// The builder of the application.
    Builder,
    /// A resource, by index.
    Resource(usize),
}

/// A resource with what it is.
struct Resource {
    kind: Kind,
    /// The server, for a database.
    server: Option<usize>,
    /// The logical name, for a database.
    database: Option<String>,
    unit: DeployUnit,
}

struct Host<'m> {
    module: &'m Module,
    file: FileId,
    resources: Vec<Resource>,
    variables: BTreeMap<String, Held>,
    found: bool,
    in_branch: bool,
}

impl Host<'_> {
    fn statements(&mut self, statements: &[Stmt], depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        for statement in statements {
            match &statement.kind {
                StmtKind::Expr(value) => {
                    self.eval(value, 0);
                }
                StmtKind::Assign { targets, values, .. } => {
                    for (target, value) in targets.iter().zip(values) {
                        let held = self.eval(value, 0);
                        if let (ExprKind::Name(name), Some(held)) = (&target.kind, held) {
                            self.variables.insert(name.clone(), held);
                        }
                    }
                }
                StmtKind::If { then, otherwise, .. } => {
                    let outer = std::mem::replace(&mut self.in_branch, true);
                    self.statements(then, depth + 1);
                    self.statements(otherwise, depth + 1);
                    self.in_branch = outer;
                }
                StmtKind::Loop { body, .. } | StmtKind::Try { body, .. } | StmtKind::With { body, .. } => {
                    self.statements(body, depth + 1);
                }
                _ => {}
            }
        }
    }

    fn eval(&mut self, value: &Expr, depth: usize) -> Option<Held> {
        if depth > DEPTH_MAX {
            return None;
        }
        match &value.kind {
            ExprKind::Name(name) => self.variables.get(name).copied(),
            ExprKind::Await(inner) => self.eval(inner, depth + 1),
            // `x.Resource`, `x.GetEndpoint("http").Property(...)`: still about the resource.
            ExprKind::Field(base, _) => self.eval(base, depth + 1),
            ExprKind::Call(call) => self.call(call, depth),
            _ => None,
        }
    }

    fn call(&mut self, call: &Call, depth: usize) -> Option<Held> {
        let ExprKind::Field(base, method) = &call.callee.kind else { return None };
        if method == "CreateBuilder" && base.dotted().is_some_and(|path| path.ends_with("DistributedApplication")) {
            self.found = true;
            return Some(Held::Builder);
        }
        match self.eval(base, depth + 1)? {
            Held::Builder => self.add(method, call).map(Held::Resource),
            Held::Resource(at) if method == "AddDatabase" => self.add_database(at, call).map(Held::Resource),
            Held::Resource(at) => {
                self.configure(at, method, call, depth);
                Some(Held::Resource(at))
            }
        }
    }

    /// A resource the builder adds.
    fn add(&mut self, method: &str, call: &Call) -> Option<usize> {
        let kind = kind_of(method)?;
        let (name, range) = text_of(positional(call, 0)?)?;
        let mut unit = bare_unit(name, range.in_file(self.file), self.in_branch);
        let second = positional(call, 1).and_then(text_of).map(|(text, _)| text);
        match kind {
            Kind::Project => {
                let project = call.args.iter().find(|arg| arg.name == "<0>").and_then(|arg| arg.value.dotted());
                let project = project.as_deref().and_then(|path| path.rsplit('.').next());
                unit.labels.extend(project.map(|project| ("project".to_owned(), project.to_owned())));
                unit.build_context = second.and_then(|path| self.folder_of_project(path));
            }
            Kind::Folder => unit.build_context = second.and_then(|path| self.resolve(path)),
            Kind::Container => unit.image = second.map(Value::text),
            Kind::Proxy => {}
            Kind::Product { image, .. } => unit.image = Some(Value::text(image)),
        }
        if let Kind::Product { .. } = kind {
            let place = Evidence::stated(Stage::Design, unit.span, "no volume");
            unit.durable_storage = Fact::absent(place);
        }
        self.resources.push(Resource { kind, server: None, database: None, unit });
        Some(self.resources.len() - 1)
    }

    fn add_database(&mut self, server: usize, call: &Call) -> Option<usize> {
        let (name, range) = text_of(positional(call, 0)?)?;
        let stated = positional(call, 1).and_then(text_of).map(|(text, _)| text.to_owned());
        let unit = bare_unit(name, range.in_file(self.file), self.in_branch);
        let kind = self.resources[server].kind;
        let database = Some(stated.unwrap_or_else(|| name.to_owned()));
        self.resources.push(Resource { kind, server: Some(server), database, unit });
        Some(self.resources.len() - 1)
    }

    fn configure(&mut self, at: usize, method: &str, call: &Call, depth: usize) {
        let place = call.callee.range.in_file(self.file);
        match method {
            "WithReference" => {
                if let Some(Held::Resource(to)) = positional(call, 0).and_then(|arg| self.eval(&arg.value, depth + 1)) {
                    self.refer(at, to, call.args[0].value.range.in_file(self.file));
                }
            }
            "WaitFor" | "WaitForCompletion" | "WaitForStart" => {
                if let Some(Held::Resource(to)) = positional(call, 0).and_then(|arg| self.eval(&arg.value, depth + 1)) {
                    let to = self.resources[to].server.unwrap_or(to);
                    let needed = (self.resources[to].unit.name.clone(), place);
                    self.resources[at].unit.depends_on.push(needed);
                }
            }
            "WithEnvironment" => self.set(at, call, depth),
            "WithReplicas" => {
                if let Some(count) = positional(call, 0).and_then(number_of) {
                    self.resources[at].unit.replicas =
                        Fact::known(count, Evidence::stated(Stage::Design, place, "replicas"));
                }
            }
            "WithExternalHttpEndpoints" => self.resources[at].unit.published = true,
            "WithDataVolume" | "WithDataBindMount" | "WithVolume" | "WithBindMount" => {
                self.resources[at].unit.durable_storage =
                    Fact::known(true, Evidence::stated(Stage::Design, place, "a volume is mounted"));
            }
            // What a proxy is given by its configuration it forwards to.
            _ if matches!(self.resources[at].kind, Kind::Proxy) => {
                let mut names = Vec::new();
                call.args.iter().for_each(|arg| resources_in(&arg.value, 0, &mut names));
                for (name, range) in names {
                    if let Some(Held::Resource(to)) =
                        self.variables.get(&name).copied().filter(|_| method != "GetEndpoint")
                    {
                        self.refer(at, to, range.in_file(self.file));
                    }
                }
            }
            _ => {}
        }
    }

    /// `WithEnvironment("X", value)`.
    fn set(&mut self, at: usize, call: &Call, depth: usize) {
        let (Some(name), Some(value)) = (positional(call, 0).and_then(text_of), positional(call, 1)) else { return };
        let literal = text_of(value).map(|(text, _)| Value::text(text));
        let found = literal.or_else(|| match self.eval(&value.value, depth + 1)? {
            Held::Resource(to) => Some(Value::text(self.address(to))),
            Held::Builder => None,
        });
        let span = value.value.range.in_file(self.file);
        let value = EnvValue::Literal(found.unwrap_or_else(Value::unknown));
        self.resources[at].unit.env.push(EnvVar { name: name.0.to_owned(), value, span });
    }

    /// The variables Aspire sets for a reference.
    fn refer(&mut self, at: usize, to: usize, span: Span) {
        let target = &self.resources[to];
        let name = match target.kind {
            Kind::Product { .. } => format!("ConnectionStrings__{}", target.unit.name),
            _ => format!("services__{}__http__0", target.unit.name),
        };
        let value = EnvValue::Literal(Value::text(self.address(to)));
        self.resources[at].unit.env.push(EnvVar { name, value, span });
    }

    /// Where a resource is reached, as others are told.
    fn address(&self, at: usize) -> String {
        let resource = &self.resources[at];
        let server = resource.server.map_or(&resource.unit.name, |server| &self.resources[server].unit.name);
        let database = resource.database.as_deref();
        match resource.kind {
            Kind::Product { address: Address::Keyed(key), .. } => match database {
                Some(database) => format!("{key}={server};Database={database}"),
                None => format!("{key}={server}"),
            },
            Kind::Product { address: Address::Url(scheme), .. } => {
                format!("{scheme}://{server}/{}", database.unwrap_or(""))
            }
            Kind::Product { address: Address::Port(port), .. } => format!("{server}:{port}"),
            _ => format!("http://{server}"),
        }
    }

    fn resolve(&self, relative: &str) -> Option<String> {
        let folder = self.module.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        crate::knowledge::manifest::join(folder, relative)
    }

    fn folder_of_project(&self, path: &str) -> Option<String> {
        let resolved = self.resolve(path)?;
        let is_file = resolved.ends_with("proj");
        Some(if is_file {
            resolved.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
        } else {
            resolved
        })
    }

    fn into_facts(self) -> DesignFacts {
        let mut facts = DesignFacts::default();
        let names: Vec<String> = self.resources.iter().map(|resource| resource.unit.name.clone()).collect();
        for resource in self.resources {
            match resource.server {
                Some(server) => facts.names.push(NetworkName {
                    name: resource.unit.name,
                    scope: String::new(),
                    selects: Selector::Unit(names[server].clone()),
                    ports: Vec::new(),
                    external: false,
                    external_name: None,
                    span: resource.unit.span,
                }),
                None => facts.units.push(resource.unit),
            }
        }
        facts
    }
}

/// Names inside an expression, lambdas included.
fn resources_in(value: &Expr, depth: usize, out: &mut Vec<(String, Range)>) {
    if depth > DEPTH_MAX {
        return;
    }
    match &value.kind {
        ExprKind::Name(name) => out.push((name.clone(), value.range)),
        ExprKind::Field(base, _) => resources_in(base, depth + 1, out),
        ExprKind::Call(call) => {
            resources_in(&call.callee, depth + 1, out);
            call.args.iter().for_each(|arg| resources_in(&arg.value, depth + 1, out));
        }
        ExprKind::Lambda(function) => names_in_statements(&function.body, depth + 1, out),
        _ => {}
    }
}

fn names_in_statements(statements: &[Stmt], depth: usize, out: &mut Vec<(String, Range)>) {
    for statement in statements {
        match &statement.kind {
            StmtKind::Expr(value) => resources_in(value, depth, out),
            StmtKind::Assign { values, .. } | StmtKind::Return(values) => {
                values.iter().for_each(|value| resources_in(value, depth, out));
            }
            _ => {}
        }
    }
}

/// The argument at a place, type arguments left out.
fn positional(call: &Call, at: usize) -> Option<&Arg> {
    call.args.iter().filter(|arg| !arg.name.starts_with('<')).nth(at)
}

fn text_of(arg: &Arg) -> Option<(&str, Range)> {
    if let ExprKind::Str(text) = &arg.value.kind { Some((text, arg.value.range)) } else { None }
}

fn number_of(arg: &Arg) -> Option<u32> {
    if let ExprKind::Number(text) = &arg.value.kind { text.parse().ok() } else { None }
}

fn bare_unit(name: &str, span: Span, optional: bool) -> DeployUnit {
    DeployUnit { optional, ..DeployUnit::new(name, UnitKind::AppHost, span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "var builder = DistributedApplication.CreateBuilder(args);
var pg = builder.AddPostgres(\"pg\").WithDataVolume();
var db = pg.AddDatabase(\"shopdb\", \"shop\");
var bus = builder.AddRabbitMQ(\"bus\");
var shop = builder.AddProject<Projects.Shop_Api>(\"shop-api\").WithReference(db).WaitFor(db).WithReference(bus).WithReplicas(2);
var endpoint = shop.GetEndpoint(\"http\");
builder.AddNpmApp(\"web\", \"../web\").WithReference(shop).WithEnvironment(\"SHOP_URL\", endpoint).WithExternalHttpEndpoints();
builder.AddYarp(\"edge\").WithConfiguration(yarp => { yarp.AddRoute(\"/api/{**rest}\", shop); });
if (useCache) { builder.AddRedis(\"cache\"); }
var key = builder.AddParameter(\"key\");
builder.Build().Run();
";

    fn facts(text: &str) -> Option<DesignFacts> {
        deployment(&super::super::read("src/Shop.AppHost/Program.cs", text))
    }

    #[test]
    fn a_chain_declares_units_and_their_variables() {
        let facts = facts(HOST).expect("it is an application host");
        let names: Vec<_> = facts.units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["pg", "bus", "shop-api", "web", "edge", "cache"]);
        let set = |unit: &DeployUnit| -> Vec<String> {
            let value =
                |var: &EnvVar| if let EnvValue::Literal(value) = &var.value { value.display() } else { String::new() };
            unit.env.iter().map(|var| format!("{}={}", var.name, value(var))).collect()
        };
        let shop = &facts.units[2];
        assert_eq!(
            set(shop),
            ["ConnectionStrings__shopdb=Host=pg;Database=shop", "ConnectionStrings__bus=amqp://bus/"]
        );
        assert_eq!((shop.labels["project"].as_str(), shop.replicas.value()), ("Shop_Api", Some(&2)));
        assert_eq!(shop.depends_on[0].0, "pg");
        let web = &facts.units[3];
        assert_eq!(set(web), ["services__shop-api__http__0=http://shop-api", "SHOP_URL=http://shop-api"]);
        assert_eq!((web.build_context.as_deref(), web.published), (Some("src/web"), true));
        assert_eq!(set(&facts.units[4]), ["services__shop-api__http__0=http://shop-api"]);
        assert!(facts.units[5].optional && facts.units[0].durable_storage.value() == Some(&true));
        assert_eq!(facts.names[0].name, "shopdb");
    }

    #[test]
    fn other_programs_declare_nothing() {
        assert!(facts("var builder = WebApplication.CreateBuilder(args);\nbuilder.AddRedis(\"x\");\n").is_none());
    }
}
