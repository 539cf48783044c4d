//! Bringing a module of the standard library into a file.

use crate::fix::Edit;
use crate::source::Source;
use whatif_code::ir::Import;
use whatif_model::facts::code::Language;
use whatif_model::text::Range;

/// The edit that imports `path`, nothing when the file has it, `None` when there is no certain place for it.
pub(crate) fn import(source: Source<'_>, path: &str) -> Option<Option<Edit>> {
    let has = |import: &&Import| import.path == path;
    if let Some(import) = source.module.imports.iter().find(has) {
        let usual = path.rsplit('/').next().unwrap_or(path);
        return (import.name == usual).then_some(None);
    }
    let edit = match source.module.language {
        Language::Go => go(source, path),
        Language::Python => python(source, path),
        _ => None,
    };
    edit.map(Some)
}

/// Beside the other imports, in order among those of the standard library as `gofmt` keeps them.
fn go(source: Source<'_>, path: &str) -> Option<Edit> {
    let imports = &source.module.imports;
    let is_standard = |import: &&Import| !import.path.split('/').next().unwrap_or_default().contains('.');
    let before = imports.iter().filter(is_standard).rfind(|import| import.path.as_str() < path);
    let neighbour = before.or(imports.first())?;
    let indent = source.indent(neighbour.range.start);
    let (line, _) = source.file.position(neighbour.range.start);
    if source.file.line(line).trim_start().starts_with("import") {
        let text = format!("import \"{path}\"\n");
        return Some(Edit::insert(source.file.id, source.file.line_start(line + usize::from(before.is_some())), text));
    }
    let at = source.file.line_start(line + usize::from(before.is_some()));
    Some(Edit::insert(source.file.id, at, format!("{indent}\"{path}\"\n")))
}

/// Before the first import of the file that is not about the language itself.
fn python(source: Source<'_>, path: &str) -> Option<Edit> {
    let first = source.module.imports.iter().find(|import| !import.path.starts_with("__future__"))?;
    let (line, _) = source.file.position(first.range.start);
    let text = source.file.line(line);
    let begins = text.starts_with("import ") || text.starts_with("from ");
    begins.then(|| Edit::insert(source.file.id, source.file.line_start(line), format!("import {path}\n")))
}

/// The edit that takes an import away that nothing uses any longer; Go refuses to build with one.
pub(crate) fn forget(source: Source<'_>, import: &Import) -> Edit {
    let (line, _) = source.file.position(import.range.start);
    let range = Range { start: source.file.line_start(line), end: source.file.line_start(line + 1) };
    Edit::replace(source.file.id, range, "")
}
