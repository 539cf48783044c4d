//! How the tables name an argument.

use serde::Deserialize;

/// Which argument: `0`, `0|url` (position or keyword), `|timeout` (keyword), `-1` (last), `2..` (the rest), `self`;
/// `1.retry.limit` is a member of an object given as an argument, and comes before a position.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ArgSpec {
    /// Where by position.
    pub place: Option<Place>,
    /// Keywords, first match wins. Members are looked up under what names them.
    pub keywords: Vec<String>,
    /// Members of arguments that are objects.
    pub members: Vec<Member>,
}

/// A member of an object that is an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The argument.
    pub place: Place,
    /// The names that lead to the member.
    pub path: Vec<String>,
    /// All of it, as the table names it.
    pub text: String,
}

/// A position among the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Counted from the first, from 0.
    First(usize),
    /// Counted from the last, from 0.
    Last(usize),
    /// This one and all after it.
    From(usize),
    /// The receiver.
    Receiver,
}

impl TryFrom<String> for ArgSpec {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('|').peekable();
        let head = if parts.peek().is_some_and(|part| is_member(part)) { "" } else { parts.next().unwrap_or("") };
        let (members, keywords): (Vec<&str>, Vec<&str>) = parts.partition(|part| is_member(part));
        let bad = |_| format!("{text:?} is no argument: expected a position, `-1`, `2..`, `self` or `|keyword`");
        let place = match head {
            "" => None,
            "self" => Some(Place::Receiver),
            _ if head.starts_with('-') => Some(Place::Last(head[1..].parse::<usize>().map_err(bad)?.saturating_sub(1))),
            _ => match head.strip_suffix("..") {
                Some(from) => Some(Place::From(from.parse().map_err(bad)?)),
                None => Some(Place::First(head.parse().map_err(bad)?)),
            },
        };
        let members: Vec<Member> = members.into_iter().filter_map(member).collect();
        let named = members.iter().map(|member| member.text.clone());
        Ok(Self { place, keywords: named.chain(keywords.into_iter().map(str::to_owned)).collect(), members })
    }
}

/// `1.timeout`, `-1.timeout`.
fn is_member(part: &str) -> bool {
    part.split_once('.').is_some_and(|(at, path)| at.parse::<i8>().is_ok() && path.starts_with(char::is_alphabetic))
}

fn member(part: &str) -> Option<Member> {
    let (at, path) = part.split_once('.')?;
    let place = match at.strip_prefix('-') {
        Some(back) => Place::Last(back.parse::<usize>().ok()?.saturating_sub(1)),
        None => Place::First(at.parse().ok()?),
    };
    Some(Member { place, path: path.split('.').map(str::to_owned).collect(), text: part.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_named_by_place_keyword_and_member() {
        let spec = |text: &str| ArgSpec::try_from(text.to_owned()).expect("an argument");
        assert_eq!(spec("0|url").place, Some(Place::First(0)));
        assert_eq!(spec("2..").place, Some(Place::From(2)));
        assert_eq!(spec("|timeout").keywords, ["timeout"]);
        let both = spec("0|1.retry.limit|-1.retry");
        assert_eq!((both.place, both.keywords.len()), (Some(Place::First(0)), 2));
        assert_eq!(both.members[0].path, ["retry", "limit"]);
        let only = spec("1.timeout");
        assert_eq!((only.place, only.members[0].place), (None, Place::First(1)));
        assert!(ArgSpec::try_from("x".to_owned()).is_err());
    }
}
