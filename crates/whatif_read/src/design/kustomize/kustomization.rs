//! Kustomization files (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `resources` | files that are deployed |
//! | `configMapGenerator[].literals` | configuration maps |
use crate::design::Reading;
use crate::tree::Node;
use whatif_model::Value;
use whatif_model::facts::Reference;
use whatif_model::facts::deploy::ConfigMap;

pub(crate) const ID: &str = "kustomize";

/// Folders that hold variants by convention, as the documentation of Kustomize lays trees out.
const VARIANT_FOLDERS: &[&str] = &["components", "overlays"];

/// Keys that only list files, which are read by themselves, or decorate.
const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "configMapGenerator",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "replicas",
];

pub(crate) fn recognises(cx: &Reading<'_>, root: &Node<'_>) -> bool {
    matches!(cx.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
        || root.text_at(&["apiVersion"]).is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}

/// Whether a path lies in a folder of variants.
pub(crate) fn is_variant(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| VARIANT_FOLDERS.contains(&folder))
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    cx.ignore_other_keys(root, KNOWN, "kustomization");
    for item in ["resources", "bases"].iter().flat_map(|key| root.get(key).map(Node::items).unwrap_or_default()) {
        if let Some(path) = item.text().and_then(|text| cx.resolve(text)) {
            cx.facts.references.push(Reference { span: cx.span(item.range), path });
        }
    }
    let scope = root.text_at(&["namespace"]).unwrap_or("").to_owned();
    for generator in root.get("configMapGenerator").map(Node::items).unwrap_or_default() {
        let Some(name) = generator.text_at(&["name"]) else { continue };
        cx.ignore_other_keys(generator, &["name", "literals"], "configuration map generator");
        let literals = generator.get("literals").map(Node::items).unwrap_or_default();
        let entries = literals
            .iter()
            .filter_map(|item| Some((item.text()?.split_once('=')?, item.range)))
            .map(|((key, text), range)| (key.to_owned(), Value::text(text.trim_matches(['"', '\''])), cx.span(range)))
            .collect();
        cx.facts.configs.push(ConfigMap { name: name.to_owned(), scope: scope.clone(), entries });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;

    #[test]
    fn generated_maps_are_facts_and_the_rest_is_listed() {
        let text =
            "resources: [a.yaml]\nconfigMapGenerator:\n- name: urls\n  literals:\n  - CART=cart:80\nnamePrefix: a-\n";
        let mut cx = Reading::new("deploy/base/kustomization.yaml", text);
        let documents = parse_yaml(text);
        assert!(recognises(&cx, &documents.documents[0].root));
        read(&mut cx, &documents.documents[0].root);
        assert_eq!(cx.facts.configs[0].entries[0].0, "CART");
        assert_eq!(cx.ignored.len(), 1);
        assert!(is_variant("k8s/overlays/dev/a.yaml") && !is_variant("k8s/base/components.yaml"));
    }
}
