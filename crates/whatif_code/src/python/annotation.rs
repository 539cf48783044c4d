//! Type annotations as text: `Optional[Session]`, `Session | None` and `"Session"` are `Session`.

use whatif_model::limits::DEPTH_MAX;

/// An annotation without wrappers, `None` and type arguments. A union of several types keeps its bars.
pub(super) fn annotation(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.') {
        return if text == "None" { String::new() } else { text.to_owned() };
    }
    let mut members = Vec::new();
    union(text, 0, &mut members);
    members.join(" | ")
}

/// Types that say something about another type, not what it is
/// (<https://docs.python.org/3/library/typing.html>, SQLAlchemy's `Mapped`).
fn is_wrapper(name: &str) -> bool {
    matches!(
        name.rsplit('.').next().unwrap_or(name),
        "Optional"
            | "Annotated"
            | "ClassVar"
            | "Final"
            | "Required"
            | "NotRequired"
            | "ReadOnly"
            | "Awaitable"
            | "Mapped"
    )
}

fn union<'a>(text: &'a str, depth: usize, members: &mut Vec<&'a str>) {
    if depth > DEPTH_MAX {
        return;
    }
    for member in split(text, '|') {
        let member = member.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        if member.contains('|') && member.len() < text.len() && !member.contains('[') {
            union(member, depth + 1, members);
            continue;
        }
        let Some((name, arguments)) = member.strip_suffix(']').and_then(|inner| inner.split_once('[')) else {
            if member != "None" && !member.is_empty() && !members.contains(&member) {
                members.push(member);
            }
            continue;
        };
        let name = name.trim();
        if is_wrapper(name) {
            if let Some(first) = split(arguments, ',').next() {
                union(first, depth + 1, members);
            }
        } else if matches!(name.rsplit('.').next(), Some("Union")) {
            for argument in split(arguments, ',') {
                union(argument, depth + 1, members);
            }
        } else if !members.contains(&name) {
            members.push(name);
        }
    }
}

/// The pieces between separators outside brackets.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut open = 0_usize;
    text.split(move |c| {
        match c {
            '[' | '(' => open += 1,
            ']' | ')' => open = open.saturating_sub(1),
            _ => {}
        }
        c == separator && open == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_the_type_itself() {
        for (text, ty) in [
            ("Session", "Session"),
            ("orm.Session", "orm.Session"),
            ("Optional[Session]", "Session"),
            ("typing.Optional[ Session ]", "Session"),
            ("Session | None", "Session"),
            ("None | Session", "Session"),
            ("\"Session\"", "Session"),
            ("\"Session | None\"", "Session"),
            ("Optional[\"Session\"]", "Session"),
            ("Union[Session, None]", "Session"),
            ("int | str", "int | str"),
            ("list[Order]", "list"),
            ("Dict[str, List[Order]]", "Dict"),
            ("Annotated[Session, Depends(get_db)]", "Session"),
            ("ClassVar[Optional[int]]", "int"),
            ("Callable[[int], str]", "Callable"),
            ("None", ""),
            ("Optional[", "Optional["),
        ] {
            assert_eq!(annotation(text), ty, "{text}");
        }
    }
}
