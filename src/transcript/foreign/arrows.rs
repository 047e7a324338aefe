//! Arrows in front of lines: `-->` and `<--`, `>>>` and `<<<`, and their like.
//!
//! ```text
//! <-- 220 mx.example.net ESMTP
//! --> EHLO client.example.org
//! <-- 250-mx.example.net
//! <-- 250 SIZE 10485760
//! ```
//!
//! msmtp, CheckTLS (`~~>` in TLS), abuse.net, MailerQ, espoofer (which points them the other way),
//! and the bounces of sendmail write both; `sendmail -v` and mailx only the client's:
//!
//! ```text
//! bob@example.net... Connecting to mx.example.net via esmtp...
//! 220 mx.example.net ESMTP
//! >>> EHLO client.example.org
//! 250-mx.example.net
//! 250 SIZE 10485760
//! ```
//!
//! Where a line ends in a backslash, as in the manual of MailerQ, it goes on in the next one.
//!
//! In front of an arrow may be a time, words in brackets and a level. The other lines of a reply
//! or of content may have none. Content is often left out, but for its dot. A reply without an
//! arrow, where others have one, was made by the tool itself, as in bounces.
//!
//! Two relatives leave out more: `--->` and `<---` are sketched by hand, with `(message body)` for
//! content, words behind a line, and only the first line of a reply; crystal-email puts the lines of a reply together.

use super::payload::{
    Lengthy, goes_on, is_command, is_only_smtp, is_placeholder, is_reply, is_smtp,
};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time, Who};
use crate::chunk::{Shows, Side};
use crate::smtp::command::{Command, Verb};

pub(super) static ARROWS: Foreign = Foreign {
    name: "arrows",
    title: "`-->` and `>>>` lines: msmtp, sendmail -v and its bounces, mailx -v, CheckTLS, espoofer",
    shows: Shows::ALL,
    content: Content::Dot,
    out: Side::Client,
    likeness: |line| likeness(line, Kind::Arrows),
    reader: || Box::new(Arrows::new(Kind::Arrows)),
};

pub(super) static CRYSTAL: Foreign = Foreign {
    name: "crystal-email",
    title: "crystal-email",
    shows: Shows::ALL.without(Shows::CONTENT).without(Shows::REPLIES).without(Shows::OFFERS),
    content: Content::Hidden,
    out: Side::Client,
    likeness: |line| likeness(line, Kind::Crystal),
    reader: || Box::new(Arrows::new(Kind::Crystal)),
};

pub(super) static SKETCH: Foreign = Foreign {
    name: "sketch",
    title: "dialogs sketched with `--->` and `<---`, as Suricata's tests have them",
    shows: Shows::ALL
        .without(Shows::CONTENT)
        .without(Shows::REPLIES)
        .without(Shows::OFFERS)
        .without(Shows::COMMANDS),
    content: Content::Dot,
    out: Side::Client,
    likeness: |line| likeness(line, Kind::Sketch),
    reader: || Box::new(Arrows::new(Kind::Sketch)),
};

/// Which of the relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Arrows,
    Crystal,
    Sketch,
}

/// A line with an arrow.
struct Marked<'a> {
    kind: Kind,
    time: Option<Time>,
    arrow: &'a [u8],
    /// It points to the right.
    is_out: bool,
    text: &'a [u8],
}

/// Words in front of an arrow, at most.
const WORDS: usize = 5;

/// Different arrows that are remembered: no tool has more.
const ARROWS_KEPT: usize = 8;

/// Bytes between brackets in front of an arrow.
const BRACKETED: usize = 64;

impl<'a> Marked<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let mut rest = line.trim_ascii_start();
        let (mut time, mut is_crystal) = (None, false);
        for _ in 0..WORDS {
            if let Some((arrow, after)) = arrow(rest) {
                let kind = match arrow {
                    b"--->" | b"<---" => Kind::Sketch,
                    _ if is_crystal && time.is_some() => Kind::Crystal,
                    _ => Kind::Arrows,
                };
                let is_out = arrow.ends_with(b">");
                return Some(Self { kind, time, arrow, is_out, text: text(after) });
            }
            if time.is_none()
                && let Some((found, after)) = Time::any(rest)
            {
                (time, rest) = (Some(found), after.strip_prefix(b":").unwrap_or(after));
            } else {
                let (word, after) = word(rest)?;
                // `[name/pid]`
                is_crystal |= word.starts_with(b"[") && word.contains(&b'/');
                rest = after;
            }
            rest = rest.trim_ascii_start();
        }
        None
    }
}

