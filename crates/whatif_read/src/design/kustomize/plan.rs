//! What a kustomization file says is to be built.

use crate::design::helm::File;
use crate::tree::{Node, parse_yaml};
use std::collections::BTreeMap;
use whatif_model::Range;
use whatif_model::text::{folder_of, join};

/// One kustomization.
pub(super) struct Plan<'a> {
    /// Its file.
    pub(super) path: &'a str,
    /// Whether it is a part that others include.
    pub(super) is_component: bool,
    /// Files and folders of other kustomizations, root-relative.
    pub(super) resources: Vec<String>,
    /// Folders of components.
    pub(super) components: Vec<String>,
    /// Everything of the above that is a kustomization.
    pub(super) uses: Vec<String>,
    /// Patches in order.
    pub(super) patches: Vec<(Option<Target>, Text)>,
    pub(super) images: Vec<Image>,
    /// Names of workloads and how many are to run.
    pub(super) replicas: Vec<(String, Node<'static>)>,
}

/// The text of a patch.
pub(super) enum Text {
    File(String),
    Inline(String, Range),
}

/// What a patch is for.
pub(super) struct Target {
    kind: Option<String>,
    name: Option<String>,
}

/// Another image for those of a name.
pub(super) struct Image {
    name: String,
    new_name: Option<String>,
    new_tag: Option<String>,
    /// Where it is said.
    pub(super) range: Range,
}

/// Every kustomization, by its folder.
pub(super) fn plans<'a>(files: &[File<'a>]) -> BTreeMap<&'a str, Plan<'a>> {
    let mut plans = BTreeMap::new();
    for file in files.iter().filter(|file| is_kustomization(file.path)) {
        let documents = parse_yaml(file.text);
        if let Some(document) = documents.documents.first() {
            plans.insert(folder_of(file.path), plan(file, &document.root));
        }
    }
    let folders: Vec<&str> = plans.keys().copied().collect();
    for plan in plans.values_mut() {
        let used = plan.resources.iter().chain(&plan.components);
        plan.uses = used.filter(|path| folders.binary_search(&path.as_str()).is_ok()).cloned().collect();
    }
    plans
}

fn is_kustomization(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml"))
}

fn plan<'a>(file: &File<'a>, root: &Node<'_>) -> Plan<'a> {
    let folder = folder_of(file.path);
    let items = |key: &str| root.get(key).map(Node::items).unwrap_or_default();
    let paths = |key: &str| -> Vec<String> {
        items(key)
            .iter()
            .filter_map(Node::text)
            .filter(|path| !path.contains("://"))
            .filter_map(|it| join(folder, it))
            .collect()
    };
    let mut resources = paths("bases");
    resources.extend(paths("resources"));
    let mut patches = Vec::new();
    for node in items("patchesStrategicMerge") {
        patches.extend(node.text().map(|text| (None, text_of(folder, text, node.range))));
    }
    for node in items("patches").iter().chain(items("patchesJson6902")) {
        let by_path = node.text_at(&["path"]).and_then(|path| Some(Text::File(join(folder, path)?)));
        let inline = || {
            let node = node.get("patch")?;
            Some(Text::Inline(node.text()?.to_owned(), node.range))
        };
        let target = node.get("target").map(|target| Target {
            kind: target.text_at(&["kind"]).map(str::to_owned),
            name: target.text_at(&["name"]).map(str::to_owned),
        });
        patches.extend(by_path.or_else(inline).map(|text| (target, text)));
    }
    Plan {
        path: file.path,
        is_component: root.text_at(&["kind"]) == Some("Component"),
        resources,
        components: paths("components"),
        uses: Vec::new(),
        patches,
        images: items("images").iter().filter_map(image).collect(),
        replicas: items("replicas")
            .iter()
            .filter_map(|node| {
                Some((node.text_at(&["name"])?.to_owned(), super::patch::shifted(node.get("count")?, 0)))
            })
            .collect(),
    }
}

/// A strategic merge is given as a path, or as the patch itself.
fn text_of(folder: &str, text: &str, range: Range) -> Text {
    match join(folder, text).filter(|_| !text.contains('\n')) {
        Some(path) => Text::File(path),
        None => Text::Inline(text.to_owned(), range),
    }
}

fn image(node: &Node<'_>) -> Option<Image> {
    let text = |key: &str| node.text_at(&[key]).map(str::to_owned);
    let new_tag =
        text("newTag").map(|tag| format!(":{tag}")).or_else(|| text("digest").map(|digest| format!("@{digest}")));
    Some(Image { name: text("name")?, new_name: text("newName"), new_tag, range: node.range })
}

impl Image {
    /// The image that takes the place of another one, if this is about it.
    pub(super) fn applied(&self, image: &str) -> Option<String> {
        let at = image.rfind('/').map_or(0, |at| at + 1);
        let name_end = image.get(at..)?.find([':', '@']).map_or(image.len(), |found| at + found);
        let (name, tag) = image.split_at_checked(name_end)?;
        (name == self.name)
            .then(|| format!("{}{}", self.new_name.as_deref().unwrap_or(name), self.new_tag.as_deref().unwrap_or(tag)))
    }
}

impl Target {
    /// The manifest a strategic merge names.
    pub(super) fn of(patch: &Node<'_>) -> Option<Self> {
        let name = patch.text_at(&["metadata", "name"])?.to_owned();
        Some(Self { kind: patch.text_at(&["kind"]).map(str::to_owned), name: Some(name) })
    }

    pub(super) fn fits(&self, manifest: &Node<'_>) -> bool {
        let kind = self.kind.as_deref().is_none_or(|kind| manifest.text_at(&["kind"]) == Some(kind));
        let name = manifest.text_at(&["metadata", "name"]).unwrap_or("");
        kind && self.name.as_deref().is_none_or(|wanted| wanted == name || wanted == ".*")
    }
}
