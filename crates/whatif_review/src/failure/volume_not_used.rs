//! A volume beside the folder a store writes to.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Confidence, Evidence, How, Stage};
use whatif_model::facts::deploy::{DeployUnit, EnvValue, Mount, UnitKind, Volume};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/volume-not-used",
        severity: Severity::Warning,
        summary: "A store's volume is mounted where its image does not write, so its data ends with the container.",
        page: include_str!("volume_not_used.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

/// Where images keep their data unless they are told otherwise: an image, its folders, and who says so.
const DATA_FOLDERS: &[(&str, &[&str], &str)] = &[
    ("redis", &["/data"], "https://hub.docker.com/_/redis"),
    ("valkey/valkey", &["/data"], "https://hub.docker.com/r/valkey/valkey"),
    ("postgres", &["/var/lib/postgresql"], "https://hub.docker.com/_/postgres"),
    ("mysql", &["/var/lib/mysql"], "https://hub.docker.com/_/mysql"),
    ("mariadb", &["/var/lib/mysql"], "https://hub.docker.com/_/mariadb"),
    ("mongo", &["/data/db", "/data/configdb"], "https://hub.docker.com/_/mongo"),
    ("rabbitmq", &["/var/lib/rabbitmq"], "https://hub.docker.com/_/rabbitmq"),
    ("cassandra", &["/var/lib/cassandra"], "https://hub.docker.com/_/cassandra"),
    ("couchdb", &["/opt/couchdb/data"], "https://hub.docker.com/_/couchdb"),
    ("neo4j", &["/data"], "https://hub.docker.com/_/neo4j"),
    ("bitnami/redis", &["/bitnami/redis"], "https://hub.docker.com/r/bitnami/redis"),
    ("bitnami/postgresql", &["/bitnami/postgresql"], "https://hub.docker.com/r/bitnami/postgresql"),
    ("bitnami/mysql", &["/bitnami/mysql"], "https://hub.docker.com/r/bitnami/mysql"),
    ("bitnami/mongodb", &["/bitnami/mongodb"], "https://hub.docker.com/r/bitnami/mongodb"),
    ("bitnami/kafka", &["/bitnami/kafka"], "https://hub.docker.com/r/bitnami/kafka"),
    ("confluentinc/cp-kafka", &["/var/lib/kafka"], "https://hub.docker.com/r/confluentinc/cp-kafka"),
    ("elasticsearch", &["/usr/share/elasticsearch/data"], "https://hub.docker.com/_/elasticsearch"),
    (
        "opensearchproject/opensearch",
        &["/usr/share/opensearch/data"],
        "https://hub.docker.com/r/opensearchproject/opensearch",
    ),
];

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let stores = cx.system.stores.iter().map(|store| (&store.address, &store.units));
    let brokers = cx.system.brokers.iter().map(|broker| (&broker.address, &broker.units));
    let units = stores.chain(brokers).flat_map(|(address, units)| units.iter().map(move |unit| (address, unit)));
    units.filter_map(|(address, unit)| misplaced(cx, address, unit)).collect()
}

/// A unit whose only lasting volumes lie beside its data, and whom nothing tells to write elsewhere.
fn misplaced(cx: &Context<'_>, address: &str, unit: &DeployUnit) -> Option<Finding> {
    let (folders, link) = data_folders(unit)?;
    let lasting: Vec<&Mount> = unit.mounts.iter().filter(|mount| mount.volume == Volume::Durable).collect();
    let holds_data = |mount: &Mount| folders.iter().any(|folder| overlap(&mount.path, folder));
    let is_told = !unit.command.is_empty() || is_configured(unit, &lasting) || unit.kind == UnitKind::Image;
    let mounted = lasting.first()?;
    (!is_told && !unit.mounts.iter().any(holds_data)).then(|| finding(cx, address, unit, mounted, folders, link))?
}

/// The folders of the image a unit runs, without registry and tag.
fn data_folders(unit: &DeployUnit) -> Option<(&'static [&'static str], &'static str)> {
    let image = unit.image.as_ref()?.as_text()?;
    let (path, name) = image.rsplit_once('/').unwrap_or(("", &image));
    let name = name.split([':', '@']).next()?;
    let owner = path.rsplit('/').next().filter(|owner| !owner.contains('.') && *owner != "library").unwrap_or("");
    let full = if owner.is_empty() { name.to_owned() } else { format!("{owner}/{name}") };
    DATA_FOLDERS.iter().find(|(known, ..)| *known == full).map(|(_, folders, link)| (*folders, *link))
}

/// Whether a volume at one path holds what is written to another: one is the other, or lies below it.
fn overlap(mount: &str, folder: &str) -> bool {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    parts(mount).iter().zip(&parts(folder)).all(|(one, other)| one == other)
}

/// Whether a variable names a folder of a volume, or a configuration is mounted that may.
fn is_configured(unit: &DeployUnit, lasting: &[&Mount]) -> bool {
    let named = unit.env.iter().any(|variable| match &variable.value {
        EnvValue::Literal(value) => lasting.iter().any(|mount| value.display().contains(&mount.path)),
        _ => true,
    });
    named || unit.mounts.iter().any(|mount| matches!(mount.volume, Volume::Other | Volume::Host))
}

fn finding(
    cx: &Context<'_>,
    address: &str,
    unit: &DeployUnit,
    mounted: &Mount,
    folders: &[&str],
    link: &str,
) -> Option<Finding> {
    let folder = folders.first()?;
    let how = How::Default { of: format!("the image of `{}`", unit.name), link: link.to_owned() };
    cx.finding(&RULE.meta, address)
        .message(format!(
            "`{address}` has a volume at `{}`, but its image writes to `{folder}`: its data ends with the container",
            mounted.path
        ))
        .at(&Evidence::stated(Stage::Design, mounted.span, "the volume is mounted here"))
        .at(&Evidence { span: unit.span, stage: Stage::Design, how, label: format!("its image writes to `{folder}`") })
        // The image may be another one in spite of its name.
        .at_most(Confidence::Likely)
        .help(format!("mount the volume at `{folder}`, or tell the program to write to `{}`", mounted.path))
        .build()
}
