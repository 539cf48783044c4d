//! YAML 1.2 with merge keys (<https://yaml.org/spec/1.2.2/>, <https://yaml.org/type/merge.html>).
//!
//! The text is cut at `---` lines first, so that a syntax error costs one document and not the file.

use super::lines::Lines;
use super::node::{Document, Documents, Entry, Kind, Node, TreeProblem};
use super::repair;
use super::unique::{Repeat, repeated, without};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::collections::BTreeMap;
use whatif_model::Range;
use whatif_model::limits::{DEPTH_MAX, NODES_MAX};

/// Reads every document of a YAML text.
pub fn parse_yaml(text: &str) -> Documents<'_> {
    let mut documents = Documents::default();
    let mut budget = Budget { written: NODES_MAX, expanded: NODES_MAX, repaired: REPAIR_BYTES_MAX };
    for (start, end) in chunks(text) {
        let mut loaded = load(text.get(start..end).unwrap_or(""), start, &mut budget);
        documents.documents.append(&mut loaded.documents);
        documents.problems.append(&mut loaded.problems);
    }
    documents
}

/// Most bytes that are read again because of content that is indented too little; beyond it the error stands.
const REPAIR_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What one file may still cost.
#[derive(Default)]
struct Budget {
    /// How many more nodes may be written out.
    written: usize,
    /// How many more nodes may come from anchors; apart, so that a bomb costs no other document.
    expanded: usize,
    /// How many more bytes may be read again.
    repaired: usize,
}

/// Loads one chunk. YAML 1.2 wants brackets that close a list indented deeper than its key; the parsers of
/// Kubernetes and compose do not, so such a line is moved up and the chunk read again.
fn load<'t>(chunk: &'t str, base: usize, budget: &mut Budget) -> Documents<'t> {
    let (loaded, mut misplaced) = Loader::new(chunk, base, budget).load();
    if misplaced.is_none() {
        return loaded;
    }
    let mut text = chunk.to_owned();
    while let Some(at) = misplaced.take() {
        if budget.repaired < text.len() || !repair::join_line(&mut text, at) {
            break;
        }
        budget.repaired -= text.len();
        let (repaired, next) = Loader::new(&text, base, budget).load();
        if next.is_none() {
            return repaired.into_owned();
        }
        misplaced = next;
    }
    loaded
}

/// Byte ranges between `---` lines. Directives and comments before a separator belong to what follows it.
fn chunks(text: &str) -> Vec<(usize, usize)> {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut chunks = Vec::new();
    let (mut start, mut at, mut has_content) = (begin, begin, false);
    for line in text.get(begin..).unwrap_or("").split_inclusive('\n') {
        let content = line.trim_end();
        let separates = content == "---" || content.starts_with("--- ") || content.starts_with("---\t");
        if separates && has_content {
            chunks.push((start, at));
            start = at;
        }
        has_content |= separates || !(content.is_empty() || content.starts_with(['#', '%']));
        at += line.len();
    }
    chunks.push((start, text.len()));
    chunks
}

struct Loader<'t, 'b> {
    text: &'t str,
    base: usize,
    lines: Lines<'t>,
    stack: Vec<Frame<'t>>,
    anchors: BTreeMap<usize, Anchored<'t>>,
    budget: &'b mut Budget,
    root: Option<Node<'t>>,
    problems: Vec<TreeProblem>,
}

/// A collection that is still open.
struct Frame<'t> {
    start: usize,
    anchor: usize,
    content: Content<'t>,
}

enum Content<'t> {
    Seq(Vec<Node<'t>>),
    Map { entries: Vec<Entry<'t>>, key: Option<(Cow<'t, str>, Range)> },
}

struct Anchored<'t> {
    node: Node<'t>,
    size: usize,
    height: usize,
}

impl<'t, 'b> Loader<'t, 'b> {
    fn new(text: &'t str, base: usize, budget: &'b mut Budget) -> Self {
        let (stack, anchors, problems) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { text, base, lines: Lines::new(text), stack, anchors, budget, root: None, problems }
    }

