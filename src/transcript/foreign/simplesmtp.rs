//! What simplesmtp prints with `debug`, and so Nodemailer before its version 1: trees.
//!
//! ```text
//! SERVER 1:
//! └──220 mx.example.net ESMTP
//! CLIENT 1:
//! └──EHLO client.example.org
//! SERVER 1:
//! └──250-mx.example.net
//!    250 SIZE 10485760
//! ```
//!
//! The number tells connections of a pool apart, and is missing where there is none. Mail data
//! stands under `CLIENT (DATA) 1:`, a piece as it was written, less the line ends around it: which
//! lines it has cannot be told.

use super::payload::{is_command, is_only_smtp, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static SIMPLESMTP: Foreign = Foreign {
    name: "simplesmtp",
    title: "simplesmtp, Nodemailer before 1.0, debug",
    shows: Shows::ALL.without(Shows::CONTENT),
    content: Content::Hidden,
    out: Side::Client,
    likeness,
    reader: || Box::<Simplesmtp>::default(),
};

#[derive(Default)]
struct Simplesmtp {
    /// Whose lines follow.
    head: Option<Head>,
    /// The first of them was seen.
    is_begun: bool,
}

/// Who says what stands below.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    who: Who,
    is_data: bool,
    key: Vec<u8>,
}

impl Head {
    fn read(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii_end().strip_suffix(b":")?;
        let (who, rest) = if let Some(rest) = line.strip_prefix(b"SERVER") {
            (Who::Server, rest)
        } else {
            (Who::Client, line.strip_prefix(b"CLIENT")?)
        };
        let (is_data, rest) = rest.strip_prefix(b" (DATA)").map_or((false, rest), |it| (true, it));
        let key = match rest {
            [] => rest,
            [b' ', key @ ..] if !key.is_empty() && key.len() <= 20 => key,
            _ => return None,
        };
        let is_number = key.iter().all(u8::is_ascii_digit);
        is_number.then(|| Self { who, is_data, key: key.to_vec() })
    }
}

/// What stands at the branch of a tree.
fn branch(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix("└──".as_bytes())
}

impl ReadLines for Simplesmtp {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(head) = Head::read(line) {
            self.head = Some(head);
            self.is_begun = false;
            return out.aside();
        }
        let Some(head) = &self.head else { return };
        let text = match branch(line) {
            Some(text) if !self.is_begun => text,
            None if self.is_begun && line.starts_with(b"   ") => line.get(3..).unwrap_or_default(),
            _ => {
                self.head = None;
                return;
            }
        };
        self.is_begun = true;
        if head.is_data {
            out.aside();
        } else {
            out.say(&head.key, head.who, text);
        }
    }
}

fn likeness(line: &[u8]) -> Likeness {
    match branch(line) {
        Some(text) if is_only_smtp(text) => Likeness::Sure,
        Some(text) if is_reply(text) || is_command(text) => Likeness::Marked,
        None if Head::read(line).is_some() => Likeness::Marked,
        _ => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    #[test]
    fn trees_are_read() {
        let text = "SERVER:\n└──220 mx\nclient idle\n   250 no\nCLIENT:\n└──DATA\nSERVER:\n└──354 go\n\
                    CLIENT (DATA):\n└──To: a\n   QUIT\n\nCLIENT (DATA):\n└──\nSERVER:\n└──250 ok\n";
        let said = ["S 220 mx", "C DATA", "S 354 go", "elided", "C .", "S 250 ok"];
        assert_eq!(dialog(&SIMPLESMTP, text), said);
        assert_eq!(likeness("└── src".as_bytes()), Likeness::No);
        assert!(Head::read(b"SERVER one:").is_none());
        assert_eq!(Head::read(b"CLIENT (DATA) 12:").unwrap().key, b"12");
    }
}
