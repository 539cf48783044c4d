//! Documents of which completeness may be asked, and what each of them addresses.
//!
//! Two kinds of document owe something. One that *specifies* services owes their qualities and their
//! behaviour under failure. An *overview* describes which services there are; it owes what happens when
//! they fail, and the qualities when no other document specifies them. Proposals and decisions change a
//! system that is specified elsewhere: nothing is asked of them for being absent.
//! What a document next to it or above it addresses counts as addressed.

use crate::query::service_of;
use crate::rule::{Context, Draft, RuleMeta};
use crate::vocabulary::claims::{plain, quotation};
use crate::vocabulary::named::Names;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::prose::{
    Aspect, Bounds, DocumentKind, Firmness, Modality, Scope, SectionKind, StatedRequirement,
};
use whatif_model::finding::Severity;
use whatif_model::system::{Document, EdgeKind, Node, Service, ServiceId, System};
use whatif_model::text::{Range, folder_of};

/// Shorter documents are notes: they specify nothing whole.
const WORDS_MIN: u32 = 40;
/// A document that names fewer services of the system is about one of them, not about the system.
const SERVICES_NAMED_MIN: usize = 3;
/// Sentences about services, queues and replicas before a document counts as one about a distributed
/// system, when no other file shows that there is one.
const DISTRIBUTED_SENTENCES_MIN: usize = 3;
/// Places shown beside the title.
const PLACES_MAX: usize = 3;

/// What a document is to the system.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It specifies or designs services.
    Specification,
    /// It describes which services there are, and no document specifies them.
    OnlyOverview,
    /// It describes which services there are; others specify them.
    Overview,
}

/// A document of which something may be asked.
pub(crate) struct Owing<'a> {
    pub(crate) document: &'a Document,
    pub(crate) role: Role,
    /// Documents of another kind beside it: they speak of the same thing.
    beside: Vec<&'a Document>,
    /// Specifying documents in the folders above it: their qualities hold for it, too.
    above: Vec<&'a Document>,
}

/// All of them, in path order.
pub(crate) fn documents<'a>(cx: &Context<'a>) -> Vec<Owing<'a>> {
    let all = &cx.system.documents;
    let folders = folders(all);
    let specified = all.iter().any(|document| role_by_kind(cx.system, document) == Some(Role::Specification));
    let overview = overview(cx).filter(|document| role_by_kind(cx.system, document).is_none());
    let role = |document: &'a Document| match role_by_kind(cx.system, document) {
        None if overview.is_some_and(|found| found.path == document.path) => {
            Some(if specified { Role::Overview } else { Role::OnlyOverview })
        }
        role => role,
    };
    let copies = copies(cx);
    let owing = all.iter().filter(|document| !copies.contains(document.path.as_str()));
    let owing = owing.filter_map(|document| Some((document, role(document)?)));
    owing.map(|(document, role)| with_surroundings(&folders, document, role)).collect()
}

/// Documents that lie somewhere else word for word: of equal ones the one deepest in the folders counts,
/// because it lies among the documents it belongs to.
fn copies<'a>(cx: &Context<'a>) -> BTreeSet<&'a str> {
    let mut equal: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for document in &cx.system.documents {
        if let Some(file) = cx.sources.get(document.file) {
            equal.entry(&file.text).or_default().push(&document.path);
        }
    }
    let depth = |path: &&str| path.matches('/').count();
    let originals = equal.values().filter_map(|paths| paths.iter().rev().max_by_key(|path| depth(path)).copied());
    let originals: BTreeSet<&str> = originals.collect();
    equal.into_values().flatten().filter(|path| !originals.contains(path)).collect()
}

/// The role a document has by what it is and says itself.
fn role_by_kind(system: &System, document: &Document) -> Option<Role> {
    let facts = &document.facts;
    if facts.document.scope != Scope::Specifies || facts.document.words < WORDS_MIN || !is_distributed(system, document)
    {
        return None;
    }
    let specifies = matches!(
        facts.document.kind,
        DocumentKind::Specification | DocumentKind::Requirements | DocumentKind::Design | DocumentKind::Readme
    );
    specifies.then_some(Role::Specification)
}

fn is_distributed(system: &System, document: &Document) -> bool {
    let sentences = document.facts.aspects.iter().filter(|mention| mention.aspect == Aspect::Distribution).count();
    let served = system.services.iter().filter(|service| !service.infrastructure).count() > 1;
    sentences >= if served { 1 } else { DISTRIBUTED_SENTENCES_MIN }
}

