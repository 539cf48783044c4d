//! The small language of promises.
//!
//! ```text
//! promise    = bound | once | eventually
//! bound      = name (">=" | ">") integer
//! once       = [name] deed {"or" deed} ["happens"] "at most once"
//! eventually = "every" ["accepted"] name "is" "eventually" deed {"or" deed}
//! ```
//!
//! A name or deed is one word, or anything between double quotes or backticks.

use std::ops::Range;
use whatif_model::promise::Claim;

/// What is wrong with a promise, where, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

const FORMS: &str = "write `stock.available >= 0`, `order paid at most once`, or `every accepted order is eventually shipped or refunded`";

pub(crate) fn parse(text: &str) -> Result<Claim, Mistake> {
    let tokens = tokens(text)?;
    let mut reader = Reader { text, tokens: &tokens };
    let claim = match tokens.first() {
        None => return Err(reader.wrong("the promise is empty", FORMS)),
        Some(first) if first.is("every") => reader.eventually()?,
        Some(_) if tokens.iter().any(|token| token.compares()) => reader.bound()?,
        Some(_) => reader.once()?,
    };
    match reader.tokens.first() {
        None => Ok(claim),
        Some(_) => Err(reader.wrong("nothing is expected here", FORMS)),
    }
}

struct Token {
    word: String,
    quoted: bool,
    at: Range<usize>,
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.word.eq_ignore_ascii_case(keyword)
    }

    fn compares(&self) -> bool {
        !self.quoted && self.word.chars().all(|c| matches!(c, '<' | '>' | '=' | '!'))
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Mistake> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c.is_whitespace() {
            continue;
        }
        if matches!(c, '"' | '`') {
            let from = start + c.len_utf8();
            let Some(length) = text[from..].find(c) else {
                let message = format!("this {c} is not closed");
                return Err(Mistake { at: start..text.len(), message, help: "" });
            };
            let end = from + length + c.len_utf8();
            tokens.push(Token { word: text[from..from + length].to_owned(), quoted: true, at: start..end });
            while rest.next_if(|(at, _)| *at < end).is_some() {}
            continue;
        }
        let compares = |c: char| matches!(c, '<' | '>' | '=' | '!');
        let same =
            |other: char| !other.is_whitespace() && compares(other) == compares(c) && !matches!(other, '"' | '`');
        let mut end = start + c.len_utf8();
        while let Some((at, other)) = rest.next_if(|(_, other)| same(*other)) {
            end = at + other.len_utf8();
        }
        tokens.push(Token { word: text[start..end].to_owned(), quoted: false, at: start..end });
    }
    Ok(tokens)
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Reader<'t> {
    fn bound(&mut self) -> Result<Claim, Mistake> {
        let item = self.name("the name of what is stored")?;
        let operator = self.next("`>=`")?;
        let strict = operator.is(">");
        if !strict && !operator.is(">=") {
            let help = "only lower bounds can be checked: write `>=` or `>`";
            return Err(mistake(operator, format!("`{}` is no bound that can be checked", operator.word), help));
        }
        let number = self.next("a whole number")?;
        let least: i64 = number
            .word
            .parse()
            .map_err(|_| mistake(number, format!("`{}` is no whole number", number.word), "write a bound like `0`"))?;
        Ok(Claim::AtLeast { item, least: if strict { least.saturating_add(1) } else { least } })
    }

    fn once(&mut self) -> Result<Claim, Mistake> {
        let first = self.name("a name")?;
        let mut thing = None;
        let mut deeds = vec![first];
        if self.tokens.first().is_some_and(|next| !["at", "or", "happens"].iter().any(|word| next.is(word))) {
            thing = deeds.pop();
            deeds.push(self.name("what happens to it")?);
        }
        self.alternatives(&mut deeds)?;
        if self.tokens.first().is_some_and(|next| next.is("happens")) {
            self.tokens = &self.tokens[1..];
        }
        for word in ["at", "most", "once"] {
            self.keyword(word)?;
        }
        Ok(Claim::AtMostOnce { thing, deeds })
    }

    fn eventually(&mut self) -> Result<Claim, Mistake> {
        self.keyword("every")?;
        let accepted = self.tokens.first().is_some_and(|next| next.is("accepted"));
        if accepted {
            self.keyword("accepted")?;
        }
        let thing = self.name("what it is about")?;
        self.keyword("is")?;
        self.keyword("eventually")?;
        let mut deeds = vec![self.name("what happens to it")?];
        self.alternatives(&mut deeds)?;
        Ok(Claim::Eventually { thing, accepted, deeds })
    }

    fn alternatives(&mut self, deeds: &mut Vec<String>) -> Result<(), Mistake> {
        while self.tokens.first().is_some_and(|next| next.is("or")) {
            self.keyword("or")?;
            deeds.push(self.name("another thing that happens")?);
        }
        Ok(())
    }

    fn keyword(&mut self, word: &str) -> Result<(), Mistake> {
        let found = self.next(&format!("`{word}`"))?;
        if found.is(word) {
            return Ok(());
        }
        Err(mistake(found, format!("expected `{word}`, found `{}`", found.word), FORMS))
    }

    fn name(&mut self, wanted: &str) -> Result<String, Mistake> {
        let found = self.next(wanted)?;
        if found.word.trim().is_empty() || found.compares() {
            return Err(mistake(found, format!("expected {wanted}"), FORMS));
        }
        Ok(found.word.clone())
    }

    fn next(&mut self, wanted: &str) -> Result<&'t Token, Mistake> {
        let Some((first, rest)) = self.tokens.split_first() else {
            return Err(self.wrong(&format!("the promise ends where {wanted} is expected"), FORMS));
        };
        self.tokens = rest;
        Ok(first)
    }

    fn wrong(&self, message: &str, help: &'static str) -> Mistake {
        let at = self.tokens.first().map_or(self.text.len()..self.text.len(), |token| token.at.clone());
        Mistake { at, message: message.to_owned(), help }
    }
}

