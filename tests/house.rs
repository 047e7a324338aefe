//! What holds of the source as a whole: the map in `src/lib.rs`, the catalogue of rules, the
//! files that a package must have.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

use serde_json::Value;
use smtp_audit::rules::{self, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Lines of a file, tests not counted, before it should be two.
const LONGEST: usize = 640;

/// Files that are longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// The modules that each module uses.
type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_map_is_true() {
    let written = map();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let module = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        // The binary is not the library, and the map is none of its own modules.
        let is_listed = written.contains_key(&module);
        if !is_listed && !["lib", "main", "cli"].contains(&module.as_str()) {
            wrong.push(format!("{module} is not in the map"));
        }
    }
    for (module, allowed) in &written {
        let used = uses_of(module, &written);
        for edge in used.difference(allowed) {
            wrong.push(format!("{module} uses {edge}, which src/lib.rs does not allow"));
        }
        for edge in allowed.difference(&used) {
            wrong.push(format!("{module} does not use {edge}, which src/lib.rs allows"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The `*Uses …*` of each module in `src/lib.rs`.
fn map() -> Edges {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let (mut edges, mut doc) = (Edges::new(), String::new());
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("// ") {
            doc = doc + words + " ";
        } else if line.is_empty() {
            doc.clear();
        } else if let Some(module) = line.strip_prefix("pub mod ") {
            let module = module.trim_end_matches(';').to_owned();
            let uses = doc.split_once("*Uses ").and_then(|(_, rest)| rest.split_once(".*"));
            let (uses, _) = uses.unwrap_or_else(|| panic!("{module} has no *Uses …* in the map"));
            let uses = uses.split(',').map(|name| name.trim().to_owned());
            edges.insert(module, uses.filter(|name| name != "nothing").collect());
        }
    }
    assert!(edges.len() > 10, "no map in src/lib.rs");
    edges
}

/// The modules that the code of `module` names.
fn uses_of(module: &str, modules: &Edges) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let files = sources(&root().join("src")).into_iter().filter(|path| {
        let place = path.strip_prefix(root().join("src")).unwrap();
        place == Path::new(&format!("{module}.rs")) || place.starts_with(module)
    });
    for path in files {
        let code = code(&path);
        let names = code.match_indices("crate::").map(|(at, found)| &code[at + found.len()..]);
        for rest in names {
            let names = match rest.strip_prefix('{') {
                // `use crate::{a::B, c};` at its own level.
                Some(group) => group_heads(group),
                None => vec![word(rest)],
            };
            for name in names {
                assert!(
                    modules.contains_key(&name) || name == "Error",
                    "{}: crate::{name} is no module of the map",
                    path.display()
                );
                used.insert(name);
            }
        }
        // A way around `crate::` from the top of a module.
        let is_top = path.ends_with(format!("{module}.rs"))
            || path.ends_with(Path::new(module).join("mod.rs"));
        let around = if is_top { "super::" } else { "super::super::" };
        assert!(!code.contains(around), "{}: names a module by {around}", path.display());
    }
    used.remove(module);
    used
}

/// The first name of each item of a group that was opened with a brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut is_head) = (0, Vec::new(), true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_head = true,
            letter if is_head && !letter.is_whitespace() => {
                heads.push(word(&group[at..]));
                is_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.chars().take_while(|&letter| letter == '_' || letter.is_alphanumeric()).collect()
}

#[test]
fn files_are_short_or_say_why() {
    for path in sources(&root().join("src")) {
        let name = shown(&path);
        let lines = until_tests(&fs::read_to_string(&path).unwrap()).lines().count();
        let excused = LONG_FILES.iter().any(|(long, _)| *long == name);
        assert!(lines <= LONGEST || excused, "{name} has {lines} lines: split it");
        let is_short = lines < LONGEST * 9 / 10;
        assert!(!(is_short && excused), "{name} is short now: take it out of the list");
    }
}

#[test]
fn nothing_can_panic_by_unwrap() {
    for path in sources(&root().join("src")) {
        let code = code(&path);
        for word in [".unwrap()", ".expect("] {
            assert!(!code.contains(word), "{}: {word} outside of tests", shown(&path));
        }
    }
}

#[test]
fn every_rule_file_is_listed() {
    let mut files = BTreeSet::new();
    for folder in folders(&root().join("src/rules")) {
        for path in sources(&folder) {
            let (folder, stem) = (name(&folder), path.file_stem().unwrap().to_str().unwrap());
            if stem != "mod" {
                files.insert(format!("{folder}/{stem}"));
            }
        }
    }
    let listed: Vec<String> = rules::all()
        .iter()
        .map(|rule| format!("{}/{}", rule.category.name(), rule.id).replace('-', "_"))
        .collect();
    let set: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(set.len(), listed.len(), "a rule is listed twice");
    assert_eq!(files, set, "files (left), named category/id, against rules::all() (right)");
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(listed, sorted, "rules::all() is not in order of category and id");
}

#[test]
fn every_rule_is_as_in_the_catalogue() {
    let Ok(catalogue) = fs::read_to_string(root().join("../shared/rules.tsv")) else {
        eprintln!("SKIPPED: ../shared/rules.tsv is not here");
        return;
    };
    let rows: BTreeMap<&str, Vec<&str>> = catalogue
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|row| (row[2], row))
        .collect();
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let path = format!("src/rules/{}/{}.rs", rule.category.name(), rule.id).replace('-', "_");
        // Where the RFC says otherwise than the catalogue, the rule's own source says why.
        if fs::read_to_string(root().join(&path)).unwrap().contains("// rules.tsv:") {
            continue;
        }
        match rows.get(rule.id) {
            None => wrong.push(format!("{} is not in the catalogue", rule.id)),
            Some(row) => wrong.extend(differences(rule, row)),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Where `rule` is not what `row` of the catalogue says.
fn differences(rule: &Rule, row: &[&str]) -> Vec<String> {
    let needs = rule.needs.iter().filter_map(|need| need.letter());
    let needs: BTreeSet<char> = needs.collect();
    let wanted: BTreeSet<char> = row[5].chars().filter(|&letter| letter != ',').collect();
    let mut wrong = Vec::new();
    let mut compare = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            wrong.push(format!("{}: {what} is {ours}, in the catalogue {theirs}", rule.id));
        }
    };
    compare("category", rule.category.name().into(), row[1].into());
    compare("severity", rule.severity.name().into(), row[3].into());
    compare("party", rule.party.name().into(), row[4].into());
    compare("needs", format!("{needs:?}"), format!("{wanted:?}"));
    // Of several sections a rule may name the one it rests on.
    let cited = rule.rfc.unwrap_or("-").replace("RFC ", "");
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split([' ', ',', ';']).filter(|w| !["", "RFC"].contains(w));
        words.map(str::to_owned).collect()
    };
    if !words(&cited).is_subset(&words(row[6])) {
        compare("rfc", cited, row[6].into());
    }
    wrong
}

#[test]
fn rust_is_new_enough_for_every_dependency() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    if !output.status.success() {
        eprintln!("SKIPPED: cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    for package in metadata["packages"].as_array().unwrap() {
        if let Some(theirs) = package["rust_version"].as_str() {
            let name = &package["name"];
            assert!(ours >= version(theirs), "{name} needs Rust {theirs}: raise rust-version");
        }
    }
}

/// A version as numbers that compare.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn the_package_is_complete() {
    let read = |name: &str| {
        fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let entry = format!("## {}", env!("CARGO_PKG_VERSION"));
    let changes = read("CHANGELOG.md");
    assert!(changes.lines().any(|line| line.starts_with(&entry)), "CHANGELOG.md has no {entry}");
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(read(licence).len() > 500, "{licence} is not a licence");
    }
    for name in ["README.md", "ARCHITECTURE.md"] {
        assert!(read(name).lines().count() > 20, "{name} says nothing");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `path` from the root.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The Rust files below `folder` that are not tests, in order of name.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = ["tests.rs", "sample.rs", "forge.rs"].iter().any(|end| path.ends_with(end));
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What `path` holds before its tests, without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = until_tests(&text).lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line.split(" // ").next().unwrap() + "\n")
}

/// `text` up to the module of tests at its end.
fn until_tests(text: &str) -> &str {
    let mut from = 0;
    while let Some(at) = text[from..].find("\n#[cfg(test)]\n") {
        let at = from + at;
        let rest = &text[at + 1..];
        let item = rest.lines().find(|line| !line.starts_with("#[")).unwrap_or("");
        if item.contains("mod ") && item.ends_with('{') {
            return &text[..at];
        }
        from = at + 1;
    }
    text
}
