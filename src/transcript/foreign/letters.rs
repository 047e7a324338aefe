//! `S: ` and `C: ` in front of each line, as RFCs print dialogs and MailKit logs them.
//!
//! ```text
//! Connected to smtp://mx.example.net:25/
//! S: 220 mx.example.net ESMTP
//! C: EHLO client.example.org
//! S: 250 mx.example.net
//! ```
//!
//! In either case, with any indent; a bare `C:` is an empty line. Lines of content have the mark,
//! too. Authors write `<open connection to server>` for what is done and not said, `(message body)`
//! for content, and a backslash where a line goes on in the next one; in small letters, which no
//! tool writes, also the first line of a reply for all of it.

use super::payload::{Lengthy, goes_on, is_command, is_only_smtp, is_placeholder, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Who};
use crate::chunk::{Shows, Side};

pub(super) static LETTERS: Foreign = Foreign {
    name: "S:C:",
    title: "`S:` and `C:` lines: RFCs, MailKit",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Letters>::default(),
};

#[derive(Default)]
struct Letters {
    /// A line that goes on, and who says it.
    open: Option<(Who, Lengthy)>,
    /// A line of a reply in small letters, if another one follows: its number, and it.
    held: Option<(u64, Vec<u8>)>,
    /// The server has allowed content.
    is_content: bool,
    /// It has asked for a line of AUTH: what is in brackets stands for that.
    is_asked: bool,
    /// A connection was begun, and nothing said since.
    is_fresh: bool,
}

/// A line with a mark.
struct Marked<'a> {
    who: Who,
    is_small: bool,
    text: &'a [u8],
}

impl<'a> Marked<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii_start();
        let (mark, rest) = line.split_first_chunk::<2>()?;
        let (who, is_small) = match mark {
            b"S:" => (Who::Server, false),
            b"s:" => (Who::Server, true),
            b"C:" => (Who::Client, false),
            b"c:" => (Who::Client, true),
            _ => return None,
        };
        // The mark is a word of its own.
        match rest {
            [] => Some(Self { who, is_small, text: rest }),
            [b' ', text @ ..] => Some(Self { who, is_small, text }),
            _ => None,
        }
    }
}

impl ReadLines for Letters {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let marked = Marked::read(line);
        if let Some((who, mut open)) = self.open.take() {
            let next = match &marked {
                Some(marked) if marked.who == who => Some(marked.text),
                None if !line.trim_ascii().is_empty() => Some(line),
                _ => None,
            };
            if let Some(next) = next {
                if open.add(next) {
                    self.open = Some((who, open));
                    return out.aside();
                }
                return self.finish(who, &open, out);
            }
            self.finish(who, &open, out);
        }
        if let Some(marked) = marked {
            self.marked(&marked, out);
        } else if line.starts_with(b"Connected to smtp") {
            self.begin(out);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some((who, open)) = self.open.take() {
            self.finish(who, &open, out);
        }
        if let Some((number, text)) = self.held.take() {
            out.of_line(number);
            out.say(b"", Who::Server, &text);
        }
    }
}

impl Letters {
    fn marked(&mut self, marked: &Marked<'_>, out: &mut Out<'_>) {
        let &Marked { who, is_small, text } = marked;
        self.release(who, text, out);
        let is_content = self.is_content && who == Who::Client;
        if is_content && is_placeholder(text) {
            self.is_fresh = false;
            out.elided(b"", None);
        } else if !is_content && !self.is_asked && is_remark(text) {
            let words = text.get(..REMARK).unwrap_or(text);
            if memchr::memmem::find(words, b"connection").is_some() {
                self.begin(out);
            }
            out.aside();
        } else if !is_content && let Some(open) = Lengthy::new(text, out.number()) {
            self.open = Some((who, open));
            out.aside();
        } else if is_small && who == Who::Server && goes_on(text) {
            self.held = Some((out.number(), text.to_vec()));
            out.aside();
        } else {
            self.say(who, text, out);
        }
    }

    fn say(&mut self, who: Who, text: &[u8], out: &mut Out<'_>) {
        self.is_fresh = false;
        self.is_content = match who {
            Who::Server => text.starts_with(b"354"),
            _ => self.is_content && text != b".",
        };
        self.is_asked = who == Who::Server && text.starts_with(b"334");
        out.say(b"", who, text);
    }

