//! The program as people and pipelines meet it: a scrubbed environment, the whole output, the exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own per test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(path.join(".git")).expect("the folder can be made");
        for (file, text) in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("the folder can be made");
            std::fs::write(file, text).expect("the file can be written");
        }
        Self(path)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whatif"));
        command.current_dir(&self.0).env_clear().args(line.split_whitespace());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("the program runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const COMPOSE: (&str, &str) =
    ("compose.yaml", "services:\n  web:\n    image: web\n    depends_on: [db]\n  db:\n    image: postgres:16\n");

#[test]
fn an_empty_folder_is_nothing_to_read() {
    let output = Folder::new("empty", &[]).run("review");
    assert_eq!(code(&output), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("error: nothing to read"));
}

#[test]
fn a_folder_that_does_not_exist_is_a_failure() {
    let output = Folder::new("missing", &[]).run("review ./nowhere");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("cannot read ./nowhere"), "{}", stderr(&output));
}

#[test]
fn a_misspelt_command_is_recognised() {
    let output = Folder::new("misspelt", &[COMPOSE]).run("reviw");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("did you mean `whatif review`?"), "{}", stderr(&output));
}

#[test]
fn a_broken_configuration_is_shown_with_its_line() {
    let output = Folder::new("broken", &[COMPOSE, ("whatif.toml", "[review]\nfail_on = \"error\"\n")]).run("review");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("whatif.toml:2:1"), "{}", stderr(&output));
    assert!(stderr(&output).contains("did you mean `fail-on`?"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_rule_that_does_not_exist_selects_nothing_and_says_so() {
    let output = Folder::new("rule", &[COMPOSE]).run("--rule timeouts/no-such-rule");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("there is no rule `timeouts/no-such-rule`"), "{}", stderr(&output));
}

#[test]
fn formats_go_to_stdout_and_to_files() {
    let folder = Folder::new("formats", &[COMPOSE]);
    let output = folder.run("--format json --format sarif=out.sarif --exit-zero");
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("{\n  \"schema\": 1,"));
    let sarif = std::fs::read_to_string(folder.0.join("out.sarif")).expect("the file was written");
    assert!(sarif.contains("\"version\": \"2.1.0\""));
    assert_eq!(code(&folder.run("--format xml")), Some(2));
}

#[test]
fn the_format_never_changes_the_exit_code() {
    let folder = Folder::new("codes", &[COMPOSE]);
    let codes = ["text", "json", "sarif", "github", "agent"]
        .map(|format| code(&folder.run(&format!("review --all --fail-on info --format {format}"))));
    assert!(codes.iter().all(|code| *code == codes[0] && matches!(code, Some(0 | 1))), "{codes:?}");
}

#[test]
fn the_same_input_gives_the_same_bytes_with_one_thread_and_with_many() {
    let folder = Folder::new("bytes", &[COMPOSE, ("docs/spec.md", "# Spec\n\nThe service must be fast.\n")]);
    let one = folder.run("review --all --jobs 1");
    let many = folder.run("review --all --jobs 8");
    assert_eq!(stdout(&one), stdout(&many));
    assert!(!stdout(&one).is_empty());
}

