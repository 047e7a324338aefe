//! The dialogs of `testdata/transcripts`, each with what is true of it.

use crate::weave::{Dialog, Side};
use std::fs;
use std::path::Path;

/// A transcript of the corpus.
#[derive(Clone, Debug)]
pub struct Script {
    pub name: String,
    /// The file.
    pub text: Vec<u8>,
    /// What both sides write.
    pub dialog: Dialog,
    /// Its `# truth` lines, without these words.
    pub truth: Vec<String>,
}

/// The corpus, in order of name.
pub fn corpus() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some()).collect();
    files.retain(|path| path.extension().unwrap() == "txt");
    files.sort();
    assert!(files.len() > 10, "the corpus is gone");
    let texts = files.iter().map(|path| (path, fs::read(path).unwrap()));
    // What is pasted into telnet has one side only.
    texts
        .filter(|(_, text)| text.windows(4).any(|bytes| bytes == b"\ns< " || bytes == b"s< 2"))
        .map(|(path, text)| {
            let lines = String::from_utf8(text.clone()).unwrap();
            let truth = lines.lines().filter_map(|line| line.strip_prefix("# truth "));
            Script {
                name: path.file_stem().unwrap().to_str().unwrap().into(),
                dialog: turns(&text),
                truth: truth.map(String::from).collect(),
                text,
            }
        })
        .collect()
}

impl Script {
    /// The lines of its truth that begin with `word`, without it.
    pub fn truths(&self, word: &str) -> Vec<&str> {
        let lines = self.truth.iter().filter_map(|line| line.strip_prefix(word));
        lines.map(str::trim).collect()
    }

    /// How it ends, when the connection is closed by `close`.
    pub fn end(&self, close: &'static str) -> &'static str {
        match self.truths("end").first() {
            Some(&"quit") | None => "quit",
            Some(&"tls") => "tls",
            _ => close,
        }
    }
}

/// What both sides write in a transcript: an own reading of the notes `escaped`, `eol` and
/// `tls`. Lines that one side says in a row are one write.
pub fn turns(text: &[u8]) -> Dialog {
    let mut turns: Vec<(Side, Vec<u8>)> = Vec::new();
    let mut say = |side, bytes: &[u8]| match turns.last_mut() {
        Some((last, turn)) if *last == side => turn.extend_from_slice(bytes),
        _ => turns.push((side, bytes.to_vec())),
    };
    let (mut escaped, mut ends) = (false, ["\r\n"; 2]);
    for line in text.split(|&byte| byte == b'\n') {
        let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        match words[..] {
            [b"#", b"escaped"] => escaped = true,
            [b"#", b"eol", b"client", b"none"] => ends[0] = "",
            [b"#", b"tls", b"client", client, b"server", server] => {
                say(Side::Client, &record(client));
                say(Side::Server, &record(server));
            }
            [b"c>" | b"s<", ..] => {
                let side = Side::BOTH[usize::from(line.starts_with(b"s"))];
                let text = line.get(3..).unwrap_or_default();
                let text = if escaped { unescape(text) } else { text.to_vec() };
                say(side, &[&text, ends[side.index()].as_bytes()].concat());
                (escaped, ends) = (false, ["\r\n"; 2]);
            }
            _ => assert!(line.is_empty() || line.starts_with(b"#"), "what is this line?"),
        }
    }
    Dialog::from_turns(turns)
}

/// So many bytes of a TLS record.
fn record(length: &[u8]) -> Vec<u8> {
    let length: usize = str::from_utf8(length).unwrap().parse().unwrap();
    let mut bytes = vec![0x16, 3, 1];
    bytes.extend(u16::try_from(length - 5).unwrap().to_be_bytes());
    bytes.resize(length, b'\n');
    bytes
}

/// `\xNN` and `\\` as bytes.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'\\' && tail[0] == b'\\' {
            bytes.push(b'\\');
            rest = &tail[1..];
        } else if byte == b'\\' {
            let digits = str::from_utf8(&tail[1..3]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &tail[3..];
        } else {
            bytes.push(byte);
        }
    }
    bytes
}
