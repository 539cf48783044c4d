//! Which names mean what a promise calls by another form of the word: `paid` and `payment.Charge`.

/// Past forms that do not end in `ed`, as far as services are named after them.
const IRREGULAR: [(&str, &str); 14] = [
    ("paid", "pay"),
    ("sent", "send"),
    ("sold", "sell"),
    ("bought", "buy"),
    ("written", "write"),
    ("taken", "take"),
    ("given", "give"),
    ("held", "hold"),
    ("lent", "lend"),
    ("made", "make"),
    ("withdrawn", "withdraw"),
    ("won", "win"),
    ("lost", "lose"),
    ("told", "tell"),
];

/// Endings of one verb, longest first.
const ENDINGS: [&str; 9] = ["ations", "ation", "ments", "ment", "ing", "ed", "es", "s", "e"];

/// Shortest stem an ending is taken off.
const STEM_MIN: usize = 3;

/// The words of a name as stems: `payment.ChargeCard` is `pay`, `charg`, `card`.
pub(super) fn stems(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower = false;
    let mut open = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        if !open || (lower && c.is_uppercase()) {
            words.push(String::new());
        }
        open = true;
        lower = c.is_lowercase() || c.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.iter().map(|word| stem(word)).collect()
}

/// Whether a name has every word of another one.
pub(super) fn has(name: &str, wanted: &str) -> bool {
    let (own, wanted) = (stems(name), stems(wanted));
    !wanted.is_empty() && wanted.iter().all(|word| own.contains(word))
}

fn stem(word: &str) -> String {
    if let Some((_, present)) = IRREGULAR.iter().find(|(past, _)| *past == word) {
        return (*present).to_owned();
    }
    let shorter =
        ENDINGS.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.chars().count() >= STEM_MIN));
    let mut stem: Vec<char> = shorter.unwrap_or(word).chars().collect();
    // `shipped` is `ship`, `cancelled` is `cancel`.
    if let [.., before, last] = stem[..]
        && shorter.is_some()
        && before == last
        && !"aeious".contains(last)
    {
        stem.pop();
    }
    stem.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_verb_have_one_stem() {
        for (a, b) in [
            ("paid", "payment"),
            ("shipped", "ShipOrder"),
            ("shipped", "shipping.Ship"),
            ("refunded", "refunds"),
            ("charged", "Charge"),
            ("reserved", "reservation"),
            ("cancelled", "cancel_order"),
            ("created", "createOrder"),
        ] {
            assert!(has(b, a), "{a} {:?}, {b} {:?}", stems(a), stems(b));
        }
        assert!(!has("ShipOrder", "paid"));
        assert!(!has("ShipOrder", ""));
    }
}
