//! The examples of RFC 5321 appendix D and of the RFCs of extensions, read as dialogs: no errors
//! but those that are explained here.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

use smtp_audit::pipeline::{Options, Source, collect};
use smtp_audit::rules::Severity;
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// Errors that are right, or that no reading of a printed page can avoid: file, rule, a part of
/// the evidence, why.
const EXPLAINED: &[(&str, &str, &str, &str)] = &[(
    "rfc8689",
    "reply-malformed",
    "TLS go ahead",
    "the example says what the reply means, and leaves out its code",
)];

/// RFCs whose examples are marked `C:` and `S:`.
const FILES: &[&str] = &[
    "rfc1652", "rfc1870", "rfc2034", "rfc2554", "rfc2821", "rfc2920", "rfc3030", "rfc3207",
    "rfc5321", "rfc8689",
];

#[test]
fn examples_of_rfcs_have_no_unexplained_errors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/rfc");
    if !folder.is_dir() {
        eprintln!("SKIPPED: ../shared/rfc is not here");
        return;
    }
    let (mut wrong, mut used, mut count) = (Vec::new(), vec![false; EXPLAINED.len()], 0);
    for name in FILES {
        let text = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
        for (line, dialog) in dialogs(&text) {
            count += 1;
            for (rule, evidence, message) in errors(&dialog) {
                let is_it = |(file, id, part, _): &(&str, &str, &str, &str)| {
                    file == name && *id == rule && evidence.contains(part)
                };
                match EXPLAINED.iter().position(is_it) {
                    Some(at) => used[at] = true,
                    None => wrong.push(format!(
                        "{name}, line {line}: {rule}: {evidence:?}: {message}\n{dialog}"
                    )),
                }
            }
        }
    }
    assert!(count > 25, "only {count} examples were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let unused: Vec<_> = EXPLAINED.iter().zip(&used).filter(|(_, used)| !**used).collect();
    assert!(unused.is_empty(), "explained, but not found: {unused:?}");
}

/// What is wrong with a dialog: rule, evidence, message.
fn errors(dialog: &str) -> Vec<(String, String, String)> {
    let text = dialog.as_bytes().to_vec();
    let source = Source::new("example", move || Ok(Box::new(Cursor::new(text))));
    let (sessions, _) = collect(&Options::default(), vec![source]);
    let findings = sessions.iter().flat_map(|audited| &audited.findings);
    let errors = findings.filter(|finding| finding.rule.severity == Severity::Error);
    let texts = errors.map(|finding| {
        let evidence = String::from_utf8_lossy(&finding.evidence).into_owned();
        (finding.rule.id.to_owned(), evidence, finding.message.clone())
    });
    texts.collect()
}

/// The dialogs of an RFC, each with the line where it begins, as transcripts.
fn dialogs(text: &str) -> Vec<(usize, String)> {
    let mut dialogs: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    // How far the marks of the dialog stand from the left.
    let mut margin = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let words = line.trim();
        // The foot and the head of a page, and what a page break leaves empty.
        let is_furniture = line.contains('\u{c}')
            || line.contains("[Page ")
            || (line.starts_with("RFC ") && line.len() > 60)
            || words.is_empty();
        if is_furniture {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let marked = [("C:", "c> "), ("S:", "s< ")]
            .into_iter()
            .find_map(|(mark, ours)| Some((ours, words.strip_prefix(mark)?.trim_start())));
        match marked {
            Some((ours, said)) => {
                if !is_open {
                    dialogs.push((number, String::new()));
                    (is_open, margin) = (true, indent);
                }
                // Stage directions.
                let is_said = !(said.starts_with('<') && said.ends_with('>'));
                if let Some((_, dialog)) = dialogs.last_mut().filter(|_| is_said) {
                    *dialog += &[ours, said, "\n"].concat();
                }
            }
            None if is_open && indent > margin => {
                // A line that was too long for the page.
                if let Some((_, dialog)) = dialogs.last_mut()
                    && dialog.pop().is_some()
                {
                    *dialog += &[" ", words, "\n"].concat();
                }
            }
            None => is_open = false,
        }
    }
    dialogs.retain(|(_, dialog)| dialog.contains("c> ") && dialog.contains("s< "));
    dialogs
}
