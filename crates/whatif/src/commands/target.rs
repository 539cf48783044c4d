//! Whether a word on the command line is a folder or an address of the model.

use std::path::{Path, PathBuf};

/// `.`, `./shop`, `/src/shop` are folders when they exist; `shop` and `store:db/orders` are addresses.
pub(super) fn split(word: Option<&str>, root: Option<&Path>) -> (PathBuf, Option<String>) {
    let named = root.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    match word {
        Some(word) if root.is_none() && is_folder(word) => (PathBuf::from(word), None),
        word => (named, word.map(str::to_owned)),
    }
}

fn is_folder(word: &str) -> bool {
    let looks = word == "." || word == ".." || word.contains('/') || word.contains('\\');
    looks && Path::new(word).exists()
}

/// What to try when nothing has an address.
pub(super) fn help(address: &str, known: &[&str]) -> String {
    if Path::new(address).exists() {
        return format!("for the folder of this name write `./{address}`");
    }
    match whatif_config::nearest(address, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`whatif model` lists every address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_a_separator_are_addresses() {
        let split = |word| super::split(Some(word), None);
        assert_eq!(split("."), (PathBuf::from("."), None));
        assert_eq!(split("src"), (PathBuf::from("."), Some("src".to_owned())));
        assert_eq!(split("./src"), (PathBuf::from("./src"), None));
        assert_eq!(split("store:db/orders"), (PathBuf::from("."), Some("store:db/orders".to_owned())));
    }
}