    /// The documents of the chunk, and the offset in it of what ended them because it is indented too little.
    fn load(mut self) -> (Documents<'t>, Option<usize>) {
        let mut out = Documents::default();
        let mut misplaced = None;
        for event in Parser::new_from_str(self.text) {
            let step = match event {
                Ok((event, span)) => self.event(event, self.range(span)),
                Err(error) => {
                    let at = self.byte(*error.marker());
                    misplaced = error.info().contains("indentation").then_some(at - self.base);
                    Err(TreeProblem {
                        range: self.rest_of_line(at),
                        message: format!("not valid YAML: {}; the rest of this document is not read", error.info()),
                    })
                }
            };
            if let Err(problem) = step {
                self.problems.push(problem);
                break;
            }
            if let Some(root) = self.root.take().filter(|root| !root.is_null()) {
                out.documents.push(Document { range: root.range, root });
            }
        }
        out.problems.append(&mut self.problems);
        (out, misplaced)
    }

    fn event(&mut self, event: Event<'t>, range: Range) -> Result<(), TreeProblem> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = matches!(style, ScalarStyle::Plain);
                self.place(Node { range: self.trimmed(range), kind: Kind::Scalar { text, plain } }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(range, anchor, Content::Seq(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(range, anchor, Content::Map { entries: Vec::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            Event::Alias(id) => self.alias(id, range),
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Ok(()),
        }
    }

    fn open(&mut self, range: Range, anchor: usize, content: Content<'t>) -> Result<(), TreeProblem> {
        if self.stack.len() >= DEPTH_MAX {
            return Err(too_deep(range));
        }
        self.stack.push(Frame { start: range.start as usize, anchor, content });
        Ok(())
    }

    fn close(&mut self, range: Range) -> Result<(), TreeProblem> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let in_flow = self.text.as_bytes().get(frame.start - self.base).is_some_and(|b| matches!(b, b'{' | b'['));
        let (kind, content_end) = match frame.content {
            Content::Seq(items) => {
                let end = items.last().map(|item| item.range.end);
                (Kind::Seq(items), end)
            }
            Content::Map { entries, .. } => {
                let end = entries.iter().map(|entry| entry.range().end).max();
                (Kind::Map(self.unique(entries)), end)
            }
        };
        let end = if in_flow { range.end as usize } else { content_end.map_or(frame.start, |end| end as usize) };
        self.place(Node { range: Range::new(frame.start, end), kind }, frame.anchor)
    }

    fn alias(&mut self, id: usize, range: Range) -> Result<(), TreeProblem> {
        let range = self.trimmed(range);
        let Some(anchored) = self.anchors.get(&id) else {
            self.problems.push(TreeProblem { range, message: "alias inside the value it stands for".to_owned() });
            let kind = Kind::Scalar { text: Cow::Borrowed(""), plain: true };
            return self.place(Node { range, kind }, 0);
        };
        if self.stack.len() + anchored.height > DEPTH_MAX {
            return Err(too_deep(range));
        }
        let (size, kind) = (anchored.size, anchored.node.kind.clone());
        self.budget.expanded = spend(self.budget.expanded, size, range)?;
        self.place(Node { range, kind }, 0)
    }

    /// Hands a finished value to the collection around it.
    fn place(&mut self, node: Node<'t>, anchor: usize) -> Result<(), TreeProblem> {
        self.budget.written = spend(self.budget.written, 1, node.range)?;
        if anchor > 0 {
            let (size, height) = extent(&node);
            self.budget.expanded = spend(self.budget.expanded, size, node.range)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::Seq(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some((key, key_range)) => entries.push(Entry { key, key_range, value: node }),
                None => *key = Some(key_of(node, &mut self.problems)),
            },
        }
        Ok(())
    }

    /// Applies merge keys and keeps the last of several equal keys.
    fn unique(&mut self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let mut own = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for entry in entries {
            match (entry.key.as_ref(), entry.value.kind) {
                ("<<", Kind::Map(base)) => merged.extend(base),
                ("<<", Kind::Seq(bases)) => {
                    merged.extend(bases.into_iter().flat_map(|base| match base.kind {
                        Kind::Map(entries) => entries,
                        Kind::Scalar { .. } | Kind::Seq(_) => Vec::new(),
                    }));
                }
                (_, kind) => own.push(Entry { value: Node { kind, ..entry.value }, ..entry }),
            }
        }
        let duplicates = repeated(&own, Repeat::LastCounts);
        for at in &duplicates {
            let entry = &own[*at];
            let message = format!("duplicate key `{}`: the last one counts", entry.key);
            self.problems.push(TreeProblem { range: entry.key_range, message });
        }
        own = without(own, &duplicates);
        if !merged.is_empty() {
            own.extend(merged);
            let overridden = repeated(&own, Repeat::FirstCounts);
            own = without(own, &overridden);
        }
        own
    }

    fn range(&self, span: saphyr_parser::Span) -> Range {
        Range::new(self.byte(span.start), self.byte(span.end))
    }

    fn byte(&self, marker: saphyr_parser::Marker) -> usize {
        self.base + self.lines.byte(marker.line(), marker.col())
    }

    /// Block scalars end where the next token begins; report them without the white space between.
    fn trimmed(&self, range: Range) -> Range {
        let (start, end) = (range.start as usize, range.end as usize);
        let text = start.checked_sub(self.base).and_then(|from| self.text.get(from..end - self.base)).unwrap_or("");
        Range::new(start, start + text.trim_end().len())
    }

    fn rest_of_line(&self, at: usize) -> Range {
        let rest = self.text.get(at - self.base..).unwrap_or("");
        Range::new(at, at + rest.split(['\n', '\r']).next().unwrap_or("").len())
    }
}

/// Number of nodes and height; depth is bounded by [`DEPTH_MAX`] because every node was placed under it.
fn extent(node: &Node<'_>) -> (usize, usize) {
    let children: Box<dyn Iterator<Item = &Node<'_>>> = match &node.kind {
        Kind::Scalar { .. } => return (1, 0),
        Kind::Seq(items) => Box::new(items.iter()),
        Kind::Map(entries) => Box::new(entries.iter().map(|entry| &entry.value)),
    };
    let (size, height) = children.map(extent).fold((1, 0), |sum, child| (sum.0 + child.0, sum.1.max(child.1)));
    (size, height + 1)
}

/// A key that is no scalar has no text; what it leads to is kept under the empty key.
fn key_of<'t>(node: Node<'t>, problems: &mut Vec<TreeProblem>) -> (Cow<'t, str>, Range) {
    match node.kind {
        Kind::Scalar { text, .. } => (text, node.range),
        Kind::Seq(_) | Kind::Map(_) => {
            let message = "a key that is a collection is not read; an unquoted `{{`?".to_owned();
            problems.push(TreeProblem { range: node.range, message });
            (Cow::Borrowed(""), node.range)
        }
    }
}

fn spend(budget: usize, nodes: usize, range: Range) -> Result<usize, TreeProblem> {
    budget.checked_sub(nodes).ok_or_else(|| TreeProblem {
        range,
        message: format!("expands to more than {NODES_MAX} values; the rest of this document is not read"),
    })
}

fn too_deep(range: Range) -> TreeProblem {
    TreeProblem {
        range,
        message: format!("nested deeper than {DEPTH_MAX} levels; the rest of this document is not read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(documents: &Documents<'_>) -> Vec<String> {
        documents.problems.iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn ranges_are_bytes_and_end_with_the_value() {
        let text = "# é\nnämé: wört # tail\nblock: |\n  a\n  é\n\nlist:\n  - {a: 1}\n";
        let documents = parse_yaml(text);
        let root = &documents.documents[0].root;
        let slice = |range: Range| &text[range.start as usize..range.end as usize];
        assert_eq!(slice(root.entry("nämé").unwrap().key_range), "nämé");
        assert_eq!(slice(root.get("nämé").unwrap().range), "wört");
        assert!(slice(root.get("block").unwrap().range).ends_with('é'));
        assert_eq!(slice(root.get("list").unwrap().range), "- {a: 1}");
        assert_eq!(slice(root.get("list").unwrap().items()[0].range), "{a: 1}");
        assert!(slice(root.range).starts_with("nämé") && slice(root.range).ends_with("{a: 1}"));
    }

    #[test]
    fn byte_order_mark_and_carriage_returns_do_not_shift_ranges() {
        let text = "\u{feff}a: 1\r\nb: two\r\n---\r\nc: é\r\nd: x\r\n";
        let documents = parse_yaml(text);
        assert_eq!(messages(&documents), Vec::<String>::new());
        let d = documents.documents[1].root.get("d").unwrap().range;
        assert_eq!(&text[d.start as usize..d.end as usize], "x");
        let b = documents.documents[0].root.get("b").unwrap().range;
        assert_eq!(&text[b.start as usize..b.end as usize], "two");
    }

    #[test]
    fn a_broken_document_in_the_middle_costs_only_itself() {
        let text = "a: 1\n---\nb: [1, 2\nc: }\n---\nd: 2\n";
        let documents = parse_yaml(text);
        let keys: Vec<_> = documents.documents.iter().map(|d| d.root.entries()[0].key.to_string()).collect();
        assert_eq!(keys, ["a", "d"]);
        assert_eq!(documents.problems.len(), 1);
        assert!(documents.problems[0].range.start > 8 && documents.problems[0].range.end < 26);
    }

    #[test]
    fn directives_belong_to_the_document_that_follows() {
        let documents = parse_yaml("%YAML 1.2\n# note\n---\na: 1\n...\n---\nb: 2\n");
        assert_eq!(documents.documents.len(), 2);
        assert_eq!(messages(&documents), Vec::<String>::new());
    }

    #[test]
    fn merge_keys_give_way_to_own_keys_and_to_earlier_bases() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\n";
        let documents = parse_yaml(text);
        let z = documents.documents[0].root.get("z").unwrap();
        let values: Vec<_> = ["a", "b", "c"].iter().map(|key| z.text_at(&[key]).unwrap()).collect();
        assert_eq!(values, ["3", "1", "2"]);
    }

    #[test]
    fn the_last_of_several_equal_keys_counts_and_is_reported() {
        let documents = parse_yaml("a: 1\nb: 0\na: 2\n");
        assert_eq!(documents.documents[0].root.text_at(&["a"]), Some("2"));
        assert_eq!(messages(&documents), ["duplicate key `a`: the last one counts"]);
    }

    #[test]
    fn an_alias_bomb_costs_bounded_memory_and_one_document() {
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 0..12u8 {
            let (name, last) = (char::from(b'b' + level), char::from(b'a' + level));
            bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{last}"); 10].join(",")));
        }
        let text = format!("{bomb}---\nfine: 1\n");
        let documents = parse_yaml(&text);
        assert!(messages(&documents)[0].contains("expands to more than"));
        assert_eq!(documents.documents[0].root.text_at(&["fine"]), Some("1"));
    }

    #[test]
    fn deep_nesting_is_cut() {
        let text = format!("{}{}\n---\na: 1\n", "[".repeat(220), "]".repeat(220));
        let documents = parse_yaml(&text);
        assert!(messages(&documents)[0].contains("nested deeper"));
        assert_eq!(documents.documents.len(), 1);
        let text = (0..300).map(|level| format!("{}k:\n", " ".repeat(level))).collect::<String>();
        assert!(messages(&parse_yaml(&text))[0].contains("nested deeper"));
    }

    #[test]
    fn a_value_that_contains_itself_ends() {
        let documents = parse_yaml("a: &a [1, *a]\n");
        assert_eq!(documents.documents[0].root.get("a").unwrap().items().len(), 2);
        assert_eq!(documents.problems.len(), 1);
    }

    #[test]
    fn tabs_in_indentation_are_a_problem_with_a_place() {
        let documents = parse_yaml("a:\n\tb: 1\n");
        assert_eq!(documents.problems.len(), 1);
        assert!(documents.problems[0].range.start >= 3);
    }

    #[test]
    fn brackets_that_close_at_the_indentation_of_their_key_are_read() {
        let text = "é: 1\nspec:\n  args: [ # why\n    a, # ]\n    'b',\n  ]\n  more: {\n  x: 1\n  }\nend: 2\n";
        let documents = parse_yaml(text);
        assert_eq!(messages(&documents), Vec::<String>::new());
        let root = &documents.documents[0].root;
        assert_eq!(root.at(&["spec", "args"]).unwrap().items().len(), 2);
        assert_eq!(root.text_at(&["spec", "more", "x"]), Some("1"));
        let end = root.get("end").unwrap().range;
        assert_eq!(&text[end.start as usize..end.end as usize], "2");
    }
}
