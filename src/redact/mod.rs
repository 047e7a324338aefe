//! Lines of a dialog → the same lines without what names people and hosts, so that they can be
//! shown in public.
//!
//! In: a line, and who said it. Out: a line in which letters stand for letters and digits for
//! digits, as many as before, and addresses for addresses, so that it breaks the same rules. The same word becomes the same word
//! wherever it stands in a run, and two words never become one; words with the same beginning keep
//! that in common, as do addresses of one network. Nobody can go back without the key, which is
//! new in each run.
//!
//! **What is not known to be harmless is masked**: of replies only the words of `words.rs` stay.

mod words;

use crate::smtp::command::{Command, Verb};
use crate::smtp::extension;
use crate::smtp::reply::ReplyLine;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

/// Masks what names people and hosts.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    key: RandomState,
}

impl Redactor {
    /// One with a key of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A command line of the client, without its line end.
    #[must_use]
    pub fn command(&self, line: &[u8]) -> Vec<u8> {
        let command = Command::parse(line);
        let (head, argument) = line.split_at_checked(command.argument_at).unwrap_or((line, &[]));
        let rest = match command.verb {
            Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml => {
                self.envelope(argument)
            }
            // The mechanism; secrets are masked elsewhere.
            Verb::Auth => argument.to_vec(),
            Verb::Helo | Verb::Ehlo | Verb::Lhlo => self.name(argument),
            Verb::Vrfy | Verb::Expn => each(argument, |word| {
                let is_kept = word.eq_ignore_ascii_case(b"SMTPUTF8");
                if is_kept { word.to_vec() } else { self.token(word, true) }
            }),
            Verb::Xclient | Verb::Xforward => each(argument, |word| self.attribute(word)),
            // A mistyped verb is of interest, and hardly names anybody.
            Verb::Other if !is_verb_like(command.word) => return self.text(line),
            _ => self.text(argument),
        };
        [head, &rest].concat()
    }

    /// A line of a reply, without its line end; `offers` if it answers EHLO, and is not the first.
    #[must_use]
    pub fn reply(&self, line: &[u8], offers: bool) -> Vec<u8> {
        let text = ReplyLine::parse(line).text;
        let head = line.get(..line.len() - text.len()).unwrap_or_default();
        // Keywords and parameters are of a few words, which no list has all of: only what names a
        // host is masked.
        let offers = offers && is_offer(text);
        let rest = each(text, |word| {
            let is_word =
                word.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-_=/".contains(&byte));
            let is_harmless = is_word || is_date_time(word);
            if offers && is_harmless { word.to_vec() } else { self.token(word, false) }
        });
        [head, &rest].concat()
    }

    /// Names of hosts and persons.
    #[must_use]
    pub fn name(&self, name: &[u8]) -> Vec<u8> {
        each(name, |word| self.token(word, true))
    }

    /// Text in which names may stand.
    fn text(&self, text: &[u8]) -> Vec<u8> {
        each(text, |word| self.token(word, false))
    }

