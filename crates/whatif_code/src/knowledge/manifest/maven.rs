//! `pom.xml`: <https://maven.apache.org/pom.html>.

use super::reading::{dependency, join};
use roxmltree::{Document, Node};
use whatif_model::facts::package::{Dependency, Package};
use whatif_model::{FileId, Range};

/// Identity, modules, properties, dependencies and managed versions.
pub(super) fn read(text: &str, file: FileId, package: &mut Package) {
    let Ok(document) = Document::parse(text) else { return };
    let project = document.root_element();
    package.name = text_of(project, "artifactId");
    let folder = package.folder().to_owned();
    for module in children(project, "modules").flat_map(|modules| children(modules, "module")) {
        package.modules.extend(module.text().and_then(|name| join(&folder, name.trim())));
    }
    for property in children(project, "properties").flat_map(|node| node.children().filter(Node::is_element)) {
        let value = property.text().unwrap_or("").trim().to_owned();
        package.properties.push((property.tag_name().name().to_owned(), value));
    }
    let parent = children(project, "parent").next();
    own_properties(project, parent, package);
    if let Some(parent) = parent {
        package.dependencies.extend(coordinates(parent, file));
    }
    for list in children(project, "dependencies") {
        package.dependencies.extend(children(list, "dependency").filter_map(|it| coordinates(it, file)));
    }
    let managed = children(project, "dependencyManagement").flat_map(|it| children(it, "dependencies"));
    for list in managed {
        package.managed.extend(children(list, "dependency").filter_map(|it| coordinates(it, file)));
    }
    let plugins = children(project, "build").flat_map(|it| children(it, "plugins"));
    for list in plugins {
        package.plugins.extend(children(list, "plugin").filter_map(|it| coordinates(it, file)));
    }
}

/// What `${project.x}` means; both spellings occur.
fn own_properties(project: Node<'_, '_>, parent: Option<Node<'_, '_>>, package: &mut Package) {
    let inherited = |name: &'static str| text_of(project, name).or_else(|| text_of(parent?, name));
    let own = [("version", inherited("version")), ("groupId", inherited("groupId"))];
    for (name, value) in own.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        package.properties.push((format!("project.{name}"), value));
    }
    if let Some(version) = parent.and_then(|parent| text_of(parent, "version")) {
        package.properties.push(("project.parent.version".to_owned(), version));
    }
}

fn coordinates(node: Node<'_, '_>, file: FileId) -> Option<Dependency> {
    let artifact = text_of(node, "artifactId")?;
    // Plugins of Maven itself may leave the group out.
    let group = text_of(node, "groupId").unwrap_or_else(|| "org.apache.maven.plugins".to_owned());
    let test = text_of(node, "scope").as_deref() == Some("test");
    let range = node.range();
    let span = Range::new(range.start, range.end).in_file(file);
    Some(dependency(format!("{group}:{artifact}"), text_of(node, "version").as_deref(), test, span))
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn text_of(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = children(node, name).next()?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::knowledge::Versions;
    use crate::knowledge::manifest;

    #[test]
    fn a_module_takes_versions_from_its_parent() {
        let parent = manifest::read(
            "pom.xml",
            "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><parent><groupId>org.springframework.boot</groupId>
             <artifactId>spring-boot-starter-parent</artifactId><version>2.7.3</version></parent>
             <artifactId>shop</artifactId><modules><module>cart</module></modules>
             <properties><okhttp.version>4.9.1</okhttp.version></properties>
             <dependencyManagement><dependencies><dependency><groupId>com.squareup.okhttp3</groupId>
             <artifactId>okhttp</artifactId><version>${okhttp.version}</version></dependency></dependencies>
             </dependencyManagement></project>",
        );
        let module = manifest::read(
            "cart/pom.xml",
            "<project><artifactId>cart</artifactId><dependencies><dependency><groupId>com.squareup.okhttp3</groupId>
             <artifactId>okhttp</artifactId></dependency><dependency><groupId>junit</groupId>
             <artifactId>junit</artifactId><version>4.13</version><scope>test</scope></dependency></dependencies>
             <build><plugins><plugin><groupId>org.springframework.boot</groupId>
             <artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
        );
        assert_eq!(parent.modules, ["cart"]);
        assert_eq!((module.name.as_deref(), module.folder()), (Some("cart"), "cart"));
        assert!(module.applies("org.springframework.boot:spring-boot-maven-plugin"));
        assert!(module.needs("com.squareup.okhttp3:okhttp").is_some() && module.needs("junit:junit").is_none());
        let versions = Versions::of_packages([&module, &parent]);
        assert!(versions.of("com.squareup.okhttp3:okhttp").is_some_and(|v| v.is_between("4.9", "4.10")));
        assert!(versions.of("org.springframework.boot:spring-boot").is_some_and(|v| v.is_between("2.7", "3")));
    }
}
