//! Resources an Aspire application host can add: what they are and how others are told where they are
//! (<https://learn.microsoft.com/dotnet/aspire/fundamentals/integrations-overview>).

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A .NET project.
    Project,
    /// A program built from a folder.
    Folder,
    /// Any container.
    Container,
    /// A reverse proxy.
    Proxy,
    /// A product.
    Product {
        /// The image it runs.
        image: &'static str,
        /// How its address is written.
        address: Address,
    },
}

/// How a connection string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `Host=x;Database=y` with this key for the host.
    Keyed(&'static str),
    /// `scheme://x/y`.
    Url(&'static str),
    /// `x:port`.
    Port(u16),
}

const fn product(image: &'static str, address: Address) -> Kind {
    Kind::Product { image, address }
}

/// Methods of the builder.
const RESOURCES: &[(&str, Kind)] = &[
    ("AddProject", Kind::Project),
    ("AddAzureFunctionsProject", Kind::Project),
    ("AddDockerfile", Kind::Folder),
    ("AddNpmApp", Kind::Folder),
    ("AddNodeApp", Kind::Folder),
    ("AddViteApp", Kind::Folder),
    ("AddJavaScriptApp", Kind::Folder),
    ("AddPythonApp", Kind::Folder),
    ("AddPythonModule", Kind::Folder),
    ("AddPythonScript", Kind::Folder),
    ("AddUvicornApp", Kind::Folder),
    ("AddGolangApp", Kind::Folder),
    ("AddRustApp", Kind::Folder),
    ("AddSpringApp", Kind::Folder),
    ("AddContainer", Kind::Container),
    ("AddKeycloak", Kind::Container),
    ("AddYarp", Kind::Proxy),
    ("AddRedis", product("redis", Address::Port(6379))),
    ("AddValkey", product("valkey", Address::Port(6379))),
    ("AddGarnet", product("redis", Address::Port(6379))),
    ("AddAzureRedis", product("redis", Address::Port(6379))),
    ("AddPostgres", product("postgres", Address::Keyed("Host"))),
    ("AddAzurePostgresFlexibleServer", product("postgres", Address::Keyed("Host"))),
    ("AddSqlServer", product("mssql", Address::Keyed("Server"))),
    ("AddAzureSqlServer", product("mssql", Address::Keyed("Server"))),
    ("AddMySql", product("mysql", Address::Keyed("Server"))),
    ("AddMongoDB", product("mongo", Address::Url("mongodb"))),
    ("AddElasticsearch", product("elasticsearch", Address::Url("http"))),
    ("AddQdrant", product("qdrant", Address::Url("http"))),
    ("AddAzureCosmosDB", product("cosmosdb", Address::Url("https"))),
    ("AddRabbitMQ", product("rabbitmq", Address::Url("amqp"))),
    ("AddKafka", product("kafka", Address::Port(9092))),
    ("AddNats", product("nats", Address::Url("nats"))),
    ("AddAzureServiceBus", product("servicebus", Address::Url("sb"))),
    ("AddAzureEventHubs", product("eventhubs", Address::Url("sb"))),
];

/// What a method of the builder adds; none when it adds nothing that runs.
pub(super) fn kind_of(method: &str) -> Option<Kind> {
    RESOURCES.iter().find(|(name, _)| *name == method).map(|(_, kind)| *kind)
}
