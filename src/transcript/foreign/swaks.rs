//! What swaks prints: a hint of three columns and a blank, then the line.
//!
//! ```text
//! === Trying mx.example.net:25...
//! === Connected to mx.example.net.
//! <-  220 mx.example.net ESMTP
//!  -> EHLO client.example.org
//! <-  250 mx.example.net
//! ```
//!
//! ` ->` sent, ` ~>` sent in TLS, `**>` and `*~>` sent though something was wrong; `<-`, `<~` and
//! `<**`, `<~*` received. `===` and `***` are its own words, `  >` and `<  ` octets over again. With
//! `--suppress-data` the content is ` -> 12 lines sent`, its dot included. Times of replies
//! (`=== response in 0.001s`) do not say when they came.

use super::payload::{is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{End, Shows, Side};

pub(super) static SWAKS: Foreign = Foreign {
    name: "swaks",
    title: "swaks",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Swaks>::default(),
};

#[derive(Default)]
struct Swaks {
    /// The server has just asked for the message.
    is_asked: bool,
    /// An AUTH that ends in a blank, and its number: what belongs behind it may have been taken out.
    held: Option<(u64, Vec<u8>)>,
}

impl ReadLines for Swaks {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if self.release(line, out) {
            return;
        }
        match marked(line) {
            Some((Who::Client, text)) if is_open_auth(text) => {
                self.held = Some((out.number(), text.to_vec()));
                out.aside();
            }
            Some((Who::Client, text)) if self.is_asked && is_count(text) => {
                self.is_asked = false;
                out.elided(b"", None);
                out.say(b"", Who::Client, b".");
            }
            Some((who, text)) => {
                self.is_asked = who == Who::Server && text.starts_with(b"354");
                out.say(b"", who, text);
            }
            None if line.starts_with(b"=== Trying ") => out.begin(b"", None),
            None if line.starts_with(b"=== Connection closed with remote host") => {
                out.end(b"", None);
            }
            None if line.starts_with(b"*** Remote host closed connection unexpectedly") => {
                out.end(b"", Some(End::ServerClosed));
            }
            None if is_aside(line) => out.aside(),
            None => {}
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.release(b"", out);
    }
}

impl Swaks {
    /// Says the line that waits, if one does; whether `line`, which follows, is the rest of it.
    fn release(&mut self, line: &[u8], out: &mut Out<'_>) -> bool {
        let Some((number, text)) = self.held.take() else { return false };
        let now = out.number();
        out.of_line(number);
        // Whoever saved it has written something else there, below.
        let is_rest = marked(line).is_none() && line.starts_with(b"**") && !is_aside(line);
        if is_rest {
            out.say_masked(b"", Who::Client, &[&text, &b"****"[..]].concat());
        } else {
            out.say(b"", Who::Client, &text);
        }
        out.of_line(now);
        is_rest
    }
}

/// Whether `text` is an AUTH with nothing behind its mechanism but a blank.
fn is_open_auth(text: &[u8]) -> bool {
    let is_auth = text.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
    is_auth && text.ends_with(b" ") && text.trim_ascii_end().contains(&b' ')
}

/// Who says a line, and what.
fn marked(line: &[u8]) -> Option<(Who, &[u8])> {
    let (hint, rest) = line.split_first_chunk::<3>()?;
    let who = match hint {
        b" ->" | b" ~>" | b"**>" | b"*~>" => Who::Client,
        b"<- " | b"<~ " | b"<**" | b"<~*" => Who::Server,
        _ => return None,
    };
    Some((who, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// Whether a line of the client stands for content that is not shown: `12 lines sent`.
fn is_count(text: &[u8]) -> bool {
    let number = text.strip_suffix(b" lines sent");
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

fn is_aside(line: &[u8]) -> bool {
    line.starts_with(b"=== ") || line.starts_with(b"*** ") || is_raw(line)
}

/// Whether a line shows octets: `<   0000: 32 32 30 20  6D …`.
fn is_raw(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"<   ").or_else(|| line.strip_prefix(b"  > "));
    let row = rest.and_then(|rest| rest.split_first_chunk::<4>());
    row.is_some_and(|(place, rest)| place.iter().all(u8::is_ascii_digit) && rest.starts_with(b": "))
}

fn likeness(line: &[u8]) -> Likeness {
    // Other tools have arrows without its columns.
    if line.starts_with(b"<- ") && !line.starts_with(b"<-  ") {
        return Likeness::Weak;
    }
    match marked(line) {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Weak,
        None if is_aside(line) => Likeness::Weak,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    #[test]
    fn credentials_that_were_taken_out_are_masked() {
        let text = " -> AUTH PLAIN \n****credentials removed****\n<** 530 no\n -> AUTH PLAIN \n\
                    *** Remote host closed\n";
        let said = ["masked", "C AUTH PLAIN ****", "S 530 no", "C AUTH PLAIN"];
        assert_eq!(dialog(&SWAKS, text), said);
    }
}