/// The arrow at the start of `text`, and what follows it.
fn arrow(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text.iter().take(5).take_while(|byte| b"<>-=~".contains(byte)).count();
    let (arrow, rest) = text.split_at_checked(length)?;
    let is_shaft =
        |shaft: &[u8]| (1..=3).contains(&shaft.len()) && !shaft.iter().any(|it| b"<>".contains(it));
    let is_arrow = match arrow {
        b">>>" | b"<<<" | b">>>>" | b"<<<<" => true,
        [shaft @ .., b'>'] | [b'<', shaft @ ..] => is_shaft(shaft),
        _ => false,
    };
    // A line of content may be a dot or nothing; code goes on with other signs.
    let follows = rest.first().is_none_or(|next| {
        next.is_ascii_alphanumeric() || next.is_ascii_whitespace() || b".(".contains(next)
    });
    (is_arrow && follows).then_some((arrow, rest))
}

/// What an arrow's line says, behind the arrow.
fn text(after: &[u8]) -> &[u8] {
    let text = after.strip_prefix(b" ").unwrap_or(after);
    let bare = text.trim_ascii_start();
    // Columns of CheckTLS.
    if is_smtp(bare) { bare } else { text.strip_prefix(b"\t").unwrap_or(text) }
}

/// A word that may be in front of an arrow, and what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const LEVELS: [&[u8]; 6] = [b"DEBUG", b"INFO", b"TRACE", b"VERBOSE", b"SMTP", b"LOG"];
    let close = match text.first()? {
        b'[' => b']',
        b'(' => b')',
        b'-' | b'|' | b':' if text.get(1) == Some(&b' ') => return text.split_at_checked(1),
        _ => {
            let length = text.iter().take(8).take_while(|byte| byte.is_ascii_alphabetic()).count();
            let (word, rest) = text.split_at_checked(length)?;
            let is_level = LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
            return is_level.then_some((word, rest.strip_prefix(b":").unwrap_or(rest)));
        }
    };
    let end = text.iter().take(BRACKETED).position(|byte| *byte == close)?;
    text.split_at_checked(end + 1)
}

/// The reader of all three.
struct Arrows {
    kind: Kind,
    /// Whether the arrow of replies points to the right, once that is known.
    server: Option<bool>,
    /// The arrows so far.
    known: Vec<Vec<u8>>,
    /// Replies have arrows: one without is not the server's.
    has_replies: bool,
    /// The code of a reply that goes on, and whose it is.
    open: Option<(Who, [u8; 3])>,
    /// The server has allowed content.
    is_content: bool,
    /// Its first line was said, by whom the next ones may be, without an arrow.
    block: Option<Who>,
    /// A line of a sketched reply that goes on, if another one follows: who, the line's number, it.
    held: Option<(Who, u64, Vec<u8>)>,
    /// The last command was BDAT.
    is_chunk: bool,
    /// A connection was begun, and nothing said since.
    is_fresh: bool,
    /// A line that goes on, and where its arrow points.
    lengthy: Option<(bool, Lengthy)>,
}