    /// An address: those of one network stay in one network, and the loopback is the loopback.
    #[must_use]
    pub fn addr(&self, addr: IpAddr) -> IpAddr {
        if addr.is_loopback() || addr.is_unspecified() {
            return addr;
        }
        match addr {
            IpAddr::V4(addr) => {
                // Which addresses are special, their beginning says.
                let kept = match addr.octets() {
                    [172, ..] if addr.is_private() => 12,
                    [192 | 169, ..] if addr.is_private() || addr.is_link_local() => 16,
                    _ => 8,
                };
                let bits = self.bits(u128::from(addr.to_bits()) << 96, kept..32) >> 96;
                Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or_default()).into()
            }
            IpAddr::V6(addr) => Ipv6Addr::from_bits(self.bits(addr.to_bits(), 16..128)).into(),
        }
    }

    /// An address and port; the port stays.
    #[must_use]
    pub fn socket(&self, socket: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.addr(socket.ip()), socket.port())
    }

    /// `bits` with those at `places`, the first is 0, turned over or not as those before each say:
    /// what is one network stays one.
    fn bits(&self, bits: u128, places: Range<u32>) -> u128 {
        let mut out = if places.start == 0 {
            0
        } else {
            bits >> (128 - places.start) << (128 - places.start)
        };
        for place in places {
            let at = 127 - place;
            let before = if place == 0 { 0 } else { bits >> (at + 1) };
            let mut hasher = self.key.build_hasher();
            hasher.write_u32(place);
            hasher.write_u128(before);
            let turn = u128::from(hasher.finish() & 1);
            out |= ((bits >> at & 1) ^ turn) << at;
        }
        out
    }

    /// Path and parameters of MAIL or RCPT.
    fn envelope(&self, argument: &[u8]) -> Vec<u8> {
        let label = argument.iter().position(|&byte| byte == b':').map_or(0, |at| at + 1);
        let end = label + path_end(argument.get(label..).unwrap_or_default());
        let (label, rest) = argument.split_at_checked(label).unwrap_or((argument, &[]));
        let (path, params) = rest.split_at_checked(end - label.len()).unwrap_or((rest, &[]));
        let params = each(params, |word| {
            let keyword = word.split(|&byte| byte == b'=').next().unwrap_or_default();
            let is_kept = KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(keyword));
            if is_kept { word.to_vec() } else { self.attribute(word) }
        });
        // Without a domain all of it names somebody.
        let path = if path.contains(&b'@') { self.name(path) } else { self.content(path) };
        [label, &path, &params].concat()
    }

    /// Text of which nothing is known to be harmless, as that of a message.
    #[must_use]
    pub fn content(&self, text: &[u8]) -> Vec<u8> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let words = text.chunk_by(|a, b| is_part(a) == is_part(b));
        let masked = words.map(|word| {
            let mut word = word.to_vec();
            if !is_special(&word) {
                self.word(&mut word);
            }
            word
        });
        masked.collect::<Vec<_>>().concat()
    }

    /// The value of `NAME=value`; a word without a name is all value.
    fn attribute(&self, word: &[u8]) -> Vec<u8> {
        let value = word.iter().position(|&byte| byte == b'=').map_or(0, |at| at + 1);
        let (name, value) = word.split_at_checked(value).unwrap_or((&[], word));
        let is_kept = [&b"PROTO="[..], b"PORT=", b"DESTPORT=", b"SOURCE="]
            .iter()
            .any(|kept| name.eq_ignore_ascii_case(kept));
        let is_nothing = [&b"[UNAVAILABLE]"[..], b"[TEMPUNAVAIL]"].contains(&value);
        if is_kept || is_nothing {
            return word.to_vec();
        }
        let mut masked = self.token(value, true);
        // What is written as xtext (RFC 3461 §4) stays so.
        for at in memchr::memchr_iter(b'+', value) {
            let pair = at + 1..at + 3;
            let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
            if let Some(pair_was) = value.get(pair.clone())
                && pair_was.iter().all(is_hex)
                && let Some(now) = masked.get_mut(pair)
            {
                let is_sign = matches!(pair_was.first(), Some(b'2')) || pair_was == b"3D";
                now.copy_from_slice(if is_sign { pair_was } else { b"58" });
            }
        }
        [name, &masked].concat()
    }

    /// Masks a word: the addresses in it, else each run of letters and digits that is not
    /// harmless; of a `name` nothing is.
    fn token(&self, token: &[u8], name: bool) -> Vec<u8> {
        if let Some((inside, addr)) = address(token) {
            let before = token.get(..inside.start).unwrap_or_default();
            let after = token.get(inside.end..).unwrap_or_default();
            return [before, self.addr(addr).to_string().as_bytes(), after].concat();
        }
        let mut out = Vec::with_capacity(token.len());
        let mut rest = token;
        for piece in token.chunk_by(|&a, &b| is_inside(a) == is_inside(b)) {
            rest = rest.get(piece.len()..).unwrap_or_default();
            let is_mail = token.contains(&b'@');
            // In front of @ there is no last label.
            let is_host = !rest.contains(&b'@');
            // An address with a port, or one of IPv6 beside it.
            let parts = if address(piece).is_some() { 1 } else { usize::MAX };
            for (number, part) in piece.splitn(parts, |&byte| byte == b':').enumerate() {
                if number > 0 {
                    out.push(b':');
                }
                match address(part) {
                    Some((inside, addr)) => {
                        out.extend_from_slice(part.get(..inside.start).unwrap_or_default());
                        out.extend_from_slice(self.addr(addr).to_string().as_bytes());
                        out.extend_from_slice(part.get(inside.end..).unwrap_or_default());
                    }
                    None => out.extend(self.piece(part, name || is_mail, is_host)),
                }
            }
        }
        out
    }

    /// A part of a word without marks; `name` if it is of a name, `host` if it may end in the last
    /// label of one.
    fn piece(&self, piece: &[u8], name: bool, host: bool) -> Vec<u8> {
        // Numbers with zeros in front are no address to a reader, and yet one.
        let is_quad = piece.split(|&byte| byte == b'.').filter(|part| !part.is_empty()).count()
            == 4
            && piece.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let is_name = name || is_quad || is_domain(piece);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let mut out = piece.to_vec();
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            let start = at + rest.iter().position(is_part).unwrap_or(rest.len());
            let rest = piece.get(start..).unwrap_or_default();
            let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
            let word = rest.get(..len).unwrap_or_default();
            at = start + len;
            // The last label of a domain says little; it tells a domain from a name.
            let is_dotted = start.checked_sub(1).and_then(|dot| piece.get(dot)) == Some(&b'.');
            let is_letters = word.iter().all(u8::is_ascii_alphabetic);
            let is_short = word.len() <= 4 && is_letters || is_local(word);
            let is_top = host && is_name && is_dotted && is_short && is_last(piece, at);
            let is_plain = !is_name && words::is_harmless(word);
            if !(is_top || is_plain || is_special(word))
                && let Some(place) = out.get_mut(start..at)
            {
                self.word(place);
            }
        }
        out
    }

    /// Turns each letter into another as those before it say; but where somebody has written X
    /// over all of it already.
    fn word(&self, word: &mut [u8]) {
        if word.len() > 1 && word.iter().all(|octet| matches!(octet, b'X' | b'x')) {
            return;
        }
        let mut seen = Vec::with_capacity(word.len());
        for byte in word {
            let plain = byte.to_ascii_lowercase();
            let by = self.hash(&seen);
            let turn = |base: u8, of: u64| {
                let place = (u64::from(plain - base) + by) % of;
                base + u8::try_from(place).unwrap_or_default()
            };
            *byte = match plain {
                b'a'..=b'z' if byte.is_ascii_uppercase() => turn(b'a', 26).to_ascii_uppercase(),
                b'a'..=b'z' => turn(b'a', 26),
                b'0'..=b'9' => turn(b'0', 10),
                // What continues a letter beyond ASCII may be any of these.
                0x80..=0xbf => turn(0x80, 64),
                other => other,
            };
            seen.push(plain);
        }
    }

    fn hash(&self, seen: &[u8]) -> u64 {
        let mut hasher = self.key.build_hasher();
        hasher.write(seen);
        hasher.finish()
    }
}