/// The README nearest to the root that names several services, or lies above them.
fn overview<'a>(cx: &Context<'a>) -> Option<&'a Document> {
    let readmes = cx.system.documents.iter().filter(|document| document.facts.document.kind == DocumentKind::Readme);
    let nearest = readmes.min_by_key(|document| (document.path.matches('/').count(), &document.path))?;
    let names_several = || services_named(cx, &Names::of(cx.system), nearest).len() >= SERVICES_NAMED_MIN;
    (is_of_system(cx, nearest) || names_several()).then_some(nearest)
}

/// Whether a README lies above several services that call each other: it is the document of the whole, whatever it
/// names.
fn is_of_system(cx: &Context<'_>, readme: &Document) -> bool {
    let folder = folder_of(&readme.path);
    let below = |service: &Service| {
        let own = service.code_root.as_deref();
        own.is_some_and(|own| folder.is_empty() || own == folder || own.starts_with(&format!("{folder}/")))
    };
    let joined = |id: ServiceId| {
        let node = Node::Service(id);
        cx.system.edges.iter().any(|edge| edge.kind != EdgeKind::Store && (edge.from == node || edge.to == node))
    };
    let own = cx.system.service_ids().filter(|(id, service)| !service.infrastructure && below(service) && joined(*id));
    own.count() >= SERVICES_NAMED_MIN
}

fn services_named(cx: &Context<'_>, names: &Names, document: &Document) -> Vec<Node> {
    let text = cx.sources.get(document.file).map_or("", |file| &*file.text);
    names.all_in(text).into_iter().filter(|node| matches!(node, Node::Service(_))).collect()
}

/// Documents by the folder they lie in.
type Folders<'a> = BTreeMap<&'a str, Vec<&'a Document>>;

fn folders(all: &[Document]) -> Folders<'_> {
    let mut folders = Folders::new();
    for document in all {
        folders.entry(folder_of(&document.path)).or_default().push(document);
    }
    folders
}

fn with_surroundings<'a>(folders: &Folders<'a>, document: &'a Document, role: Role) -> Owing<'a> {
    let mut own = folder_of(&document.path);
    let within = |folder: &str| folders.get(folder).into_iter().flatten().copied();
    let beside = within(own).filter(|other| other.facts.document.kind != document.facts.document.kind).collect();
    let mut above: Vec<&Document> = Vec::new();
    while !own.is_empty() {
        own = folder_of(own);
        above.extend(within(own).filter(|other| other.facts.document.scope == Scope::Specifies));
    }
    Owing { document, role, beside, above }
}

impl<'a> Owing<'a> {
    /// Whether it, or a document beside or above it, decides the aspect or declines to.
    pub(crate) fn addresses(&self, aspect: Aspect) -> bool {
        self.decides(aspect) || self.above.iter().any(|document| decides(document, aspect))
    }

    /// The same without the documents above: behaviour is told where the operations are.
    pub(crate) fn decides(&self, aspect: Aspect) -> bool {
        decides(self.document, aspect) || self.beside.iter().any(|document| decides(document, aspect))
    }

    /// Whether it decides the aspect itself.
    pub(crate) fn decides_itself(&self, aspect: Aspect) -> bool {
        decides(self.document, aspect)
    }

    /// Whether it states one of these bounds as something to hold, or a document around it does.
    pub(crate) fn bounds(&self, bounds: &[Bounds]) -> bool {
        let holds = |stated: &StatedRequirement| bounds.contains(&stated.bounds) && is_meant(stated);
        self.read().any(|document| document.facts.requirements.iter().any(holds))
    }