impl Arrows {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            server: None,
            known: Vec::new(),
            has_replies: false,
            open: None,
            is_content: false,
            block: None,
            held: None,
            is_chunk: false,
            is_fresh: false,
            lengthy: None,
        }
    }

    /// A line with an arrow.
    fn marked(&mut self, is_out: bool, text: &[u8], out: &mut Out<'_>) {
        let who = if is_out { Who::Out } else { Who::In };
        if self.server.is_none() {
            if is_reply(text) {
                self.server = Some(is_out);
            } else if is_command(text) {
                self.server = Some(!is_out);
            }
        }
        self.is_fresh = false;
        self.block = None;
        self.release(self.server == Some(is_out), out);
        if self.server == Some(is_out) {
            self.has_replies = true;
            let text = if self.kind == Kind::Sketch { without_comment(text) } else { text };
            return self.reply(who, text, out);
        }
        self.open = None;
        if self.is_content {
            if text == b"." {
                self.is_content = false;
            } else if is_placeholder(text) {
                return out.elided(b"", None);
            } else {
                self.block = Some(who);
            }
            return out.say(b"", who, text);
        }
        if self.is_chunk && is_placeholder(text) {
            // That a chunk is left out is known from its command.
            return out.aside();
        }
        let text = if self.kind == Kind::Sketch { without_comment(text) } else { text };
        self.is_chunk = Command::parse(text).verb == Verb::Bdat;
        out.say(b"", who, text);
    }

    /// A line of a reply.
    fn reply(&mut self, who: Who, text: &[u8], out: &mut Out<'_>) {
        self.open = text.first_chunk::<3>().filter(|_| goes_on(text)).map(|code| (who, *code));
        self.is_content = text.starts_with(b"354");
        if self.kind == Kind::Sketch && goes_on(text) {
            self.held = Some((who, out.number(), text.to_vec()));
            return out.aside();
        }
        out.say(b"", who, text);
    }

    /// Says the line that waits: if nothing of the server follows, it is its reply's last.
    fn release(&mut self, goes_on: bool, out: &mut Out<'_>) {
        let Some((who, number, mut text)) = self.held.take() else { return };
        if let Some(separator) = text.get_mut(3).filter(|_| !goes_on) {
            *separator = b' ';
        }
        let now = out.number();
        out.of_line(number);
        out.say(b"", who, &text);
        out.of_line(now);
    }

    /// Takes the line after one that goes on; whether it belongs to that.
    fn continued(&mut self, mark: Option<(bool, &[u8])>, line: &[u8], out: &mut Out<'_>) -> bool {
        let Some((is_out, mut lengthy)) = self.lengthy.take() else { return false };
        let next = match mark {
            Some((points, text)) if points == is_out => Some(text),
            None if !line.trim_ascii().is_empty() => Some(line),
            _ => None,
        };
        if next.is_some_and(|next| lengthy.add(next)) {
            self.lengthy = Some((is_out, lengthy));
            out.aside();
            return true;
        }
        let now = out.number();
        out.of_line(lengthy.number);
        self.marked(is_out, &lengthy.text, out);
        out.of_line(now);
        next.is_some()
    }

    /// A line without an arrow.
    fn bare(&mut self, line: &[u8], out: &mut Out<'_>) {
        if let Some(who) = self.block.filter(|_| self.is_content) {
            if line == b"." {
                (self.is_content, self.block) = (false, None);
            }
            return out.say(b"", who, line);
        }
        if line.is_empty() {
            return;
        }
        if let Some((who, code)) = self.open.take()
            && is_reply(line)
            && line.starts_with(&code)
        {
            return self.reply(who, line, out);
        }
        // Before the first command, a number in front of a line is a greeting or nothing.
        let is_awaited = self.server.is_some() || line.starts_with(b"220");
        if !self.has_replies && self.kind == Kind::Arrows && is_awaited && is_reply(line) {
            self.is_fresh = false;
            return self.reply(Who::Server, line, out);
        }
        if connects(line) {
            self.release(false, out);
            if !self.is_fresh {
                out.begin(b"", None);
            }
            (self.is_fresh, self.is_content, self.is_chunk) = (true, false, false);
            out.aside();
        } else if is_aside(line) {
            out.aside();
        }
    }
}

impl ReadLines for Arrows {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let marked = Marked::read(line).filter(|marked| marked.kind == self.kind);
        let mark = marked.as_ref().map(|marked| (marked.is_out, marked.text));
        if self.lengthy.is_some() && self.continued(mark, line, out) {
            return;
        }
        let Some(Marked { time, arrow, is_out, text, .. }) = marked else {
            return self.bare(line, out);
        };
        let is_known = self.known.iter().any(|one| one == arrow);
        // Content without arrows may well have some of its own.
        if self.is_content && self.block.is_some() && !is_known {
            return self.bare(line, out);
        }
        if !is_known && self.known.len() < ARROWS_KEPT {
            self.known.push(arrow.to_vec());
        }
        out.at(time);
        if !self.is_content
            && let Some(lengthy) = Lengthy::new(text, out.number())
        {
            self.lengthy = Some((is_out, lengthy));
            return out.aside();
        }
        self.marked(is_out, text, out);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.continued(None, b"", out);
        self.release(false, out);
    }
}