#[test]
fn colour_is_written_only_when_asked_for() {
    let folder = Folder::new("colour", &[COMPOSE]);
    let coloured = |command: &mut Command| stdout(&command.output().expect("the program runs")).contains('\u{1b}');
    assert!(!coloured(&mut folder.command("review")));
    assert!(coloured(&mut folder.command("review --color always")));
    assert!(coloured(folder.command("review").env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(folder.command("review").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = Folder::new("pipe", &[]);
    let mut child = folder.command("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((code(&output), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn init_never_overwrites() {
    let folder = Folder::new("init", &[]);
    assert_eq!(code(&folder.run("init")), Some(0));
    let written = std::fs::read_to_string(folder.0.join("whatif.toml")).expect("the file was written");
    std::fs::write(folder.0.join("whatif.toml"), "# mine\n").expect("the file can be changed");
    let again = folder.run("init");
    assert_eq!((code(&again), stderr(&again).contains("exists already")), (Some(2), true));
    assert_eq!(std::fs::read_to_string(folder.0.join("whatif.toml")).ok().as_deref(), Some("# mine\n"));
    assert!(written.contains("[[allow]]"));
}

#[test]
fn lists_need_no_system() {
    let folder = Folder::new("lists", &[]);
    assert!(stdout(&folder.run("readers")).contains("markdown"));
    assert!(stdout(&folder.run("rules --format json")).starts_with("{\n  \"schema\": 1,"));
    assert!(stdout(&folder.run("completions bash")).contains("_whatif"));
    let unknown = folder.run("explain no-such-rule");
    assert_eq!((code(&unknown), stderr(&unknown).contains("there is no rule `no-such-rule`")), (Some(2), true));
}

#[test]
fn the_model_shows_a_folder_or_an_address() {
    let folder = Folder::new("model", &[COMPOSE]);
    assert!(stdout(&folder.run("model .")).contains("services"));
    assert!(stdout(&folder.run("model --format mermaid")).starts_with("flowchart LR"));
    let wrong = folder.run("model weeb");
    assert_eq!((code(&wrong), stderr(&wrong).contains("did you mean `web`?")), (Some(2), true), "{}", stderr(&wrong));
}

#[test]
fn nothing_is_written_into_the_reviewed_tree() {
    let folder = Folder::new("untouched", &[COMPOSE]);
    let outside = Folder::new("untouched-cache", &[]);
    let output = folder.command("review").env("XDG_CACHE_HOME", &outside.0).output().expect("the program runs");
    assert!(matches!(code(&output), Some(0 | 1)), "{}", stderr(&output));
    assert!(outside.0.join("whatif").is_dir(), "facts are cached outside");
    let mut names: Vec<_> = std::fs::read_dir(&folder.0)
        .expect("the folder can be read")
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    assert_eq!(names, [".git", "compose.yaml"]);
}

#[test]
fn an_allowance_that_allows_nothing_is_a_problem_of_the_configuration() {
    let allow = "[[allow]]\nrule = \"timeouts/missing\"\nat = \"docs/gone.md\"\nbecause = \"quoted\"\n";
    let folder = Folder::new("allow", &[COMPOSE, ("whatif.toml", allow)]);
    let output = folder.run("review");
    assert!(
        stdout(&output).contains("`timeouts/missing` at `docs/gone.md` allows nothing any more"),
        "{}",
        stdout(&output)
    );
    assert!(stdout(&output).contains("whatif.toml:1:1"), "{}", stdout(&output));
    assert_eq!(code(&folder.run("review --strict")), Some(2));
}

const CALLER: (&str, &str) = (
    "app.py",
    "import requests\nfrom flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route(\"/price\")\ndef price():\n    return requests.get(\"http://prices/v1\").json()\n",
);

#[test]
fn a_diff_shows_the_repairs_and_changes_nothing() {
    let folder = Folder::new("diff", &[CALLER]);
    let safe = folder.run("review --diff");
    assert_eq!(stdout(&safe), "");
    assert!(stderr(&safe).contains("1 more with --unsafe"), "{}", stderr(&safe));
    let diff = stdout(&folder.run("review --diff --unsafe"));
    assert!(diff.contains("+    return requests.get(\"http://prices/v1\", timeout=10).json()\n"), "{diff}");
    assert_eq!(std::fs::read_to_string(folder.0.join("app.py")).ok().as_deref(), Some(CALLER.1));
}

#[test]
fn a_repair_is_written_and_the_rest_is_reviewed_again() {
    let folder = Folder::new("fix", &[CALLER]);
    let output = folder.run("review --fix --unsafe --format agent");
    assert!(stderr(&output).contains("1 repair in 1 file"), "{}", stderr(&output));
    assert!(!stdout(&output).contains("timeouts/missing"), "{}", stdout(&output));
    let text = std::fs::read_to_string(folder.0.join("app.py")).expect("the file is still there");
    assert_eq!(text, CALLER.1.replace("v1\")", "v1\", timeout=10)"));
}

#[test]
fn a_described_library_is_believed_and_a_wrong_description_is_shown() {
    let wrapper = ("acme/net.py", "def fetch(url):\n    return None\n");
    let caller = (
        "app.py",
        "from flask import Flask\nfrom acme.net import fetch\n\napp = Flask(__name__)\n\n\n@app.route(\"/price\")\ndef price():\n    return fetch(\"http://prices/v1\")\n",
    );
    let library = "[[library]]\nlanguage = \"python\"\nname = \"acme net\"\nprefix = \"acme.net\"\nform = [{ call = [\"fetch\"], does = \"http\", args = { url = \"0\" } }]\n[[library.default]]\nwhat = \"timeout\"\nstate = \"absent\"\nnote = \"acme net waits for ever\"\nlink = \"https://wiki.acme.example/net\"\n";
    let unread = Folder::new("wrapper", &[wrapper, caller]).run("review --format agent");
    assert!(!stdout(&unread).contains("timeouts/missing"), "{}", stdout(&unread));
    let folder = Folder::new("described", &[wrapper, caller, ("whatif.toml", library)]);
    let described = folder.run("review --format agent");
    assert!(stdout(&described).contains("timeouts/missing"), "{}{}", stdout(&described), stderr(&described));
    let wrong = library.replace("\"http\"", "\"htp\"");
    let output = Folder::new("misdescribed", &[wrapper, caller, ("whatif.toml", &wrong)]).run("review");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("whatif.toml:1:1"), "{}", stderr(&output));
}
