//! The `#` lines of the native form: what `c>` and `s<` cannot say.
//!
//! In and out: one line; README.md lists them. [`Note::parse`] and the printed form are each other's inverse; any
//! other `#` line is a comment.

use super::Eol;
use crate::chunk::{End, Gap, Shows, Side, Sides};
use crate::time::Stamp;
use std::fmt;
use std::net::SocketAddr;

/// A `#` line that is not just a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A session begins.
    Session { id: Option<u64>, peers: Option<Sides<SocketAddr>> },
    /// When the session began, where that is not the time of its first line.
    Start(Stamp, u8),
    /// What the log that this was made of does not show of the session.
    Lacks(Shows),
    /// Names, addresses and mail data are masked.
    Redacted,
    /// The recording starts inside the session.
    Midstream,
    /// It starts inside the session, and with a whole line.
    Late,
    /// Bytes of this side's stream are missing here.
    Gap(Side, Gap),
    /// Bytes of TLS records went by.
    Tls(Sides<u64>),
    /// Mail data is left out here, so many bytes.
    Elided(Option<u64>),
    /// The next line holds a masked secret, of so many bytes.
    Masked(Option<u64>),
    /// The next line has `\xNN` for a byte and `\\` for a backslash.
    Escaped,
    /// How this side's lines end from here on; `none` holds for the next one only.
    Eol(Side, Eol),
    /// The sender of the next line had not seen so many lines of the other side that stand
    /// above; a gap counts as one.
    Unseen(usize),
    /// The session ended so.
    End(End),
}

/// Words of the longest note.
const WORDS: usize = 1 + LACKS.len();

/// What [`Note::Lacks`] can name.
const LACKS: [(&str, Shows); 7] = [
    ("content", Shows::CONTENT),
    ("replies", Shows::REPLIES),
    ("offers", Shows::OFFERS),
    ("commands", Shows::COMMANDS),
    ("order", Shows::ORDER),
    ("dates", Shows::DATES),
    ("zone", Shows::ZONE),
];

