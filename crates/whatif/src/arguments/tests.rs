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
