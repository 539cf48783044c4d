//! What files only say together: a chart is its templates and its values, an overlay its bases and patches.

use crate::read::ReadFile;
use whatif_model::facts::Problem;
use whatif_read::reader::{File, read_together};

/// Puts the facts of documents that are made of several files in the place of what each file says alone. A panic is our
/// bug, and costs these documents only: each file then says what it says alone.
pub(crate) fn assemble(files: &mut [ReadFile]) -> Option<Problem> {
    let names = ["Chart.yaml", "kustomization.yaml", "kustomization.yml"];
    let is_whole = |path: &str| path.rsplit('/').next().is_some_and(|name| names.contains(&name));
    if !files.iter().any(|file| is_whole(&file.source.path)) {
        return None;
    }
    let wanted: Vec<usize> =
        (0..files.len()).filter(|at| files[*at].facts.design.is_some() && !files[*at].is_code).collect();
    let texts: Vec<_> =
        wanted.iter().map(|at| (files[*at].source.path.clone(), files[*at].source.text.clone())).collect();
    let documents: Vec<File<'_>> = texts.iter().map(|(path, text)| File { path, text }).collect();
    let Ok(together) = std::panic::catch_unwind(|| read_together(&documents)) else {
        let message = "charts and overlays could not be put together: an error in whatif itself".to_owned();
        return Some(Problem { path: String::new(), span: None, message });
    };
    for (at, facts) in together {
        let Some(file) = wanted.get(at).and_then(|at| files.get_mut(*at)) else { continue };
        file.facts.design = Some(facts.design);
        file.facts.ignored = facts.ignored;
        file.facts.problems = facts.problems;
    }
    None
}
