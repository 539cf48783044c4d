//! Skaffold configuration (<https://skaffold.dev/docs/references/yaml/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `manifests.rawYaml`, `deploy.kubectl.manifests` | files that are deployed |
//! | `build.artifacts[].image`, `.context`, `.jib.project`, `.docker.dockerfile` | a unit of kind image and the folder it is built from |

use super::Reading;
use crate::tree::Node;
use whatif_model::Value;
use whatif_model::facts::Reference;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};

pub(crate) const ID: &str = "skaffold";

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    root.text_at(&["apiVersion"]).is_some_and(|version| version.starts_with("skaffold/"))
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    cx.ignore_other_keys(root, &["apiVersion", "kind", "metadata", "build", "manifests", "deploy"], "Skaffold file");
    for artifact in root.at(&["build", "artifacts"]).map(Node::items).unwrap_or_default() {
        let Some(image) = artifact.get("image") else { continue };
        let name = image.text().unwrap_or("").rsplit('/').next().unwrap_or("").to_owned();
        let context = source_folder(cx, artifact);
        cx.facts.units.push(DeployUnit {
            image: image.text().map(Value::text),
            build_context: context,
            ..DeployUnit::new(name, UnitKind::Image, cx.span(image.range))
        });
    }
    read_references(cx, root);
}

/// The manifests that are applied.
fn read_references(cx: &mut Reading<'_>, root: &Node<'_>) {
    let lists = [["manifests", "rawYaml"].as_slice(), &["deploy", "kubectl", "manifests"]];
    for item in lists.iter().flat_map(|path| root.at(path).map(Node::items).unwrap_or_default()) {
        if let Some(path) = item.text().and_then(|text| cx.resolve(text)) {
            cx.facts.references.push(Reference { span: cx.span(item.range), path });
        }
    }
}

/// The context, which is the folder of the file unless stated; one module or one Dockerfile's folder in it says more.
fn source_folder(cx: &Reading<'_>, artifact: &Node<'_>) -> Option<String> {
    let context = cx.resolve(artifact.text_at(&["context"]).unwrap_or("."))?;
    // A Maven module is a folder, or `group:artifact`.
    let module = artifact.text_at(&["jib", "project"]).filter(|module| !module.contains(':'));
    let dockerfile = artifact.text_at(&["docker", "dockerfile"]).and_then(|path| path.rsplit_once('/'));
    let inner = module.or(dockerfile.map(|(folder, _)| folder));
    inner.and_then(|inner| super::reading::join(&context, inner)).or(Some(context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;

    #[test]
    fn artifacts_name_the_folder_of_an_image() {
        let text = "apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts:\n  - image: eu.example/shop/cart\n    context: src/cart\n  - image: pay\n    context: ..\n    jib: {project: src/pay}\ndeploy: {kubectl: {manifests: [k8s/a.yaml, 'https://x/y.yaml']}}\n";
        let mut cx = Reading::new("src/skaffold.yaml", text);
        let documents = parse_yaml(text);
        assert!(recognises(&documents.documents[0].root));
        read(&mut cx, &documents.documents[0].root);
        let unit = &cx.facts.units[0];
        assert_eq!((unit.name.as_str(), unit.build_context.as_deref()), ("cart", Some("src/src/cart")));
        assert_eq!(cx.facts.units[1].build_context.as_deref(), Some("src/pay"));
        assert_eq!((cx.facts.references.len(), cx.facts.references[0].path.as_str()), (1, "src/k8s/a.yaml"));
    }
}
