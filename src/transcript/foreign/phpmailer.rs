//! What `PHPMailer` prints for `SMTPDebug`.
//!
//! ```text
//! 2026-11-21 10:00:00<TAB>SERVER -> CLIENT: 250-mx.example.net
//!                    <TAB>                  250 SIZE 10485760
//! 2026-11-21 10:00:00<TAB>CLIENT -> SERVER: MAIL FROM:<alice@example.org>
//! ```
//!
//! The times are UTC; former versions have none, and say `CLIENT -> SMTP:`. Blanks at line ends are
//! cut off. Level 1 has the client's lines only, 3 says when it connects, 4 also what it reads line
//! by line: `SMTP -> get_lines()`, `SMTP INBOUND:`. Below 4 secrets are `[credentials hidden]`.
//!
//! For a browser it writes HTML: `SERVER -&gt; CLIENT: 250-mx.example.net250-PIPELINING250 SIZE<br>`,
//! with the lines of a reply put together, perhaps without a line end behind `<br>`; what was copied
//! from the browser has only the former.

use super::payload::{goes_on, is_command, is_reply};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{End, Shows, Side};
use std::borrow::Cow;

pub(super) static PHPMAILER: Foreign = Foreign {
    name: "phpmailer",
    title: "PHPMailer, SMTPDebug",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    likeness,
    reader: || Box::<Phpmailer>::default(),
};

#[derive(Default)]
struct Phpmailer {
    /// The code of the reply that goes on.
    goes_on: Option<[u8; 3]>,
    /// How lines end, once one with a mark has told.
    html: Option<Html>,
}

/// Whether it is HTML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Html {
    No,
    /// Lines end with `<br>`.
    Breaks,
    /// The same, and `<` is `&lt;`.
    Escaped,
}

impl ReadLines for Phpmailer {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        if self.html.is_none() {
            self.html = html(line);
        }
        match self.html {
            None | Some(Html::No) => self.text(line, out),
            Some(html) => {
                for piece in pieces(line, html) {
                    self.text(&piece, out);
                }
            }
        }
    }
}

impl Phpmailer {
    /// Takes a line that is no HTML.
    fn text(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (time, text) = timed(line);
        if let Some(code) = self.goes_on.take()
            && time.is_none()
        {
            let text = text.trim_ascii_start();
            if is_reply(text) && text.starts_with(&code) {
                return self.say(text, out);
            }
        }
        out.at(time);
        match marked(text) {
            Some((Who::Client, b"[credentials hidden]")) => {
                out.say_masked(b"", Who::Client, b"****");
            }
            // The connection is lost.
            Some((Who::Server, b"")) => out.aside(),
            Some((Who::Server, text)) => self.say(text, out),
            Some((who, text)) => out.say(b"", who, text),
            None => note(text, out),
        }
    }

    /// The server says `text`, perhaps a reply's lines put together.
    fn say(&mut self, text: &[u8], out: &mut Out<'_>) {
        let mut text = text;
        while let Some((line, rest)) = first_of(text) {
            out.say(b"", Who::Server, line);
            text = rest;
        }
        out.say(b"", Who::Server, text);
        if let [a, b, c, b'-', ..] = *text {
            self.goes_on = Some([a, b, c]);
        }
    }
}

/// The first of a reply's lines that stand without anything between, and the others: where the
/// code comes again with a hyphen, or with a blank as in the last one.
fn first_of(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let code = text.get(..3).filter(|_| goes_on(text))?;
    let next = |separator: u8| {
        let mark = [code, &[separator]].concat();
        let mut found = memchr::memmem::find_iter(text.get(4..)?, &mark).map(|at| at + 4);
        // Behind a blank it is a word of the text.
        found.find(|&at| text.get(at - 1).is_some_and(|before| *before != b' '))
    };
    text.split_at_checked(next(b'-').or_else(|| next(b' '))?)
}

/// How lines end, if this one has a mark.
fn html(line: &[u8]) -> Option<Html> {
    if memchr::memmem::find(line, b" -&gt; ").is_some() {
        return Some(Html::Escaped);
    }
    let is_marked = |text: &[u8]| marked(timed(text.trim_ascii_start()).1).is_some();
    let Some((at, length)) = breaks(line).next() else {
        return is_marked(line).then_some(Html::No);
    };
    let (first, rest) = line.split_at_checked(at)?;
    let rest = rest.get(length..).unwrap_or_default();
    if is_marked(rest) || is_marked(first) && rest.trim_ascii().is_empty() {
        Some(Html::Breaks)
    } else {
        is_marked(first).then_some(Html::No)
    }
}

/// Where `<br>` is in a line, and how long it is.
fn breaks(line: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    memchr::memchr_iter(b'<', line).filter_map(|at| {
        let forms: [&[u8]; 3] = [b"<br>", b"<br />", b"<br/>"];
        let is_it = |form: &&[u8]| {
            line.get(at..at + form.len()).is_some_and(|text| text.eq_ignore_ascii_case(form))
        };
        forms.into_iter().find(is_it).map(|form| (at, form.len()))
    })
}

/// The lines that a line of HTML has, without what is only HTML.
fn pieces(line: &[u8], html: Html) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut start = 0;
    let ends = breaks(line).chain([(line.len(), 0)]);
    let all = ends.filter_map(move |(at, length)| {
        let piece = line.get(start..at)?;
        start = at + length;
        // A line end may follow the last one.
        (length > 0 || !piece.is_empty()).then_some(piece)
    });
    all.map(move |piece| match html {
        Html::Escaped => unescaped(piece),
        _ => Cow::Borrowed(piece),
    })
}

