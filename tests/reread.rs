//! A dialog written by `--format transcript` and read again says the same of itself: what the log
//! that it was made of does not show is not judged then either. With `--redact`, too, and then
//! nothing of what was masked is left in it.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod seen;
mod weave;

use seen::{Seen, run, written};
use smtp_audit::chunk::Medium;
use smtp_audit::dialog::Settings;
use smtp_audit::dialog::session::{Exchange, Request, Session, Span};
use smtp_audit::pipeline::{Audited, Options};
use smtp_audit::redact::{Redactor, is_usual_word};
use smtp_audit::rules;
use smtp_audit::smtp::command::Verb;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What a finding is, but for its place.
type Told = (&'static str, Option<u32>, String);

/// A recording, and what it is called.
#[derive(Clone)]
struct Sample {
    name: String,
    bytes: Vec<u8>,
}

/// The files in `folder` of this package, or of what is shared with it; none where it is missing.
fn samples(folder: &str) -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not here", folder.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|it| it != "md") {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                found.push(Sample { name, bytes: fs::read(path).unwrap() });
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Captures of a size that takes no time, and no damaged ones.
fn captures(folder: &str) -> Vec<Sample> {
    let mut all = samples(folder);
    all.retain(|one| {
        let is_capture = smtp_audit::capture::recognise(&one.bytes).is_some();
        one.bytes.len() < 300_000 && is_capture
    });
    all
}

/// The examples of all rules.
fn examples() -> Vec<Sample> {
    let both = |rule: &&'static rules::Rule| {
        [("bad", rule.bad), ("good", rule.good)].map(|(which, text)| Sample {
            name: format!("{} {which}", rule.id),
            bytes: text.as_bytes().to_vec(),
        })
    };
    let mut all: Vec<Sample> = rules::all().iter().flat_map(both).collect();
    all.retain(|one| smtp_audit::transcript::recognise(&one.bytes).is_some());
    all
}

fn audit(bytes: &[u8]) -> Vec<Audited> {
    let choice = rules::Choice::default().sure(rules::Confidence::Possible);
    run(&[bytes], &Options { choice, ..Options::default() }).0
}

fn redacting() -> Options {
    let redact = Some(Arc::new(Redactor::new()));
    let settings = Arc::new(Settings { redact, ..Settings::default() });
    Options { settings, ..Options::default() }
}

fn told(audited: &Audited) -> Vec<Told> {
    let findings = audited.findings.iter();
    findings.map(|one| (one.rule.id, one.exchange, one.message.clone())).collect()
}

fn not_judged(audited: &Audited) -> BTreeMap<&'static str, &'static str> {
    audited.not_judged.iter().map(|one| (one.rule, one.why)).collect()
}

/// Why rules are not judged of a transcript that was written without its times.
const NO_TIMES: &str = "the input has no times";

