//! The README is true: its commands, the report it shows, its options, its links.
//!
//! `UPDATE_EXPECT=1 cargo test --test readme` puts the report of today into it.

// A test may panic: that is how it fails.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::string_slice, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn the_commands_do_what_is_shown() {
    let readme = read();
    let (from, to) = block(&readme, "sh");
    let commands: Vec<&str> = readme[from..to].lines().collect();
    let [run, test] = commands[..] else { panic!("two commands: {commands:?}") };
    assert!(test.starts_with("cargo test"), "{test}");
    let arguments = run.strip_prefix("cargo run --release -- ").unwrap();
    let report = program(arguments.split(' '));

    let (from, to) = block(&readme, "report");
    if env::var_os("UPDATE_EXPECT").is_some() {
        let new = format!("{}{report}{}", &readme[..from], &readme[to..]);
        fs::write(root().join("README.md"), new).unwrap();
    } else {
        let shown = &readme[from..to];
        assert!(shown == report, "shown in README.md:\n{shown}\nthe report:\n{report}");
    }
    // One after the other, as both may write the file.
    the_session_is_as_shown();
}

fn the_session_is_as_shown() {
    let readme = read();
    let session = program(["--quiet", "--session", "1", "testdata/transcripts/two-messages.txt"]);
    // How many rules could not be judged changes with each that is new.
    let end = session.find("\n\n").and(session.rfind("\n\n")).unwrap();
    let session = format!("{}\n", &session[..end]);
    let (from, to) = block(&readme, "session");
    if env::var_os("UPDATE_EXPECT").is_some() {
        let new = format!("{}{session}{}", &readme[..from], &readme[to..]);
        fs::write(root().join("README.md"), new).unwrap();
    } else {
        assert_eq!(&readme[from..to], session, "in README.md (left) and as it is (right)");
    }
}

#[test]
fn the_options_are_those_there_are() {
    let help = program(["--help"]);
    let rows: String = read().lines().filter(|line| line.starts_with("| `-")).collect();
    assert_eq!(options(&rows), options(&help), "in README.md (left) and --help (right)");
}

#[test]
fn the_links_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let is_here = root().join(target).exists() || target.starts_with("https://");
            assert!(is_here, "{name}: {target} is not there");
        }
    }
}

/// The long options that a text speaks of.
fn options(text: &str) -> BTreeSet<&str> {
    let is_inside = |c: char| c == '-' || c.is_ascii_alphabetic();
    let words = text.split(|c| !is_inside(c)).filter(|word| word.starts_with("--"));
    // The descriptions name formats by `--format transcript`; that is no option of its own.
    words.filter(|word| word.len() > 2).collect()
}

/// Where the content of the first block of this language begins and ends.
fn block(text: &str, language: &str) -> (usize, usize) {
    let fence = format!("\n```{language}\n");
    let from = text.find(&fence).unwrap_or_else(|| panic!("no {language} block")) + fence.len();
    (from, from + text[from..].find("```").unwrap())
}

fn program<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-audit"));
    let output = command.args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn read() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
