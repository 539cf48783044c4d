//! Which element of the model a sentence names.

use std::collections::BTreeMap;
use whatif_model::system::{BrokerId, Node, StoreId, System, TopicId};
use whatif_model::text::Range;

/// Words that make the word before them a name: "the cart service".
const KINDS: &[&str] = &["service", "api", "database", "db", "store", "queue", "topic", "cache", "worker", "broker"];

/// The names of all elements, without case, spaces and hyphens.
pub(crate) struct Names {
    /// A name that is more than one ordinary word, and the element.
    telling: BTreeMap<String, Node>,
    /// A name that is also an ordinary word: it counts in code font or with its kind behind it.
    ordinary: BTreeMap<String, Node>,
}

impl Names {
    /// All names of a system. Of two elements with one name the first in the order of the model counts.
    pub(crate) fn of(system: &System) -> Self {
        let mut names = Self { telling: BTreeMap::new(), ordinary: BTreeMap::new() };
        for (id, service) in system.service_ids() {
            names.add(Node::Service(id), &service.name, &service.aliases);
        }
        for (at, store) in system.stores.iter().enumerate() {
            names.add(Node::Store(StoreId(at as u32)), &store.name, &store.aliases);
        }
        for (at, topic) in system.topics.iter().enumerate() {
            names.add(Node::Topic(TopicId(at as u32)), &topic.name, &[]);
        }
        for (at, broker) in system.brokers.iter().enumerate() {
            names.add(Node::Broker(BrokerId(at as u32)), &broker.name, &broker.aliases);
        }
        names
    }

    fn add(&mut self, node: Node, name: &str, aliases: &[String]) {
        for written in std::iter::once(name).chain(aliases.iter().map(String::as_str)) {
            let joined = joined(written);
            let compound = written.contains(['-', '_', '.']) || KINDS.iter().any(|kind| joined.ends_with(kind));
            if joined.len() > 2 {
                let names = if compound { &mut self.telling } else { &mut self.ordinary };
                names.entry(joined).or_insert(node);
            }
        }
    }

    /// The first element that a text names.
    pub(crate) fn named_in(&self, text: &str) -> Option<Node> {
        self.nodes(text).next()
    }

    /// Every element that a text names, each once, in the order of the model.
    pub(crate) fn all_in(&self, text: &str) -> Vec<Node> {
        let mut nodes: Vec<Node> = self.nodes(text).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The first line of a text that names an element.
    pub(crate) fn line_naming(&self, node: Node, text: &str) -> Option<Range> {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if self.nodes(line).any(|named| named == node) {
                return Some(Range::new(start, start + line.trim_end().len()));
            }
            start += line.len();
        }
        None
    }

    /// Elements named, in order; a name does not reach over punctuation.
    fn nodes<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Node> + 't {
        text.split(['(', ')', '[', ']', '|', '.', ',', ';', ':', '/']).flat_map(|part| {
            let mut words = words(part).peekable();
            std::iter::from_fn(move || Some((words.next()?, words.peek().map(|next| next.joined.clone()))))
                .filter_map(|(word, next)| self.node(&word, &next.unwrap_or_default()))
        })
    }

    fn node(&self, word: &Word, next: &str) -> Option<Node> {
        let both = || self.telling.get(&format!("{}{next}", word.joined));
        let ordinary = || if word.code || KINDS.contains(&next) { self.ordinary.get(&word.joined) } else { None };
        self.telling.get(&word.joined).or_else(both).or_else(ordinary).copied()
    }
}

struct Word {
    joined: String,
    code: bool,
}

fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '`');
    text.split(move |c| !inside(c))
        .filter(|word| !word.is_empty())
        .map(|word| Word { joined: joined(word), code: word.contains('`') })
}

fn joined(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::system::{Store, StoreId};

    fn names() -> Names {
        let store = |name: &str| Store {
            address: format!("store:{name}"),
            name: name.to_owned(),
            aliases: Vec::new(),
            engine: String::new(),
            cache: false,
            replicas: Default::default(),
            durable: Default::default(),
            optional: false,
            units: Vec::new(),
            tables: Vec::new(),
            evidence: Vec::new(),
        };
        Names::of(&System { stores: vec![store("cart"), store("order-db")], ..System::default() })
    }

    #[test]
    fn a_compound_name_is_found_however_it_is_spelt() {
        for text in ["the order-db is fast", "The Order DB is fast", "see [order_db](x)"] {
            assert_eq!(names().named_in(text), Some(Node::Store(StoreId(1))), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_an_ordinary_word_needs_code_font_or_its_kind() {
        assert_eq!(names().named_in("a cart is shown"), None);
        assert_eq!(names().named_in("the cart store is fast"), Some(Node::Store(StoreId(0))));
        assert_eq!(names().named_in("a cart (API) is shown"), None);
        assert_eq!(names().named_in("`cart` is fast"), Some(Node::Store(StoreId(0))));
    }
}