impl Note {
    /// Reads a line.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line.strip_prefix(b"#")?).ok()?;
        let words: Vec<&str> = line.split_ascii_whitespace().take(WORDS + 1).collect();
        Some(match words.as_slice() {
            ["session"] => Self::Session { id: None, peers: None },
            ["session", id] => Self::Session { id: Some(id.parse().ok()?), peers: None },
            // Names instead of addresses say nothing that can be kept.
            ["session", id, client, ">", server] => Self::Session {
                id: Some(id.parse().ok()?),
                peers: client
                    .parse()
                    .and_then(|client| Ok(Sides { client, server: server.parse()? }))
                    .ok(),
            },
            ["start", at] => {
                let (at, digits) = Stamp::parse_rfc3339(at)?;
                Self::Start(at, digits)
            }
            ["lacks", names @ ..] if !names.is_empty() => {
                let mut shows = Shows::ALL;
                for name in names {
                    let (_, what) = LACKS.into_iter().find(|(known, _)| known == name)?;
                    shows = shows.without(what);
                }
                Self::Lacks(shows)
            }
            ["redacted"] => Self::Redacted,
            ["midstream"] => Self::Midstream,
            ["late"] => Self::Late,
            ["gap", side, bytes] => {
                Self::Gap(parse_side(side)?, Gap { bytes: bytes.parse().ok()?, acked: false })
            }
            ["gap", side, bytes, "acked"] => {
                Self::Gap(parse_side(side)?, Gap { bytes: bytes.parse().ok()?, acked: true })
            }
            ["tls", side, bytes] => {
                let mut sides = Sides::default();
                *sides.of_mut(parse_side(side)?) = bytes.parse().ok()?;
                Self::Tls(sides)
            }
            ["tls", "client", client, "server", server] => {
                Self::Tls(Sides { client: client.parse().ok()?, server: server.parse().ok()? })
            }
            ["elided"] => Self::Elided(None),
            ["elided", bytes] => Self::Elided(Some(bytes.parse().ok()?)),
            ["masked"] => Self::Masked(None),
            ["masked", bytes] => Self::Masked(Some(bytes.parse().ok()?)),
            ["escaped"] => Self::Escaped,
            ["eol", side, end] => {
                Self::Eol(parse_side(side)?, Eol::ALL.into_iter().find(|eol| eol.name() == *end)?)
            }
            ["unseen", lines] => Self::Unseen(lines.parse().ok()?),
            ["end", name] => Self::End(End::ALL.into_iter().find(|end| end.name() == *name)?),
            _ => return None,
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session { id, peers } => {
                f.write_str("# session")?;
                if let Some(id) = id {
                    write!(f, " {id}")?;
                }
                match peers {
                    Some(peers) => write!(f, " {} > {}", peers.client, peers.server),
                    None => Ok(()),
                }
            }
            Self::Start(at, digits) => write!(f, "# start {}", at.rfc3339(*digits)),
            Self::Lacks(shows) => {
                f.write_str("# lacks")?;
                let lacks = LACKS.into_iter().filter(|&(_, what)| !shows.has(what));
                lacks.into_iter().try_for_each(|(name, _)| write!(f, " {name}"))
            }
            Self::Redacted => f.write_str("# redacted"),
            Self::Midstream => f.write_str("# midstream"),
            Self::Late => f.write_str("# late"),
            Self::Gap(side, gap) => {
                let acked = if gap.acked { " acked" } else { "" };
                write!(f, "# gap {} {}{acked}", side.name(), gap.bytes)
            }
            Self::Tls(Sides { client, server }) => {
                write!(f, "# tls client {client} server {server}")
            }
            Self::Elided(None) => f.write_str("# elided"),
            Self::Elided(Some(bytes)) => write!(f, "# elided {bytes}"),
            Self::Masked(None) => f.write_str("# masked"),
            Self::Masked(Some(bytes)) => write!(f, "# masked {bytes}"),
            Self::Escaped => f.write_str("# escaped"),
            Self::Eol(side, eol) => write!(f, "# eol {} {}", side.name(), eol.name()),
            Self::Unseen(lines) => write!(f, "# unseen {lines}"),
            Self::End(end) => write!(f, "# end {}", end.name()),
        }
    }
}

fn parse_side(word: &str) -> Option<Side> {
    [Side::Client, Side::Server].into_iter().find(|side| side.name() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_are_printed() {
        let lines = [
            "# session 3 192.0.2.1:4242 > 192.0.2.2:25",
            "# session 3 [2001:db8::1]:4242 > [2001:db8::2]:25",
            "# session 3",
            "# session",
            "# start 2026-11-21T10:00:00.001Z",
            "# lacks replies",
            "# lacks order",
            "# lacks content replies offers commands order dates zone",
            "# redacted",
            "# midstream",
            "# late",
            "# gap client 1460",
            "# gap server 0 acked",
            "# tls client 5120 server 4096",
            "# elided",
            "# elided 701",
            "# masked",
            "# masked 32",
            "# escaped",
            "# eol client lf",
            "# eol server none",
            "# unseen 2",
        ];
        for line in lines {
            assert_eq!(Note::parse(line.as_bytes()).unwrap().to_string(), line);
        }
        for end in End::ALL {
            let line = Note::End(end).to_string();
            assert_eq!(Note::parse(line.as_bytes()), Some(Note::End(end)));
        }
    }

    #[test]
    fn other_lines_are_comments() {
        let lines = [
            "#",
            "# session three",
            "# session 3 was slow",
            "# end of the session",
            "# end never",
            "# gap both 3",
            "# gap client -1",
            "# gap client 99999999999999999999",
            "# tls client 1 client 2",
            "# masked secrets follow",
            "# unseen things",
            "# open",
            "# lacks",
            "# lacks replies and more",
            "# start at ten",
            "# late again",
            "end reset",
        ];
        for line in lines {
            assert_eq!(Note::parse(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Note::parse(b"# end reset \xff"), None);
        assert_eq!(Note::parse(b"#end  reset "), Some(Note::End(End::Reset)));
        let named = Some(Note::Session { id: Some(3), peers: None });
        assert_eq!(Note::parse(b"# session 3 mx.example:25 > x"), named);
    }
}
