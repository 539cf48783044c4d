//! "Did you mean ...?"

/// The candidate closest to `word`, if one is close enough to be meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A third of the letters may differ: beyond that suggestions mislead more than they help.
    let tolerated = (word.chars().count() / 3).max(1);
    let word = normal(word);
    let distances = candidates.into_iter().map(|candidate| (distance(&word, &normal(candidate)), candidate));
    distances.filter(|(distance, _)| *distance <= tolerated).min().map(|(_, candidate)| candidate)
}

/// `fail_on` and `Fail-On` are spelling variants, not typing errors.
fn normal(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '_' || c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Levenshtein distance; words longer than 64 characters are never close.
fn distance(a: &[char], b: &[char]) -> usize {
    if a.len().max(b.len()) > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_suggested_and_distant_ones_are_not() {
        let keys = ["fail-on", "confidence", "exclude"];
        assert_eq!(nearest("fail_on", keys), Some("fail-on"));
        assert_eq!(nearest("confidense", keys), Some("confidence"));
        assert_eq!(nearest("timeout", keys), None);
    }
}
