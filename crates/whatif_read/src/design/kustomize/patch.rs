//! Patches: strategic merges and JSON patches, on trees that keep the place of every key and value.

use crate::tree::{Entry, Kind, Node};
use std::borrow::Cow;
use whatif_model::Range;
use whatif_model::limits::DEPTH_MAX;

/// A tree that owns its text.
pub(super) type Tree = Node<'static>;

/// A value that takes another one's place: where it is written, and where the other one is.
pub(super) type Replaced = (Range, Range);

/// Lists whose items are told apart by a key
/// (<https://kubernetes.io/docs/reference/kubernetes-api/>, "patch merge key").
const MERGE_KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("ports", &["containerPort", "port"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey"]),
];

/// Lays a patch over a tree (<https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#patchstrategicmerge>).
pub(super) fn merge(base: &mut Tree, patch: &Tree, replaced: &mut Vec<Replaced>) {
    merge_value("", base, patch, 0, replaced);
}

fn merge_value(key: &str, base: &mut Tree, patch: &Tree, depth: usize, replaced: &mut Vec<Replaced>) {
    let replaces = patch.text_at(&["$patch"]) == Some("replace");
    match (&mut base.kind, &patch.kind) {
        (Kind::Map(mine), Kind::Map(theirs)) if depth < DEPTH_MAX && !replaces => {
            merge_map(mine, theirs, depth, replaced);
        }
        (Kind::Seq(mine), Kind::Seq(theirs)) if depth < DEPTH_MAX => match merge_keys(key) {
            Some(keys) => merge_list(keys, mine, theirs, depth, replaced),
            None => *base = patch.clone(),
        },
        _ => {
            replaced.push((patch.range, base.range));
            *base = patch.clone();
        }
    }
}

fn merge_map(mine: &mut Vec<Entry<'static>>, theirs: &[Entry<'static>], depth: usize, replaced: &mut Vec<Replaced>) {
    for entry in theirs.iter().filter(|entry| !entry.key.starts_with('$')) {
        let known = mine.iter().position(|it| it.key == entry.key);
        let is_deleted = entry.value.is_null() || entry.value.text_at(&["$patch"]) == Some("delete");
        match known {
            Some(at) if is_deleted => {
                mine.remove(at);
            }
            Some(at) => merge_value(&entry.key, &mut mine[at].value, &entry.value, depth + 1, replaced),
            None if is_deleted => {}
            None => mine.push(entry.clone()),
        }
    }
}

fn merge_list(keys: &[&str], mine: &mut Vec<Tree>, theirs: &[Tree], depth: usize, replaced: &mut Vec<Replaced>) {
    for item in theirs {
        let identity = |node: &Tree| keys.iter().find_map(|key| node.text_at(&[key]).map(str::to_owned));
        let known = identity(item).and_then(|id| mine.iter().position(|it| identity(it).as_ref() == Some(&id)));
        let is_deleted = item.text_at(&["$patch"]) == Some("delete");
        match known {
            Some(at) if is_deleted => {
                mine.remove(at);
            }
            Some(at) => merge_value("", &mut mine[at], item, depth + 1, replaced),
            None if is_deleted => {}
            None => mine.push(item.clone()),
        }
    }
}

fn merge_keys(key: &str) -> Option<&'static [&'static str]> {
    MERGE_KEYS.iter().find(|(list, _)| *list == key).map(|(_, keys)| *keys)
}

/// Runs a JSON patch (<https://www.rfc-editor.org/rfc/rfc6902>); operations that fit nowhere are handed back.
pub(super) fn run(base: &mut Tree, operations: &[Tree], replaced: &mut Vec<Replaced>) -> Vec<Range> {
    operations.iter().filter(|it| operate(base, it, replaced).is_none()).map(|it| it.range).collect()
}

