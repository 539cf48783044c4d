//! Evidence, and facts that know how well they are known.

use crate::text::Span;
use serde::{Deserialize, Serialize};

/// What kind of document a fact was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Requirements, ADRs, design documents: what the team promised.
    Specification,
    /// Contracts, deployment, mesh and broker configuration: what the system is made of.
    Design,
    /// Source code: what it really does.
    Code,
    /// An answer of the user in `whatif.toml`.
    Answer,
}

impl Stage {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Specification => "specification",
            Self::Design => "design",
            Self::Code => "code",
            Self::Answer => "answer",
        }
    }
}

/// How a fact follows from the place it cites.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum How {
    /// It stands there.
    Stated,
    /// It follows from what stands there (through a wrapper, a naming convention, a join of two files).
    Derived,
    /// Nothing stands there, and this is what the library or platform then does.
    Default {
        /// Whose default: `grpc-go`, `Istio`.
        of: String,
        /// The vendor's document or source.
        link: String,
    },
}

impl How {
    /// The word used in output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Derived => "derived",
            Self::Default { .. } => "default",
        }
    }
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// The place. For a default: the place where the setting would have been.
    pub span: Span,
    /// The kind of document.
    pub stage: Stage,
    /// How the fact follows from it.
    pub how: How,
    /// What this place contributes, in at most 72 characters: lower case, no full stop. May be empty.
    pub label: String,
}

impl Evidence {
    /// A fact that stands in so many words at `span`.
    pub fn stated(stage: Stage, span: Span, label: impl Into<String>) -> Self {
        Self { span, stage, how: How::Stated, label: label.into() }
    }

    /// A fact that follows from `span`.
    pub fn derived(stage: Stage, span: Span, label: impl Into<String>) -> Self {
        Self { span, stage, how: How::Derived, label: label.into() }
    }

    /// The same evidence with other words.
    pub fn labelled(&self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self.clone() }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim<T> {
    /// The value.
    pub value: T,
    /// Its evidence.
    pub evidence: Evidence,
}

/// Known, proven absent, or unknown; there is no fourth state and no `Option`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact<T> {
    /// Claimed in one or several places, which may contradict each other: choosing is a rule's job.
    /// Never empty; the claim that decides comes first.
    Known(Vec<Claim<T>>),
    /// Every place where it would be was read whole, and it is not there. Never empty.
    Absent(Vec<Evidence>),
    /// Nobody looked, or it cannot be decided from the text.
    #[default]
    Unknown,
}

impl<T> Fact<T> {
    /// Known from one place.
    pub fn known(value: T, evidence: Evidence) -> Self {
        Self::Known(vec![Claim { value, evidence }])
    }

    /// Proven absent at one place.
    pub fn absent(evidence: Evidence) -> Self {
        Self::Absent(vec![evidence])
    }

    /// The deciding value, if known.
    pub fn value(&self) -> Option<&T> {
        if let Self::Known(claims) = self { claims.first().map(|claim| &claim.value) } else { None }
    }

    /// The deciding claim, if known.
    pub fn claim(&self) -> Option<&Claim<T>> {
        if let Self::Known(claims) = self { claims.first() } else { None }
    }

    /// Every claim.
    pub fn claims(&self) -> &[Claim<T>] {
        if let Self::Known(claims) = self { claims } else { &[] }
    }

    /// Whether it was proven absent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is known, and its deciding value satisfies `test`.
    pub fn holds(&self, test: impl FnOnce(&T) -> bool) -> bool {
        self.value().is_some_and(test)
    }

    /// Whether it is not ruled out that the value satisfies `test`.
    pub fn may_hold(&self, test: impl FnOnce(&T) -> bool) -> bool {
        match self {
            Self::Known(_) => self.holds(test),
            Self::Absent(_) => false,
            Self::Unknown => true,
        }
    }

    /// All evidence, of the value or of its absence.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        let (claims, absent): (&[Claim<T>], &[Evidence]) = match self {
            Self::Known(claims) => (claims, &[]),
            Self::Absent(evidence) => (&[], evidence),
            Self::Unknown => (&[], &[]),
        };
        claims.iter().map(|claim| &claim.evidence).chain(absent)
    }

    /// Adds what another source says: a value beats an absence, an absence beats ignorance,
    /// and contradicting values are all kept, the earlier first.
    pub fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Known(mine), Self::Known(theirs)) => mine.extend(theirs),
            (Self::Absent(mine), Self::Absent(theirs)) => mine.extend(theirs),
            (Self::Known(_), _) | (Self::Absent(_), Self::Unknown) => {}
            (_, other) => *self = other,
        }
    }

    /// How sure the fact itself is.
    pub fn confidence(&self) -> Confidence {
        match self {
            Self::Unknown => Confidence::Possible,
            known => known.evidence().map(Confidence::of).min().unwrap_or(Confidence::Possible),
        }
    }

    /// The same knowledge about a computed value.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Fact<U> {
        match self {
            Self::Known(claims) => Fact::Known(
                claims.into_iter().map(|claim| Claim { value: f(claim.value), evidence: claim.evidence }).collect(),
            ),
            Self::Absent(evidence) => Fact::Absent(evidence),
            Self::Unknown => Fact::Unknown,
        }
    }
}

/// How far a finding can be trusted: computed from the facts it rests on, never chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Confidence {
    /// An unknown was taken at its worst.
    Possible,
    /// At least one fact was derived.
    Likely,
    /// Every fact stands in a file, is a documented default, or was proven absent.
    Certain,
}

impl Confidence {
    /// What one piece of evidence allows.
    pub fn of(evidence: &Evidence) -> Self {
        match evidence.how {
            How::Stated | How::Default { .. } => Self::Certain,
            How::Derived => Self::Likely,
        }
    }

    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, Range};

    fn at(how: How) -> Evidence {
        Evidence { span: Range::new(0, 1).in_file(FileId::of("a")), stage: Stage::Code, how, label: String::new() }
    }

    #[test]
    fn merging_keeps_conflicts_and_never_loses_a_value() {
        let mut fact = Fact::Unknown;
        fact.merge(Fact::absent(at(How::Stated)));
        assert!(fact.is_absent());
        fact.merge(Fact::known(2, at(How::Stated)));
        fact.merge(Fact::known(5, at(How::Derived)));
        fact.merge(Fact::absent(at(How::Stated)));
        assert_eq!(fact.claims().iter().map(|c| c.value).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(fact.confidence(), Confidence::Likely);
    }

    #[test]
    fn an_unknown_may_hold_but_does_not_hold() {
        let fact: Fact<u32> = Fact::Unknown;
        assert!(fact.may_hold(|n| *n > 1) && !fact.holds(|n| *n > 1));
        assert!(!Fact::<u32>::absent(at(How::Stated)).may_hold(|_| true));
    }
}
