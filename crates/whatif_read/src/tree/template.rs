//! Recognises unrendered templates (Helm, Jinja, Mustache), which look like YAML and are not.

/// The byte offset of the first template action (`{{ ... }}` or `{% ... %}`), if there is one.
pub fn first_template_action(text: &str) -> Option<usize> {
    let double = text.find("{{").filter(|at| text.get(*at..).is_some_and(|rest| rest.contains("}}")));
    let percent = text.find("{%").filter(|at| text.get(*at..).is_some_and(|rest| rest.contains("%}")));
    [double, percent].into_iter().flatten().min()
}

/// Whether a line begins with a template action, or a value does: no YAML document needs either, since an
/// unquoted `{{` would be a mapping whose key is a mapping.
pub fn has_template_control(text: &str) -> bool {
    first_template_action(text).is_some() && text.lines().any(is_template_line)
}

fn is_template_line(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    line.starts_with("{{") || line.starts_with("{%") || line.contains(": {{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_from_quoted_braces_and_flow_mappings() {
        assert!(has_template_control("image: {{ .Values.image }}\n"));
        assert!(has_template_control("{{- if .Values.x }}\na: 1\n{{- end }}\n"));
        assert!(has_template_control("{% if x %}\na: 1\n{% endif %}\n"));
        assert!(!has_template_control("a: \"{{ $labels.job }}\"\n"));
        assert!(!has_template_control("a: {b: {c: 1}}\n"));
        assert_eq!(first_template_action("a: {{ b }}"), Some(3));
    }
}
