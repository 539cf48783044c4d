//! What resolve is given.

use crate::answers::{Answer, Same};
use whatif_model::facts::code::CodeUnit;
use whatif_model::facts::package::Package;
use whatif_model::facts::prose::ProseFacts;
use whatif_model::facts::{DesignFacts, Ignored, Problem};

/// All facts of a repository.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Design documents, by root-relative path.
    pub designs: Vec<(String, DesignFacts)>,
    /// Prose documents, by root-relative path.
    pub prose: Vec<(String, ProseFacts)>,
    /// Package manifests and lockfiles.
    pub packages: Vec<Package>,
    /// Code units.
    pub code: Vec<CodeUnit>,
    /// What readers did not understand.
    pub ignored: Vec<Ignored>,
    /// What readers could not read.
    pub problems: Vec<Problem>,
    /// Answers of the user.
    pub answers: Vec<Answer>,
    /// Names the user says are one.
    pub same: Vec<Same>,
}

impl Input {
    /// Brings everything into path order, so that the order of reading cannot show.
    pub(crate) fn sort(&mut self) {
        self.designs.sort_by(|a, b| a.0.cmp(&b.0));
        self.prose.sort_by(|a, b| a.0.cmp(&b.0));
        self.code.sort_by(|a, b| (&a.root, a.language, a.span).cmp(&(&b.root, b.language, b.span)));
        self.packages.sort_by(|a, b| a.path.cmp(&b.path));
        self.ignored.sort();
        self.problems.sort();
    }
}
