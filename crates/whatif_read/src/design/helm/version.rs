//! Version constraints, as `semverCompare` reads them (<https://github.com/Masterminds/semver#checking-version-constraints>).

type Version = [u64; 3];

/// Whether a version satisfies a constraint; none when one of them is not understood.
pub(super) fn satisfies(version: &str, constraint: &str) -> Option<bool> {
    let version = parse(version)?;
    let mut any = false;
    for alternative in constraint.split("||") {
        let mut all = true;
        let mut operator = "";
        for part in alternative.split([',', ' ']).filter(|part| !part.is_empty()) {
            if part.contains(|c: char| c.is_ascii_digit()) {
                all &= holds(version, &format!("{operator}{part}"))?;
                operator = "";
            } else {
                // The operator and its version may stand apart.
                operator = part;
            }
        }
        any |= all;
    }
    Some(any)
}

fn holds(version: Version, part: &str) -> Option<bool> {
    let length = part.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(part.len());
    let (operator, wanted) = part.split_at_checked(length)?;
    let wanted = parse(wanted)?;
    Some(match operator.trim() {
        ">=" | "=>" => version >= wanted,
        ">" => version > wanted,
        "<=" | "=<" => version <= wanted,
        "<" => version < wanted,
        "!=" => version != wanted,
        "" | "=" => version == wanted,
        "^" => version >= wanted && version[0] == wanted[0],
        "~" => version >= wanted && version[..2] == wanted[..2],
        _ => return None,
    })
}

/// `v1.21.0-0` is 1.21.0: what follows a dash only opens a constraint for releases before the final one.
fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches('v');
    let text = text.split(['-', '+']).next().unwrap_or(text);
    let mut version = [0; 3];
    let mut parts = text.split('.');
    for place in &mut version {
        match parts.next() {
            None | Some("x" | "*") => break,
            Some(part) => *place = part.parse().ok()?,
        }
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn constraints() {
        for (version, constraint, expected) in [
            ("v1.30.0", ">=1.19-0", Some(true)),
            ("1.30.0", "<1.14-0", Some(false)),
            ("1.30.0", ">= 1.19", Some(true)),
            ("1.30.0", "<1.14 || >=1.29", Some(true)),
            ("1.30.0", "^1.2.0", Some(true)),
            ("1.30.0", "~1.2.0", Some(false)),
            ("1.30.0", "?1", None),
            ("y", ">1", None),
        ] {
            assert_eq!(satisfies(version, constraint), expected, "{version} {constraint}");
        }
    }
}
