//! P18: two requests that read the same version of an item do not both apply
//! the effect it is used up for.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    let spends = view.code.promises.spends.iter().zip(&view.code.layout.spends);
    spends.into_iter().find_map(|(spend, field)| {
        let field = (*field)?;
        let spent = |request: &usize| view.happened(spend.effect, *request);
        let version = |request: usize| view.state.get(field, request);
        let requests: Vec<usize> = view.requests().filter(spent).collect();
        let again = requests.iter().enumerate().find(|(at, request)| {
            requests[..*at].iter().any(|earlier| version(*earlier) != 0 && version(*earlier) == version(**request))
        });
        again.map(|(_, request)| (Subject::Effect(spend.effect), Some(*request)))
    })
}
