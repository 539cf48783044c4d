//! Builds the overlay that is deployed: bases, components, patches, images, replicas.
//!
//! A kustomization that no other one uses is a deployment. Where several are built on the same base, the one for
//! production is the deployment, by the folder names the documentation of Kustomize uses; without one of that name the
//! base says what runs, and what overlays say stays a variant.

use super::patch::{self, Tree};
use super::plan::{Plan, Target};
use crate::design::Reading;
use crate::design::helm::File;
use crate::design::origin::{Origins, is_example};
use crate::reader::{FileFacts, read_document};
use crate::tree::{Kind, Node, parse_yaml};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::{Ignored, Origin};
use whatif_model::{FileId, Range};

/// Deepest chain of kustomizations that use each other.
const CHAIN_MAX: usize = 12;

/// Most kustomizations that are visited for one deployment.
const STEPS_MAX: usize = 1_000;

/// Most manifests one deployment may have.
const MANIFESTS_MAX: usize = 5_000;

/// What the facts of all built kustomizations are, by number of the file that declares the manifest.
pub(crate) fn read(files: &[File<'_>]) -> BTreeMap<usize, FileFacts> {
    let plans = super::plan::plans(files);
    let mut facts = BTreeMap::new();
    for root in deployments(&plans) {
        let mut build = Build::new(files, &plans);
        let manifests = build.manifests(root, 0);
        if build.changes {
            build.finish(manifests, &mut facts);
        }
    }
    facts
}

/// Folders of the kustomizations that are deployed.
fn deployments<'p>(plans: &'p BTreeMap<&str, Plan<'_>>) -> Vec<&'p str> {
    let used: BTreeSet<&str> = plans.values().flat_map(|plan| plan.uses.iter().map(String::as_str)).collect();
    let is_deployed =
        |folder: &str, plan: &Plan<'_>| !plan.is_component && !used.contains(folder) && !is_example(folder);
    let roots: Vec<&'p str> =
        plans.iter().filter(|(folder, plan)| is_deployed(folder, plan)).map(|(folder, _)| *folder).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> = roots.iter().map(|root| (*root, reach(plans, root))).collect();
    let shares = |one: &str, other: &str| one != other && !reached[one].is_disjoint(&reached[other]);
    let leads = |root: &&str| {
        let rivals = roots.iter().filter(|other| shares(root, other)).collect::<Vec<_>>();
        rivals.is_empty() || (is_for_production(root) && !rivals.iter().any(|rival| is_for_production(rival)))
    };
    roots.iter().filter(|root| leads(root)).copied().collect()
}

/// Every kustomization a root is built from, itself left out.
fn reach<'p>(plans: &'p BTreeMap<&str, Plan<'_>>, root: &str) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> =
        plans.get(root).into_iter().flat_map(|plan| plan.uses.iter().map(String::as_str)).collect();
    while let Some(folder) = open.pop() {
        if let Some((folder, plan)) = plans.get_key_value(folder)
            && found.insert(*folder)
        {
            open.extend(plan.uses.iter().map(String::as_str));
        }
    }
    found
}

fn is_for_production(folder: &str) -> bool {
    folder.rsplit('/').next().is_some_and(|last| matches!(last, "prod" | "production" | "live" | "prd"))
}

/// A manifest of a deployment, and the number of the file that declares it.
struct Manifest {
    file: usize,
    tree: Tree,
}

struct Build<'b, 'a> {
    files: &'b [File<'a>],
    plans: &'b BTreeMap<&'a str, Plan<'a>>,
    by_path: BTreeMap<&'a str, usize>,
    /// Where the texts of files lie in one row of all texts.
    origins: Origins,
    end: u32,
    /// Files whose manifests or patches are in the deployment.
    taken: BTreeSet<usize>,
    replaced: Vec<patch::Replaced>,
    ignored: Vec<(Range, &'static str)>,
    changes: bool,
    /// Kustomizations visited so far.
    steps: usize,
}