    /// Says a line that is whole now.
    fn finish(&mut self, who: Who, open: &Lengthy, out: &mut Out<'_>) {
        let now = out.number();
        out.of_line(open.number);
        self.say(who, &open.text, out);
        out.of_line(now);
    }

    /// Says the line that waits: unless the server goes on, it is its reply's last.
    fn release(&mut self, who: Who, next: &[u8], out: &mut Out<'_>) {
        let Some((number, mut text)) = self.held.take() else { return };
        if !(who == Who::Server && next.get(..3) == text.get(..3))
            && let Some(separator) = text.get_mut(3)
        {
            *separator = b' ';
        }
        let now = out.number();
        out.of_line(number);
        self.say(Who::Server, &text, out);
        out.of_line(now);
    }

    fn begin(&mut self, out: &mut Out<'_>) {
        if !self.is_fresh {
            out.begin(b"", None);
        }
        *self = Self { is_fresh: true, ..Self::default() };
    }
}

/// Bytes of a remark that are looked at.
const REMARK: usize = 256;

/// Whether a line says what is done: `<starts TLS negotiation>`, `(any time later)`.
fn is_remark(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    // Both do it: `C: & S: <negotiate a TLS session>`.
    let both = text.strip_prefix(b"& S: ").or_else(|| text.strip_prefix(b"& C: "));
    let text = both.unwrap_or(text);
    let is_bracketed = matches!(text, [b'<', .., b'>'] | [b'(', .., b')']);
    is_bracketed && text.contains(&b' ')
}

fn likeness(line: &[u8]) -> Likeness {
    match Marked::read(line) {
        Some(Marked { who, text, .. }) => {
            let is_whose = if who == Who::Client { is_command(text) } else { is_reply(text) };
            // Dialogs of other protocols are printed so, too.
            match (is_whose, is_only_smtp(text)) {
                (true, true) => Likeness::Sure,
                (true, false) => Likeness::Marked,
                (false, _) => Likeness::Weak,
            }
        }
        None if line.starts_with(b"Connected to smtp") => Likeness::Weak,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    #[test]
    fn what_authors_say_is_no_line_of_the_dialog() {
        let text = "S: <wait for connection on TCP port 25>\nC: <open connection to server>\n\
                    S: 220 mx\nC: EHLO a\nS: 250 mx\nC: STARTTLS\nS: 220 go\n\
                    C: <starts TLS negotiation>\nC: & S: <negotiate a TLS session>\nC: DATA\n\
                    S: 354 go\nC: <x y>\nC: (message body)\nC: .\nS: 250 ok\n\
                    S: <wait for open connection>\nS: 220 mx2\n";
        let said = [
            "S 220 mx",
            "C EHLO a",
            "S 250 mx",
            "C STARTTLS",
            "S 220 go",
            "C DATA",
            "S 354 go",
            "C <x y>",
            "elided",
            "C .",
            "S 250 ok",
            "end",
            "S 220 mx2",
        ];
        assert_eq!(dialog(&LETTERS, text), said);
    }

    #[test]
    fn lines_go_on_behind_a_backslash() {
        let text = "S: 220 mx\nC: MAIL FROM:<a@b> \\\n     SIZE=3 \\\nC: BODY=7BIT\nS: 250 ok\n\
                    C: RCPT TO:<c@d> \\\n";
        let said =
            ["S 220 mx", "C MAIL FROM:<a@b> SIZE=3 BODY=7BIT", "S 250 ok", "C RCPT TO:<c@d>"];
        assert_eq!(dialog(&LETTERS, text), said);
    }

    #[test]
    fn in_small_letters_one_line_may_stand_for_a_reply() {
        let text = "s: 220-mx\nc: EHLO a\ns: 250-mx\ns: 250 SIZE\nc: DATA\ns: 354-go\n";
        let said = ["S 220 mx", "C EHLO a", "S 250-mx", "S 250 SIZE", "C DATA", "S 354-go"];
        assert_eq!(dialog(&LETTERS, text), said);
        assert_eq!(dialog(&LETTERS, "S: 220-mx\nC: EHLO a\n"), ["S 220-mx", "C EHLO a"]);
    }
}