#[test]
fn logs_say_the_same_as_transcripts() {
    let mut wrong = String::new();
    for Sample { name, bytes } in
        [samples("testdata/dialects"), samples("../shared/transcripts")].concat()
    {
        let log = audit(&bytes);
        for timestamps in [true, false] {
            let text = written(&bytes, &Options::default(), timestamps);
            let back = audit(&text);
            if back.len() != log.len() {
                wrong += &format!("{name}: {} sessions became {}\n", log.len(), back.len());
            }
            for (old, new) in log.iter().zip(&back) {
                let text = String::from_utf8_lossy(&text);
                if let Some(what) = difference(old, new, timestamps) {
                    wrong += &format!("{name} (timestamps: {timestamps}): {what}\n{text}\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What `new` says otherwise than `old`.
fn difference(old: &Audited, new: &Audited, timestamps: bool) -> Option<String> {
    if let Some(what) = Seen::of(&new.session).differs(&Seen::of(&old.session)) {
        return Some(what);
    }
    let (before, after) = (not_judged(old), not_judged(new));
    // Of a batch of commands, the transcript is one whose server is silent.
    if old.session.opening.medium == Medium::Script {
        return None;
    }
    let is_timed = |id: &&'static str| timestamps || after.get(id) != Some(&NO_TIMES);
    let told =
        [told(old), told(new)].map(|all| all.into_iter().filter(|one| is_timed(&one.0)).collect());
    let [was, is]: [Vec<Told>; 2] = told;
    if was != is {
        return Some(format!("found {was:#?}, then {is:#?}"));
    }
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).filter(|id| is_timed(id)).collect();
    let other = ids.into_iter().find(|id| before.get(*id) != after.get(*id));
    other.map(|id| format!("{id}: {:?}, then {:?}", before.get(id), after.get(id)))
}

/// What a rule that is not judged because of the masks says of itself.
const MASKED: [&str; 2] = ["mail data is masked in the input", "names and addresses are masked"];

#[test]
fn what_is_masked_says_the_same_or_is_not_judged() {
    let mut wrong = String::new();
    let all = [
        samples("testdata/dialects"),
        samples("../shared/transcripts"),
        captures("testdata/captures"),
        captures("../shared/captures"),
        examples(),
    ];
    for Sample { name, bytes } in all.concat() {
        let plain = audit(&written(&bytes, &Options::default(), true));
        let text = written(&bytes, &redacting(), true);
        let masked = audit(&text);
        if plain.len() != masked.len() {
            wrong += &format!("{name}: {} sessions became {}\n", plain.len(), masked.len());
        }
        for (old, new) in plain.iter().zip(&masked) {
            let after = not_judged(new);
            let places = |one: &Audited| -> Vec<_> {
                let places = told(one).into_iter().map(|(id, exchange, _)| (id, exchange));
                places.filter(|(id, _)| !after.contains_key(id)).collect()
            };
            let (was, is) = (places(old), places(new));
            if was != is {
                let text = String::from_utf8_lossy(&text);
                wrong += &format!("{name}: found {was:?}, then {is:?}\n{text}\n");
            }
            let before = not_judged(old);
            let is_gap = !new.session.gaps.is_empty();
            for (id, why) in after {
                if before.get(id) != Some(&why) && !MASKED.contains(&why) && !is_gap {
                    wrong += &format!("{name}: {id}: {:?}, then {why}\n", before.get(id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nothing_of_what_is_masked_is_left() {
    let mut wrong = String::new();
    let all = [
        samples("testdata/dialects"),
        samples("../shared/transcripts"),
        captures("testdata/captures"),
        captures("../shared/captures"),
        examples(),
    ];
    for Sample { name, bytes } in all.concat() {
        let settings = Settings { show_secrets: true, ..Settings::default() };
        let options = Options { settings: Arc::new(settings), ..Options::default() };
        let (sessions, _) = run(&[&bytes], &options);
        let plain = written(&bytes, &options, false);
        let mut secret = BTreeSet::new();
        for audited in &sessions {
            secret.extend(private(&audited.session));
        }
        secret.extend(content(&plain));
        let text = String::from_utf8_lossy(&written(&bytes, &redacting(), true)).to_lowercase();
        let words: BTreeSet<&str> = words(&text).collect();
        for one in secret {
            let one = one.to_lowercase();
            // A word of others may hold a short one by chance.
            let is_left = if one.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                words.contains(one.as_str())
            } else {
                text.contains(&one)
            };
            if is_left {
                wrong += &format!("{name}: {one}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Words so long that none is another by chance, and that say something.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| word.len() >= 6 && !is_known(word))
}

/// Words that name nobody.
fn is_known(word: &str) -> bool {
    let special = ["localhost", "localdomain", "postmaster", "example", "invalid", "rfc822"];
    let local = ["intranet", "private", "workgroup"];
    let word = word.to_ascii_lowercase();
    is_usual_word(word.as_bytes())
        || word.bytes().all(|byte| byte.is_ascii_digit())
        || special.iter().chain(&local).any(|one| *one == word)
}

/// What names somebody in the commands and replies of a session.
fn private(session: &Session) -> BTreeSet<String> {
    let text = |span: Span| String::from_utf8_lossy(session.bytes(span)).into_owned();
    let mut found = BTreeSet::new();
    if let Some(peers) = session.opening.peers {
        let ends = [peers.client.ip(), peers.server.ip()];
        found.extend(ends.iter().filter(|one| !one.is_loopback()).map(ToString::to_string));
    }
    let commands: Vec<String> = session.exchanges.iter().map(|one| text(one.line)).collect();
    // What is no command may be a verb that was mistyped.
    let verbs = commands.iter().filter_map(|line| words(line).next());
    // The name of a parameter is none of anybody.
    let keywords = commands.iter().flat_map(|line| line.split(' ').skip(2));
    let keywords = keywords.filter_map(|param| words(param.split('=').next()?).next());
    let known: BTreeSet<&str> = verbs.chain(keywords).collect();
    for (exchange, line) in session.exchanges.iter().zip(&commands) {
        found.extend(of_command(exchange, line));
    }
    let answers = session.exchanges.iter().filter(|one| {
        let verb = one.request;
        !matches!(verb, Request::Command(Verb::Ehlo | Verb::Lhlo))
    });
    let answers = answers.filter_map(|one| one.reply).chain(session.greeting);
    for reply in answers.filter(|one| one.code != Some(334)) {
        let reply = text(reply.text);
        found.extend(words(&reply).filter(|word| !known.contains(word)).map(str::to_owned));
    }
    found
}

/// What names somebody in a command.
fn of_command(exchange: &Exchange, line: &str) -> Vec<String> {
    let (_, argument) = line.split_once(' ').unwrap_or_default();
    match exchange.request {
        Request::AuthLine if line.len() >= 6 => vec![line.to_owned()],
        Request::Command(Verb::Auth) => {
            let mut rest = argument.split(' ').skip(1);
            rest.next().filter(|secret| secret.len() >= 6).map(str::to_owned).into_iter().collect()
        }
        Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Vrfy | Verb::Expn) => {
            words(argument).filter(|word| *word != "SMTPUTF8").map(str::to_owned).collect()
        }
        Request::Command(Verb::Mail | Verb::Rcpt) => {
            let path = argument.split_once('>').map_or(argument, |(path, _)| path);
            let (_, path) = path.split_once('<').unwrap_or_default();
            let addresses = (path.len() >= 8 && path.contains('@')).then(|| path.to_owned());
            // Names of which all is known to name nobody stay.
            let is_said = words(path).next().is_some();
            let whole = addresses.filter(|_| is_said);
            words(path).map(str::to_owned).chain(whole).collect()
        }
        _ => Vec::new(),
    }
}

/// The lines of content in a transcript that are long enough to be told.
fn content(transcript: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_content = false;
    for line in String::from_utf8_lossy(transcript).lines() {
        match line.split_at_checked(3) {
            Some(("s< ", reply)) => is_content = reply.starts_with("354"),
            Some(("c> ", ".")) => is_content = false,
            Some(("c> ", text)) if is_content && words(text).next().is_some() => {
                found.insert(text.to_owned());
            }
            _ => {}
        }
    }
    found
}
