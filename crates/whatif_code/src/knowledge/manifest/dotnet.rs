//! Project files of .NET and central package versions
//! (<https://learn.microsoft.com/nuget/consume-packages/central-package-management>).

use super::reading::{dependency, join};
use roxmltree::{Document, Node};
use whatif_model::facts::package::Package;
use whatif_model::{FileId, Range};

/// Name, SDK, package and project references, properties, central versions.
pub(super) fn read(text: &str, file: FileId, package: &mut Package) {
    // A byte order mark is common here and no part of the document.
    let Ok(document) = Document::parse(text.trim_start_matches('\u{feff}')) else { return };
    let offset = text.len() - text.trim_start_matches('\u{feff}').len();
    let root = document.root_element();
    let span = |node: Node<'_, '_>| Range::new(node.range().start + offset, node.range().end + offset).in_file(file);
    let name = package.path.rsplit('/').next().unwrap_or("").to_owned();
    package.name =
        name.rsplit_once('.').filter(|(_, ending)| ending.ends_with("proj")).map(|(stem, _)| stem.to_owned());
    let own = root.attribute("Sdk").map(|sdk| (sdk, root));
    let nested = root.children().filter(|it| it.has_tag_name("Sdk")).filter_map(|it| Some((it.attribute("Name")?, it)));
    for (sdk, node) in own.into_iter().chain(nested) {
        let (sdk, version) = sdk.split_once('/').map_or((sdk, None), |(sdk, version)| (sdk, Some(version)));
        package.plugins.push(dependency(sdk, version, false, span(node)));
    }
    let folder = package.folder().to_owned();
    let items = root.children().flat_map(|group| group.children()).filter(Node::is_element);
    for item in items {
        let value = |name: &str| {
            let child = || item.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text());
            item.attribute(name).or_else(child)
        };
        let included = item.attribute("Include").or(item.attribute("Update"));
        match (item.tag_name().name(), included) {
            ("PackageReference", Some(name)) => {
                package.dependencies.push(dependency(name, value("Version"), false, span(item)));
            }
            ("PackageVersion", Some(name)) => {
                package.managed.push(dependency(name, value("Version"), false, span(item)));
            }
            ("ProjectReference", Some(path)) => package.projects.extend(join(&folder, path)),
            (name, None) => {
                let text = item.text().unwrap_or("").trim();
                package.properties.push((name.to_owned(), text.to_owned()));
            }
            _ => {}
        }
    }
    if let Some((_, assembly)) =
        package.properties.iter().find(|(name, value)| name == "AssemblyName" && !value.is_empty())
    {
        package.name = Some(assembly.clone());
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::Versions;
    use crate::knowledge::manifest::read;

    #[test]
    fn central_versions_and_references() {
        let central = read(
            "Directory.Packages.props",
            "\u{feff}<Project><PropertyGroup><GrpcVersion>2.71.0</GrpcVersion></PropertyGroup><ItemGroup><PackageVersion Include=\"Grpc.Net.Client\" Version=\"$(GrpcVersion)\" /></ItemGroup></Project>",
        );
        let project = read(
            "src/Basket.API/Basket.API.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"Grpc.Net.Client\" /><PackageReference Include=\"Polly\"><Version>7.2.1</Version></PackageReference><ProjectReference Include=\"..\\EventBus\\EventBus.csproj\" /></ItemGroup></Project>",
        );
        assert_eq!(
            (project.name.as_deref(), project.projects.as_slice()),
            (Some("Basket.API"), ["src/EventBus/EventBus.csproj".to_owned()].as_slice())
        );
        assert!(project.applies("Microsoft.NET.Sdk.Web") && project.needs("Polly").is_some());
        let versions = Versions::of_packages([&project, &central]);
        assert!(versions.of("Grpc.Net.Client").is_some_and(|v| v.is_between("2.71", "3")));
        assert!(versions.of("polly").is_some_and(|v| v.is_between("7", "8")));
    }
}