/// A line of a sketch without what is said about it: `(multiline)`, or words far behind it.
fn without_comment(text: &[u8]) -> &[u8] {
    let far = memchr::memmem::find(text, b"   ").and_then(|at| text.get(..at)).unwrap_or(text);
    let near = far.strip_suffix(b"(multiline)").unwrap_or(far);
    near.trim_ascii_end()
}

/// Whether a line says that a connection is made, in the words of sendmail, mailx, abuse.net.
fn connects(line: &[u8]) -> bool {
    const STARTS: [&[u8]; 5] = [
        b"Resolving host ",
        b"Connecting to ",
        b"Connected to ",
        b"Trying ",
        b"... while talking to ",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
        || memchr::memmem::find(line, b"... Connecting to ").is_some()
}

/// The value of a setting, of which msmtp lists some before the dialog: `port            = 25`.
fn setting<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name.as_bytes())?;
    let at = value.iter().position(|&byte| byte != b' ')?;
    // The names take a column of sixteen.
    (name.len() + at == 16).then_some(())?;
    value.get(at..)?.strip_prefix(b"= ")
}

/// Whether a line is a setting of msmtp.
fn is_setting(line: &[u8]) -> bool {
    const NAMES: [&str; 29] = [
        "host",
        "port",
        "source_ip",
        "proxy host",
        "proxy port",
        "socket",
        "timeout",
        "protocol",
        "domain",
        "auth",
        "user",
        "password",
        "passwordeval",
        "ntlmdomain",
        "tls",
        "tls_starttls",
        "tls_trust_file",
        "tls_crl_file",
        "tls_fingerprint",
        "tls_key_file",
        "tls_cert_file",
        "tls_certcheck",
        "tls_min_dh_prime_bits",
        "tls_priorities",
        "tls_force_sslv3",
        "tls_host_override",
        "auto_from",
        "maildomain",
        "from",
    ];
    NAMES.iter().any(|name| setting(line, name).is_some())
}

/// Whether a line is a setting that no other program has so.
fn is_own_setting(line: &[u8]) -> bool {
    matches!(setting(line, "protocol"), Some(b"smtp" | b"lmtp"))
}

fn is_aside(line: &[u8]) -> bool {
    const HOLDS: [&[u8]; 3] = [b"... Using cached ", b"... Sent (", b"... Deferred"];
    line.starts_with(b"Closing connection to ")
        || line.starts_with(b"msmtp: ")
        || line.starts_with(b"====tls negotiation")
        || is_setting(line)
        || HOLDS.iter().any(|words| memchr::memmem::find(line, words).is_some())
}

