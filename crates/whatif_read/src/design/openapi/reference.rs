//! `$ref` inside one document.

use crate::design::Reading;
use crate::tree::Node;
use std::collections::BTreeMap;

/// Longest chain of references that is followed; also ends cycles.
const CHAIN_MAX: usize = 16;

/// Resolves references, remembering where each leads.
pub(super) struct References<'n, 't> {
    root: &'n Node<'t>,
    known: BTreeMap<String, Option<&'n Node<'t>>>,
}

/// Where a reference leads.
pub(super) enum Resolved<'n, 't> {
    /// To this node of the document.
    Here(&'n Node<'t>),
    /// Nowhere that may be read: outside the document, to nothing, or in a circle.
    Unknown,
}

impl<'n, 't> References<'n, 't> {
    pub(super) fn new(root: &'n Node<'t>) -> Self {
        Self { root, known: BTreeMap::new() }
    }

    /// The node itself, or what its `$ref` leads to.
    pub(super) fn resolve(&mut self, cx: &mut Reading<'_>, node: &'n Node<'t>) -> Resolved<'n, 't> {
        let mut node = node;
        for _ in 0..CHAIN_MAX {
            let Some(reference) = node.get("$ref") else { return Resolved::Here(node) };
            let Some(target) = reference.text() else { return Resolved::Here(node) };
            let Some(pointer) = target.strip_prefix('#') else {
                cx.ignore(reference.range, format!("reference to another document is not followed: {target}"));
                return Resolved::Unknown;
            };
            match self.pointer(pointer) {
                Some(found) => node = found,
                None => {
                    cx.problem(reference.range, format!("reference to nothing: {target}"));
                    return Resolved::Unknown;
                }
            }
        }
        cx.problem(node.range, "references in a circle");
        Resolved::Unknown
    }

    /// JSON Pointer (RFC 6901).
    fn pointer(&mut self, pointer: &str) -> Option<&'n Node<'t>> {
        if let Some(found) = self.known.get(pointer) {
            return *found;
        }
        let mut steps = pointer.split('/').skip(1);
        let found = steps.try_fold(self.root, |node, step| {
            let key = step.replace("~1", "/").replace("~0", "~");
            match key.parse::<usize>() {
                Ok(at) if node.is_seq() => node.items().get(at),
                _ => node
                    .get(&key)
                    .or_else(|| node.get(&key.replace("%20", " ").replace("%7B", "{").replace("%7D", "}"))),
            }
        });
        self.known.insert(pointer.to_owned(), found);
        found
    }
}