fn operate(base: &mut Tree, operation: &Tree, replaced: &mut Vec<Replaced>) -> Option<()> {
    let path: Vec<String> = operation
        .text_at(&["path"])?
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let (last, above) = path.split_last()?;
    let parent = above.iter().try_fold(base, |node, part| step(node, part))?;
    let value = operation.get("value");
    match (operation.text_at(&["op"])?, &mut parent.kind) {
        ("remove", Kind::Map(entries)) => {
            let at = entries.iter().position(|entry| entry.key == last.as_str())?;
            entries.remove(at);
        }
        ("remove", Kind::Seq(items)) => {
            let at: usize = last.parse().ok().filter(|at| *at < items.len())?;
            items.remove(at);
        }
        ("add", Kind::Seq(items)) => {
            let at = if last == "-" { items.len() } else { last.parse().ok().filter(|at| *at <= items.len())? };
            items.insert(at, value?.clone());
        }
        ("add" | "replace", Kind::Map(entries)) => set(entries, last, value?, replaced),
        ("replace", Kind::Seq(items)) => {
            let item = items.get_mut(last.parse::<usize>().ok()?)?;
            replaced.push((value?.range, item.range));
            *item = value?.clone();
        }
        ("test", _) => {}
        _ => return None,
    }
    Some(())
}

fn step<'n>(node: &'n mut Tree, part: &str) -> Option<&'n mut Tree> {
    match &mut node.kind {
        Kind::Map(entries) => entries.iter_mut().find(|entry| entry.key == part).map(|entry| &mut entry.value),
        Kind::Seq(items) => items.get_mut(part.parse::<usize>().ok()?),
        Kind::Scalar { .. } => None,
    }
}

/// Sets a key of a mapping.
pub(super) fn set(entries: &mut Vec<Entry<'static>>, key: &str, value: &Tree, replaced: &mut Vec<Replaced>) {
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => {
            replaced.push((value.range, entry.value.range));
            entry.value = value.clone();
        }
        None => entries.push(Entry { key: Cow::Owned(key.to_owned()), key_range: value.range, value: value.clone() }),
    }
}

/// The same tree with every place moved.
pub(super) fn shifted(node: &Node<'_>, by: u32) -> Tree {
    let moved = |range: Range| Range { start: range.start.saturating_add(by), end: range.end.saturating_add(by) };
    let own = |text: &Cow<'_, str>| Cow::Owned(text.to_string());
    let kind = match &node.kind {
        Kind::Scalar { text, plain } => Kind::Scalar { text: own(text), plain: *plain },
        Kind::Seq(items) => Kind::Seq(items.iter().map(|item| shifted(item, by)).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|it| Entry { key: own(&it.key), key_range: moved(it.key_range), value: shifted(&it.value, by) })
                .collect(),
        ),
    };
    Node { range: moved(node.range), kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;

    fn tree(text: &str, by: u32) -> Tree {
        shifted(&parse_yaml(text).documents[0].root, by)
    }

    #[test]
    fn strategic_merges_follow_the_keys_of_lists() {
        let mut base = tree("a: 1\nb: 2\nenv: [{name: X, value: x}, {name: Y, value: y}]\nargs: [p, q]\n", 0);
        let patch =
            tree("a: 5\nb: null\nenv: [{name: Y, value: z}, {name: X, $patch: delete}, {name: Z}]\nargs: [r]\n", 100);
        let mut replaced = Vec::new();
        merge(&mut base, &patch, &mut replaced);
        assert_eq!((base.text_at(&["a"]), base.get("b").is_none()), (Some("5"), true));
        let env = base.get("env").unwrap().items();
        assert_eq!(env.iter().map(|it| it.text_at(&["name"]).unwrap()).collect::<Vec<_>>(), ["Y", "Z"]);
        assert_eq!(env[0].text_at(&["value"]), Some("z"));
        assert_eq!(base.get("args").unwrap().items().len(), 1);
        assert!(replaced.contains(&(Range::new(103, 104), Range::new(3, 4))));
    }

    #[test]
    fn json_patches_add_replace_and_remove() {
        let mut base = tree("spec: {replicas: 1, list: [a, b], x/y: 1}\n", 0);
        let patch = tree(
            "- {op: replace, path: /spec/replicas, value: 3}\n- {op: add, path: /spec/list/-, value: c}\n- {op: remove, path: /spec/list/0}\n- {op: remove, path: /spec/x~1y}\n- {op: replace, path: /nowhere/at/all, value: 1}\n- {op: add, path: /spec/list/99, value: 1}\n",
            500,
        );
        let failed = run(&mut base, patch.items(), &mut Vec::new());
        let spec = base.get("spec").unwrap();
        assert_eq!((spec.text_at(&["replicas"]), spec.get("x/y").is_none()), (Some("3"), true));
        let list: Vec<_> = spec.get("list").unwrap().items().iter().filter_map(Node::text).collect();
        assert_eq!((list, failed.len()), (vec!["b", "c"], 2));
    }
}
