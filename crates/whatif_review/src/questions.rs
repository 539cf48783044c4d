//! What only the user can answer, most deciding first.

use std::collections::BTreeMap;
use whatif_model::system::{Question, System};
use whatif_model::verdict::{MatrixRow, Verdict};

/// Questions of resolve and of open verdicts, merged and ranked by how many verdicts an answer decides.
pub fn questions(system: &System, matrix: &[MatrixRow]) -> Vec<Question> {
    let mut merged: BTreeMap<(String, String), Question> = BTreeMap::new();
    for question in &system.questions {
        merged.insert((question.address.clone(), question.attribute.clone()), question.clone());
    }
    for verdict in matrix.iter().flat_map(|row| &row.verdicts) {
        let Verdict::Depends(dependence) = verdict else { continue };
        for (address, attribute) in &dependence.unknowns {
            let key = (address.clone(), attribute.clone());
            let asked = merged.entry(key).or_insert_with(|| Question {
                address: address.clone(),
                attribute: attribute.clone(),
                question: sentence(address, attribute),
                decides: 0,
                span: None,
            });
            asked.decides += 1;
        }
    }
    let mut questions: Vec<Question> = merged.into_values().collect();
    questions.sort_by(|a, b| b.decides.cmp(&a.decides).then_with(|| a.cmp(b)));
    questions
}

/// The question in words, by the attribute an answer sets.
fn sentence(address: &str, attribute: &str) -> String {
    match attribute {
        "deduplicates-by" => format!("By what does `{address}` recognise a repeated request, if at all?"),
        "idempotent" => format!("Does repeating `{address}` leave the same state as doing it once?"),
        "mutates" => format!("Does `{address}` change state?"),
        "timeout" => format!("How long does `{address}` wait at most?"),
        "attempts" => format!("How often is `{address}` tried, the first try included?"),
        other => format!("What is `{other}` of `{address}`?"),
    }
}