    /// What it states itself about one of these bounds.
    pub(crate) fn stated(&self, bounds: Bounds) -> impl Iterator<Item = &'a StatedRequirement> {
        let stated = self.document.facts.requirements.iter();
        stated.filter(move |stated| stated.bounds == bounds && is_meant(stated))
    }

    /// Its own sentences about an aspect: those that decide something, when there are any.
    pub(crate) fn sentences(&self, aspect: Aspect) -> impl Iterator<Item = Range> + use<'a> {
        let decided = decides(self.document, aspect);
        let mentions = self.document.facts.aspects.iter().filter(move |mention| mention.aspect == aspect);
        let telling = mentions.filter(move |mention| !decided || mention.firmness != Firmness::Mentioned);
        telling.map(|mention| mention.sentence)
    }

    /// Whether it tells of operations that change state.
    pub(crate) fn changes_state(&self) -> bool {
        self.sentences(Aspect::MutatingOperation).next().is_some()
    }

    /// Whether its qualities may be asked for.
    pub(crate) fn owes_qualities(&self) -> bool {
        matches!(self.role, Role::Specification | Role::OnlyOverview)
    }

    /// Whether it specifies services.
    pub(crate) fn is_specification(&self) -> bool {
        self.role == Role::Specification
    }

    /// A document that sets out qualities and leaves one out is worse than one that sets out none.
    pub(crate) fn severity(&self) -> Severity {
        let quality = self.document.facts.sections.iter().any(|section| section.kind == SectionKind::Quality);
        if quality && self.role == Role::Specification { Severity::Warning } else { Severity::Info }
    }

    /// Its path in backticks.
    pub(crate) fn name(&self) -> String {
        format!("`{}`", self.document.path)
    }

    /// A finding about it, placed on its title.
    pub(crate) fn draft(&self, cx: &Context<'_>, meta: &'static RuleMeta, label: &str) -> Draft {
        let facts = &self.document.facts;
        let title = facts.document.title.or(facts.sections.first().map(|section| section.title));
        let draft = cx.finding(meta, self.document.path.clone()).at(&self.place(title.unwrap_or_default(), label));
        match self.role {
            Role::OnlyOverview => draft.all(&self.places(Aspect::Distribution, "describes the system, and not this")),
            Role::Specification | Role::Overview => draft,
        }
    }

    /// Where its qualities would stand, when it has a section for them.
    pub(crate) fn quality_section(&self) -> Option<Evidence> {
        self.section(SectionKind::Quality, "where it would stand")
    }

    /// The heading of its first section of a kind.
    pub(crate) fn section(&self, kind: SectionKind, label: &str) -> Option<Evidence> {
        let section = self.document.facts.sections.iter().find(|section| section.kind == kind)?;
        Some(self.place(section.title, label))
    }

    /// Some of its sentences about an aspect, as evidence.
    pub(crate) fn places(&self, aspect: Aspect, label: &str) -> Vec<Evidence> {
        self.sentences(aspect).take(PLACES_MAX).map(|sentence| self.place(sentence, label)).collect()
    }

    /// A place in it.
    pub(crate) fn place(&self, range: Range, label: &str) -> Evidence {
        Evidence::stated(Stage::Specification, range.in_file(self.document.file), label)
    }

    /// Its words at a place, on one line.
    pub(crate) fn words(&self, cx: &Context<'_>, range: Range) -> String {
        plain(cx.sources.get(self.document.file).map_or("", |file| file.slice(range)))
    }

    /// Words of one of its sentences, with what fits around them, in double quotes.
    pub(crate) fn quoted(&self, cx: &Context<'_>, sentence: Range, words: Range) -> String {
        let text = cx.sources.get(self.document.file).map_or("", |file| file.slice(sentence));
        format!("\"{}\"", quotation(text, sentence, words))
    }

    /// Whether it names an element of this name.
    pub(crate) fn names(&self, cx: &Context<'_>, node: Node) -> bool {
        let text = cx.sources.get(self.document.file).map_or("", |file| &*file.text);
        Names::of(cx.system).line_naming(node, text).is_some()
    }

    /// The service it names that calls most others: what its failure scenarios would be about. With its place.
    pub(crate) fn busiest_service(&self, cx: &Context<'a>) -> Option<(&'a Service, usize, Range)> {
        let (names, file) = (Names::of(cx.system), cx.sources.get(self.document.file)?);
        let calls = |node: Node| cx.system.edges.iter().filter(|edge| edge.from == node && !edge.platform).count();
        let named = services_named(cx, &names, self.document).into_iter().map(|node| (node, calls(node)));
        let (node, calls) =
            named.filter(|(_, calls)| *calls > 1).max_by_key(|(node, calls)| (*calls, Reverse(*node)))?;
        Some((service_of(cx.system, node)?, calls, names.line_naming(node, &file.text)?))
    }

    fn read(&self) -> impl Iterator<Item = &'a Document> + '_ {
        std::iter::once(self.document).chain(self.beside.iter().copied()).chain(self.above.iter().copied())
    }
}

fn decides(document: &Document, aspect: Aspect) -> bool {
    let mut mentions = document.facts.aspects.iter();
    mentions.any(|mention| mention.aspect == aspect && mention.firmness != Firmness::Mentioned)
}

/// Said of what shall hold, not of what was measured, rejected or shown as an example.
fn is_meant(stated: &StatedRequirement) -> bool {
    !matches!(stated.modality, Modality::Measured | Modality::Example | Modality::Rejected | Modality::Alert)
}
