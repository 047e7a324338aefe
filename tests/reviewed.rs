//! Every finding on the shared captures and seeds was looked at by a person: `tests/reviewed.txt`
//! counts them by rule and file, each with a word of reason. A change of a rule shows there.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Rule and file → how many, and why that is right.
type Table = BTreeMap<(String, String), (usize, String)>;

/// What a row says that nobody has looked at.
const OPEN: &str = "?";

const HEAD: &str = "\
# Findings on ../shared/captures and ../shared/seeds, by rule and file, at the usual confidence.
# `UPDATE_EXPECT=1 cargo test --test reviewed` counts anew and keeps the reasons; rows that are
# new get a `?`, with which the test fails until a person has looked at them.
# rule | file | count | why it is right
";

#[test]
fn findings_on_shared_captures_are_as_reviewed() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.join("captures").is_dir() {
        eprintln!("SKIPPED: ../shared/captures is not here");
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reviewed.txt");
    let reviewed = table(&fs::read_to_string(&path).unwrap_or_default());
    let mut found = Table::new();
    let mut files = Vec::new();
    for folder in ["captures", "seeds"] {
        find(&shared.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 60, "the shared files are gone");
    for file in files {
        let name = file.strip_prefix(&shared).unwrap().to_str().unwrap().to_owned();
        for rule in findings(&file) {
            let key = (rule, name.clone());
            let why = reviewed.get(&key).map_or(OPEN, |(_, why)| why);
            found.entry(key).or_insert((0, why.to_owned())).0 += 1;
        }
    }
    let text = HEAD.to_owned() + &written(&found);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let old = HEAD.to_owned() + &written(&reviewed);
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), text.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    let diff: Vec<String> = gone.chain(come).collect();
    assert!(diff.is_empty(), "\n{}\n(UPDATE_EXPECT=1 writes them)", diff.join("\n"));
    let open: Vec<_> = found.iter().filter(|(_, (_, why))| why == OPEN).collect();
    assert!(open.is_empty(), "nobody has looked at {open:?}");
}

/// The ids of what is found in a file: in its sessions.
fn findings(path: &Path) -> Vec<String> {
    let file = path.to_owned();
    let open = move || Ok(Box::new(File::open(&file)?) as Box<dyn std::io::Read + Send>);
    let source = Source::new(path.to_str().unwrap(), open);
    let (sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.iter().flat_map(|audited| &audited.findings);
    findings.map(|finding| finding.rule.id.to_owned()).collect()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|end| end != "md" && end != "json") {
            files.push(path);
        }
    }
}

fn table(text: &str) -> Table {
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let row = |line: &str| {
        let cells: Vec<&str> = line.splitn(4, " | ").collect();
        let [rule, file, count, why] = cells[..] else { panic!("no row: {line}") };
        ((rule.to_owned(), file.to_owned()), (count.parse().unwrap(), why.to_owned()))
    };
    rows.map(row).collect()
}

fn written(table: &Table) -> String {
    let rows = table.iter();
    let row = |(rule, file): &(_, _), (count, why): &(_, _)| {
        format!("{rule} | {file} | {count} | {why}\n")
    };
    let rows: Vec<String> = rows.map(|(key, value)| row(key, value)).collect();
    rows.concat()
}