impl<'b, 'a> Build<'b, 'a> {
    fn new(files: &'b [File<'a>], plans: &'b BTreeMap<&'a str, Plan<'a>>) -> Self {
        let by_path = files.iter().enumerate().map(|(at, file)| (file.path, at)).collect();
        let (origins, taken) = (Origins::default(), BTreeSet::new());
        Self {
            files,
            plans,
            by_path,
            origins,
            end: 0,
            taken,
            replaced: Vec::new(),
            ignored: Vec::new(),
            changes: false,
            steps: 0,
        }
    }

    /// The manifests of a kustomization after its own changes.
    fn manifests(&mut self, folder: &str, depth: usize) -> Vec<Manifest> {
        let mut manifests = Vec::new();
        self.add(folder, &mut manifests, depth);
        manifests
    }

    fn add(&mut self, folder: &str, manifests: &mut Vec<Manifest>, depth: usize) {
        let plans = self.plans;
        self.steps += 1;
        let Some(plan) = plans.get(folder).filter(|_| depth < CHAIN_MAX && self.steps < STEPS_MAX) else { return };
        let mut own = Vec::new();
        for path in &plan.resources {
            if self.plans.contains_key(path.as_str()) {
                own.extend(self.manifests(path, depth + 1));
            } else if let Some(at) = self.by_path.get(path.as_str()).copied() {
                self.taken.insert(at);
                own.extend(self.documents(at).into_iter().map(|tree| Manifest { file: at, tree }));
            }
        }
        manifests.append(&mut own);
        manifests.truncate(MANIFESTS_MAX);
        for component in &plan.components {
            self.changes = true;
            self.add(component, manifests, depth + 1);
        }
        self.change(plan, manifests);
    }

    /// The documents of a file, moved to where its text lies in the row.
    fn documents(&mut self, at: usize) -> Vec<Tree> {
        let Some(file) = self.files.get(at) else { return Vec::new() };
        let start = self.place(Range::new(0, file.text.len()).in_file(FileId::of(file.path)), file.text.len(), true);
        parse_yaml(file.text).documents.iter().map(|document| patch::shifted(&document.root, start)).collect()
    }

    /// Puts a text at the end of the row.
    fn place(&mut self, place: whatif_model::Span, length: usize, copied: bool) -> u32 {
        let start = self.end;
        self.origins.push(start as usize, place, copied, None);
        self.end = start.saturating_add(Range::new(0, length).end).saturating_add(1);
        start
    }

    fn change(&mut self, plan: &Plan<'a>, manifests: &mut Vec<Manifest>) {
        let own = self.by_path.get(plan.path).copied();
        for (target, text) in &plan.patches {
            self.changes = true;
            let trees = match text {
                super::plan::Text::File(path) => {
                    let Some(at) = self.by_path.get(path.as_str()).copied() else { continue };
                    self.taken.insert(at);
                    self.documents(at)
                }
                super::plan::Text::Inline(text, range) => {
                    let start = self.place(range.in_file(FileId::of(plan.path)), text.len(), false);
                    parse_yaml(text).documents.iter().map(|document| patch::shifted(&document.root, start)).collect()
                }
            };
            trees.iter().for_each(|tree| self.apply(tree, target.as_ref(), manifests));
        }
        if plan.images.is_empty() && plan.replicas.is_empty() {
            return;
        }
        self.changes = true;
        let Some(start) = own.and_then(|at| {
            let file = self.files.get(at)?;
            Some(self.place(Range::new(0, file.text.len()).in_file(FileId::of(file.path)), file.text.len(), true))
        }) else {
            return;
        };
        for (name, count) in &plan.replicas {
            let count = patch::shifted(count, start);
            let fits = |it: &&mut Manifest| it.tree.text_at(&["metadata", "name"]) == Some(name);
            for manifest in manifests.iter_mut().filter(fits) {
                if let Some(Kind::Map(spec)) = entry_mut(&mut manifest.tree, "spec").map(|spec| &mut spec.kind) {
                    patch::set(spec, "replicas", &count, &mut self.replaced);
                }
            }
        }
        for image in &plan.images {
            let place =
                Range { start: image.range.start.saturating_add(start), end: image.range.end.saturating_add(start) };
            let mut change = |node: &mut Tree| {
                if let Some(new) = node.text().and_then(|text| image.applied(text)) {
                    self.replaced.push((place, node.range));
                    *node = Node { range: place, kind: Kind::Scalar { text: Cow::Owned(new), plain: false } };
                }
            };
            manifests.iter_mut().for_each(|manifest| each_image(&mut manifest.tree, 0, &mut change));
        }
    }

    /// One patch: a list of operations for its target, or a manifest that names its own.
    fn apply(&mut self, patch: &Tree, target: Option<&Target>, manifests: &mut Vec<Manifest>) {
        let own = Target::of(patch);
        let Some(target) = target.or(own.as_ref()) else {
            self.ignored.push((patch.range, "a patch that names no target"));
            return;
        };
        if !patch.is_seq() && patch.text_at(&["$patch"]) == Some("delete") {
            manifests.retain(|manifest| !target.fits(&manifest.tree));
            return;
        }
        for manifest in manifests.iter_mut().filter(|manifest| target.fits(&manifest.tree)) {
            if patch.is_seq() {
                let failed = patch::run(&mut manifest.tree, patch.items(), &mut self.replaced);
                self.ignored.extend(failed.into_iter().map(|range| (range, "an operation whose path is not there")));
            } else {
                let mut body = patch.clone();
                // A patch says which manifest it is for, not what that is called.
                if let Kind::Map(entries) = &mut body.kind {
                    entries.retain(|entry| !matches!(entry.key.as_ref(), "apiVersion" | "kind"));
                    if let Some(Kind::Map(metadata)) =
                        entries.iter_mut().find(|entry| entry.key == "metadata").map(|entry| &mut entry.value.kind)
                    {
                        metadata.retain(|entry| entry.key != "name");
                    }
                }
                patch::merge(&mut manifest.tree, &body, &mut self.replaced);
            }
        }
    }

    /// Reads the built manifests; each belongs to the file that declares it, and patches say nothing by themselves.
    fn finish(self, manifests: Vec<Manifest>, facts: &mut BTreeMap<usize, FileFacts>) {
        for at in &self.taken {
            facts.entry(*at).or_default();
        }
        let locate = |range: Range| self.origins.locate(range);
        for manifest in &manifests {
            let Some(file) = self.files.get(manifest.file) else { continue };
            let mut cx = Reading::new(file.path, "").rendered(&self.origins, &[]).deployed();
            read_document(&mut cx, &manifest.tree);
            let own = facts.entry(manifest.file).or_default();
            let inside = |range: &Range| manifest.tree.range.contains(*range);
            let origins = self.replaced.iter().filter(|(_, base)| inside(base));
            let origins = origins
                .filter_map(|(at, from)| Some(Origin { at: locate(*at)?, from: locate(*from)?, is_replaced: true }));
            let mut more = FileFacts { design: cx.facts, ignored: cx.ignored, problems: cx.problems };
            more.design.origins = origins.collect();
            crate::design::helm::merge(own, more);
        }
        for (range, reason) in &self.ignored {
            let Some(span) = locate(*range) else { continue };
            let at = self.taken.iter().find(|at| FileId::of(self.files[**at].path) == span.file);
            if let Some(own) = at.and_then(|at| facts.get_mut(at)) {
                own.ignored.push(Ignored { span, reason: (*reason).to_owned() });
            }
        }
    }
}

fn entry_mut<'n>(node: &'n mut Tree, key: &str) -> Option<&'n mut Tree> {
    let Kind::Map(entries) = &mut node.kind else { return None };
    entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

/// Every `image` of a container.
fn each_image(node: &mut Tree, depth: usize, change: &mut impl FnMut(&mut Tree)) {
    if depth > whatif_model::limits::DEPTH_MAX {
        return;
    }
    match &mut node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                match entry.key.as_ref() {
                    "image" => change(&mut entry.value),
                    _ => each_image(&mut entry.value, depth + 1, change),
                }
            }
        }
        Kind::Seq(items) => items.iter_mut().for_each(|item| each_image(item, depth + 1, change)),
        Kind::Scalar { .. } => {}
    }
}