fn mistake(token: &Token, message: String, help: &'static str) -> Mistake {
    Mistake { at: token.at.clone(), message, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_three_forms() {
        let item = "stock.available".to_owned();
        assert_eq!(parse("stock.available >= 0"), Ok(Claim::AtLeast { item: item.clone(), least: 0 }));
        assert_eq!(parse("stock.available>-1"), Ok(Claim::AtLeast { item, least: 0 }));
        let once =
            |thing: Option<&str>, deeds| Claim::AtMostOnce { thing: thing.map(str::to_owned), deeds: names(deeds) };
        assert_eq!(parse("\"order\" paid at most once"), Ok(once(Some("order"), &["paid"])));
        assert_eq!(
            parse("`stripe.Charge` or `adyen.Pay` happens at most once"),
            Ok(once(None, &["stripe.Charge", "adyen.Pay"]))
        );
        let deeds = names(&["shipped", "refunded"]);
        let eventually = Claim::Eventually { thing: "order".to_owned(), accepted: true, deeds };
        assert_eq!(parse("every accepted order is eventually shipped or refunded"), Ok(eventually));
    }

    #[test]
    fn mistakes_say_where_and_what_instead() {
        let wrong = |text: &str| parse(text).map_err(|mistake| (text[mistake.at].to_owned(), mistake.message));
        let at = |place: &str, message: &str| Err((place.to_owned(), message.to_owned()));
        assert_eq!(wrong("stock <= 5"), at("<=", "`<=` is no bound that can be checked"));
        assert_eq!(wrong("stock >= many"), at("many", "`many` is no whole number"));
        assert_eq!(wrong("order paid at least once"), at("least", "expected `most`, found `least`"));
        assert_eq!(wrong("every order is shipped"), at("shipped", "expected `eventually`, found `shipped`"));
        assert_eq!(wrong("every order is eventually"), at("", "the promise ends where what happens to it is expected"));
        assert_eq!(wrong("\"order paid"), at("\"order paid", "this \" is not closed"));
        assert_eq!(wrong("stock >= 0 always"), at("always", "nothing is expected here"));
        assert_eq!(wrong(" "), at("", "the promise is empty"));
    }
}