/// `text` with the signs that stand for themselves in a text.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    const SIGNS: [(&[u8], u8); 6] = [
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&#039;", b'\''),
        (b"&nbsp;", b' '),
        (b"&amp;", b'&'),
    ];
    if memchr::memchr(b'&', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let sign = SIGNS.iter().find_map(|(name, sign)| Some((*sign, rest.strip_prefix(*name)?)));
        let (sign, after) = sign.unwrap_or((byte, after));
        out.push(sign);
        rest = after;
    }
    Cow::Owned(out)
}

/// Takes a line that is no part of the dialog.
fn note(text: &[u8], out: &mut Out<'_>) {
    if text.starts_with(b"Connection: opening to ") {
        out.begin(b"", None);
    } else if text.starts_with(b"Connection: closed") {
        out.end(b"", None);
    } else if text.starts_with(b"SMTP NOTICE: EOF caught") {
        out.end(b"", Some(End::ServerClosed));
    } else if is_own(text) {
        out.aside();
    }
}

fn is_own(text: &[u8]) -> bool {
    let own: [&[u8]; 6] = [
        b"Connection: ",
        b"SMTP ERROR: ",
        b"SMTP NOTICE: ",
        b"SMTP INBOUND: ",
        b"SMTP -> get_lines(): ",
        b"Auth method",
    ];
    own.iter().any(|own| text.starts_with(own))
}

/// Who says a line, and what.
fn marked(text: &[u8]) -> Option<(Who, &[u8])> {
    let (who, rest) = if let Some(rest) = text.strip_prefix(b"SERVER -> CLIENT:") {
        (Who::Server, rest)
    } else if let Some(rest) = text.strip_prefix(b"CLIENT -> SERVER:") {
        (Who::Client, rest)
    } else {
        (Who::Client, text.strip_prefix(b"CLIENT -> SMTP:")?)
    };
    match rest {
        [] => Some((who, rest)),
        [b' ', text @ ..] => Some((who, text)),
        _ => None,
    }
}

/// The time in front, and what follows.
fn timed(line: &[u8]) -> (Option<Time>, &[u8]) {
    match Time::iso(line) {
        Some((time, used)) => {
            let rest = line.get(used..).unwrap_or_default();
            (Some(Time { is_zoned: true, ..time }), rest.trim_ascii_start())
        }
        None => (None, line),
    }
}

fn likeness(line: &[u8]) -> Likeness {
    match html(line) {
        Some(html @ (Html::Breaks | Html::Escaped)) => {
            pieces(line, html).map(|piece| plain(&piece)).max().unwrap_or(Likeness::No)
        }
        _ => plain(line),
    }
}

/// The same, of a line that is no HTML.
fn plain(line: &[u8]) -> Likeness {
    let text = timed(line).1;
    match marked(text) {
        Some((Who::Client, text)) if is_command(text) => Likeness::Sure,
        Some((Who::Server, text)) if is_reply(text) => Likeness::Sure,
        Some(_) => Likeness::Marked,
        None if is_own(text) => Likeness::Weak,
        None => Likeness::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    #[test]
    fn html_is_read_in_one_line_and_in_several() {
        let pieces = [
            "2026-11-21 10:00:00 SERVER -&gt; CLIENT: 220 mx",
            "2026-11-21 10:00:00 CLIENT -&gt; SERVER: EHLO a",
            "2026-11-21 10:00:00 SERVER -&gt; CLIENT: 250-mx250-SIZE 250250-DSN250 HELP",
            "CLIENT -&gt; SERVER: MAIL FROM:&lt;a@b&gt;",
            "SERVER -&gt; CLIENT: 250 &quot;it&#039;s&quot; &amp;lt; 250 ok",
            "CLIENT -&gt; SERVER: DATA",
            "SERVER -&gt; CLIENT: 354 go",
            "CLIENT -&gt; SERVER: &lt;p&gt;a&lt;br&gt;b&lt;/p&gt;",
            "CLIENT -&gt; SERVER:",
            "CLIENT -&gt; SERVER: .",
        ];
        let said = [
            "S 220 mx",
            "C EHLO a",
            "S 250-mx",
            "S 250-SIZE 250",
            "S 250-DSN",
            "S 250 HELP",
            "C MAIL FROM:<a@b>",
            "S 250 \"it's\" &lt; 250 ok",
            "C DATA",
            "S 354 go",
            "C <p>a<br>b</p>",
            "C ",
            "C .",
        ];
        let said = said.map(str::trim_end);
        let read = |text: &str| {
            let lines = dialog(&PHPMAILER, text);
            lines.iter().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        };
        for end in ["<br>\n", "<br />", "<BR/>\n"] {
            let text = pieces.map(|piece| piece.to_owned() + end).concat();
            assert_eq!(read(&text), said, "{end}");
            assert_eq!(likeness(text.lines().next().unwrap().as_bytes()), Likeness::Sure);
        }
        let plain = pieces.map(|piece| {
            let piece = String::from_utf8(unescaped(piece.as_bytes()).into_owned()).unwrap();
            format!("{piece}\n")
        });
        assert_eq!(read(&plain.concat()), said);
        let broken = plain.map(|piece| piece.replace('\n', "<br>\n").replace("a<br>b", "a b"));
        assert_eq!(read(&broken.concat())[..10], said[..10]);
    }
}
