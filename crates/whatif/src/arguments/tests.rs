use super::*;

fn parsed(line: &str) -> Result<Arguments, clap::Error> {
    parse(line.split(' ').map(OsString::from))
}

fn reviewed(line: &str) -> Option<ReviewArguments> {
    match parsed(line).expect("the command line is valid").command {
        Command::Review(own) => Some(own),
        _ => None,
    }
}

#[test]
fn review_is_the_default_command() {
    assert_eq!(reviewed("whatif").and_then(|own| own.path), None);
    assert_eq!(reviewed("whatif shop").and_then(|own| own.path), Some(PathBuf::from("shop")));
    assert!(reviewed("whatif --all shop").is_some_and(|own| own.all));
    assert!(reviewed("whatif --color never review --all").is_some_and(|own| own.all));
}

#[test]
fn a_wrong_flag_of_a_named_command_is_reported_for_that_command() {
    let error = parsed("whatif model --all").expect_err("model has no --all");
    assert!(error.to_string().contains("whatif model"), "{error}");
    assert!(parsed("whatif --help").expect_err("help is an answer").to_string().contains("Exit codes"));
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

/// The reference page, from the same definitions as `--help`.
fn reference() -> String {
    let mut page =
        String::from("# Command line\n\nThis page is `whatif --help`, command by command; a test keeps it so.\n");
    let mut command = Arguments::command().term_width(100).disable_version_flag(true);
    command.build();
    let mut add = |title: String, command: &mut clap::Command| {
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    };
    add("whatif".to_owned(), &mut command);
    for own in command.get_subcommands_mut() {
        add(format!("whatif {}", own.get_name()), own);
    }
    page
}

/// `UPDATE_DOCS=1 cargo test -p whatif` writes the page anew.
#[test]
fn the_reference_page_is_current() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().expect("the page lies in a folder")).expect("the folder can be made");
        std::fs::write(&file, reference()).expect("the page can be written");
    }
    let page = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(page, reference(), "run: UPDATE_DOCS=1 cargo test -p whatif");
}