/// The longest that a verb, or a mistyped one, is.
const LONGEST_VERB: usize = 12;

/// Parameters of MAIL and RCPT whose values name nobody.
const KEPT: &[&[u8]] = &[
    b"SIZE",
    b"BODY",
    b"RET",
    b"NOTIFY",
    b"SMTPUTF8",
    b"REQUIRETLS",
    b"BY",
    b"HOLDFOR",
    b"HOLDUNTIL",
    b"MT-PRIORITY",
    b"RRVS",
    b"CONPERM",
    b"XVERP",
];

/// `text` with each of its words, which stand between blanks, made another.
fn each(text: &[u8], make: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for part in text.chunk_by(|a, b| a.is_ascii_whitespace() == b.is_ascii_whitespace()) {
        let is_blank = part.first().is_some_and(u8::is_ascii_whitespace);
        if is_blank { out.extend_from_slice(part) } else { out.extend(make(part)) }
    }
    out
}

/// Whether a byte may stand in a name of a host or in an address; others part them.
fn is_inside(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b".-_+@:".contains(&byte)
}

/// Last labels of names that mean something in one network only.
fn is_local(label: &[u8]) -> bool {
    let all: [&[u8]; 6] = [b"local", b"internal", b"intranet", b"private", b"workgroup", b"domain"];
    all.iter().any(|one| one.eq_ignore_ascii_case(label))
}