fn likeness(line: &[u8], wanted: Kind) -> Likeness {
    if wanted == Kind::Arrows && is_own_setting(line) {
        return Likeness::Sure;
    }
    let Some(Marked { kind, text, .. }) = Marked::read(line) else { return Likeness::No };
    // The hints of swaks are columns.
    let is_hint = [" -> ", " ~> ", "<-  ", "<~  "].iter().any(|it| line.starts_with(it.as_bytes()));
    if kind != wanted {
        Likeness::No
    } else if is_hint {
        Likeness::Weak
    } else if is_only_smtp(text) {
        Likeness::Sure
    } else if is_smtp(text) {
        Likeness::Marked
    } else {
        Likeness::Weak
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::dialog;
    use super::*;

    fn read(line: &str) -> Option<(bool, String)> {
        let Marked { is_out, text, .. } = Marked::read(line.as_bytes())?;
        Some((is_out, String::from_utf8_lossy(text).into_owned()))
    }

    #[test]
    fn settings_of_msmtp_are_its_own() {
        let sure = |line: &str| likeness(line.as_bytes(), Kind::Arrows) == Likeness::Sure;
        assert!(sure("protocol        = smtp") && !sure("protocol = smtp"));
        assert!(!sure("port            = 25") && is_aside(b"port            = 25"));
        assert!(is_aside(b"tls_trust_file  = ./xxx.pem") && !is_aside(b"port = 25"));
    }

    #[test]
    fn arrows_are_told_from_other_signs() {
        for (line, is_out, text) in [
            (">>> EHLO a", true, "EHLO a"),
            ("<<<250 ok", false, "250 ok"),
            ("--> ", true, ""),
            ("-->", true, ""),
            ("[000.473]\t<-- \t250-mx", false, "250-mx"),
            ("[000.473]\t ~~> \tQUIT", true, "QUIT"),
            ("2014/07/26 12:58:47 [mailer/12] DEBUG --> QUIT", true, "QUIT"),
            ("12:58:47: <= 220 mx", false, "220 mx"),
            ("---> (message body)", true, "(message body)"),
            (">>>  two", true, " two"),
        ] {
            assert_eq!(read(line), Some((is_out, text.to_owned())), "{line}");
        }
        for line in [
            "<!-- x -->",
            "<-->",
            ">> x",
            "-- x",
            "->[0]",
            "a -> EHLO b",
            "<=>",
            "-----> x",
            "> x",
            "smtp: 0x12: >>> 220 mx",
            "(a) b --> x",
            "",
            "[",
            "<",
            ">",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn what_other_protocols_have_too_is_not_sure() {
        let sure = |line: &str| likeness(line.as_bytes(), Kind::Arrows) == Likeness::Sure;
        for line in
            ["--> EHLO a", "<-- 220 mx ESMTP", "<-- 250-SIZE 1", "<-- 550 5.1.1 No", "<-- 354 go"]
        {
            assert!(sure(line), "{line}");
        }
        for line in [
            "<-- 200 OK https://example.org/ (12ms)",
            "--> QUIT",
            "<-- 220 FTP ready",
            "=> 250",
            "--> USER anonymous",
            "<-- 500 Internal Server Error",
            ">>> help",
            "<-- +OK",
            "-> HELP",
            "<-  220 mx ESMTP",
            " -> EHLO a",
        ] {
            assert!(!sure(line), "{line}");
        }
    }

    #[test]
    fn arrows_may_point_either_way_and_lines_have_none() {
        let text = ">>> 220 mx\n\n<<< ehlo a\n>>> 250-mx\n250-SIZE\n250 DSN\n<<< data\n>>> 354 go\n\
                    <<< From: a\n\n250 no reply\n-> no arrow\n.\n>>> 250 ok\n550 prose\n";
        let said = [
            "S 220 mx",
            "C ehlo a",
            "S 250-mx",
            "S 250-SIZE",
            "S 250 DSN",
            "C data",
            "S 354 go",
            "C From: a",
            "C ",
            "C 250 no reply",
            "C -> no arrow",
            "C .",
        ];
        let found = dialog(&ARROWS, text);
        assert_eq!(found.len(), said.len() + 1);
        assert_eq!(found[..said.len()], said);
        assert_eq!(found.last().unwrap(), "S 250 ok");
    }

    #[test]
    fn what_the_tool_says_in_a_bounce_is_no_reply() {
        let text = "   ----- Transcript of session follows -----\n... while talking to mx.:\n\
                    >>> RCPT To:<b@example.net>\n<<< 550 5.1.1 No\n550 5.1.1 <b>... User unknown\n";
        assert_eq!(dialog(&ARROWS, text), ["C RCPT To:<b@example.net>", "S 550 5.1.1 No"]);
    }

    #[test]
    fn a_sketch_leaves_lines_of_replies_out() {
        let text = "<--- 250-mx (multiline)\n\n---> BDAT 5 LAST\n---> (5 octets)\n<--- 250 ok\n\
                    ---> data\n<--- 354 go\n---> (message body)\n---> .\n<--- 250-more";
        assert_eq!(
            dialog(&SKETCH, text),
            [
                "S 250 mx",
                "C BDAT 5 LAST",
                "elided",
                "S 250 ok",
                "C data",
                "S 354 go",
                "elided",
                "C .",
                "S 250 more",
            ]
        );
    }
}