/// Whether a word is a date and time (RFC 3339), as FUTURERELEASE has it.
fn is_date_time(word: &[u8]) -> bool {
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let is_mark = |byte: &u8| byte.is_ascii_digit() || b"-T:Z+.".contains(byte);
    marks.into_iter().all(|(at, mark)| word.get(at) == Some(&mark)) && word.iter().all(is_mark)
}

/// Whether a line of an EHLO reply offers an extension, and is not text.
fn is_offer(text: &[u8]) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'=';
    let word = text.split(is_end).next().unwrap_or_default();
    !word.iter().any(u8::is_ascii_lowercase) || extension::position(word).is_some()
}

/// Whether a word that is no verb looks like one: few letters, and nothing else.
fn is_verb_like(word: &[u8]) -> bool {
    let is_short = word.len() <= LONGEST_VERB && word.iter().all(u8::is_ascii_alphabetic);
    is_short && (words::is_harmless(word) || word.iter().all(u8::is_ascii_uppercase))
}

/// Where the path at the start of `text` ends: behind its bracket, or at a blank.
fn path_end(text: &[u8]) -> usize {
    let mut is_quoted = false;
    let mut is_open = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'<' if !is_quoted => is_open = true,
            b'>' if !is_quoted => return at + 1,
            b' ' if !is_quoted && !is_open && at > 0 && !text.get(..at).is_some_and(is_blank) => {
                return at;
            }
            _ => {}
        }
    }
    text.len()
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// Whether nothing but marks stands behind `at`.
fn is_last(token: &[u8], at: usize) -> bool {
    let rest = token.get(at..).unwrap_or_default();
    !rest.iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80)
}

/// Whether a token is a name with dots: `mx.example.net`.
fn is_domain(token: &[u8]) -> bool {
    let is_mark = |byte: &u8| b"<>()[]\"',;:".contains(byte);
    let start = token.iter().position(|byte| !is_mark(byte)).unwrap_or_default();
    let end = token.iter().rposition(|byte| !is_mark(byte)).map_or(0, |last| last + 1);
    let text = token.get(start..end).unwrap_or_default();
    let text = text.strip_suffix(b".").unwrap_or(text);
    let mut labels = text.split(|&byte| byte == b'.');
    let is_label = |label: &[u8]| {
        !label.is_empty()
            && label
                .iter()
                .all(|&b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b >= 0x80)
    };
    let has_letters = text.iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    text.contains(&b'.') && has_letters && labels.all(is_label)
}

/// The address in a token, and where in it: in brackets, behind `IPv6:`.
fn address(token: &[u8]) -> Option<(Range<usize>, IpAddr)> {
    let is_mark = |byte: &u8| b"<>()[]\"',;".contains(byte);
    let start = token.iter().position(|byte| !is_mark(byte))?;
    let end = token.iter().rposition(|byte| !is_mark(byte) && *byte != b'.' && *byte != b':')? + 1;
    let text = token.get(start..end)?;
    let tagged = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case(b"IPv6:"));
    let skip = tagged.map_or(0, <[u8]>::len);
    let addr = str::from_utf8(text.get(skip..)?).ok()?.parse().ok()?;
    Some((start + skip..end, addr))
}

/// Whether a word is one of the usual ones in replies.
#[must_use]
pub fn is_usual_word(word: &[u8]) -> bool {
    !word.iter().all(u8::is_ascii_digit) && words::is_harmless(word)
}

/// Names that name nobody.
fn is_special(word: &[u8]) -> bool {
    let special: [&[u8]; 8] = [
        b"localhost",
        b"localdomain",
        b"postmaster",
        b"example",
        b"invalid",
        b"ipv6",
        b"rfc822",
        b"utf",
    ];
    special.iter().any(|one| one.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
