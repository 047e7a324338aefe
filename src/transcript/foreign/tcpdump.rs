//! What `tcpdump -A` and `-X` print: a line about a packet, and its bytes.
//!
//! ```text
//! 09:46:40.149199 IP 198.51.100.25.25 > 192.0.2.1.41234: Flags [P.], seq 1:27, ack 1, win 502, options [nop,nop,TS val 2 ecr 1], length 26: SMTP: 220 mx.example.net ESMTP
//! E..N..@.@.NR.3d.....................G......
//! kO......220 mx.example.net ESMTP
//! ```
//!
//! With `-A` the headers are printed, too, each octet that cannot be printed as a dot, and what they
//! take follows from the first line; with `-X` (`-x`, `-XX`) there are the octets themselves:
//!
//! ```text
//!     0x0000:  4500 004e 000a 4000 4006 4e52 c633 6419  E..N..@.@.NR.3d.
//! ```
//!
//! Packets are taken in the order in which they stand; those that repeat one are left out.

use super::pieces::{Flows, Way, tells};
use super::{Content, Foreign, Likeness, Out, ReadLines, Time};
use crate::chunk::{End, Shows, Side};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

pub(super) static TCPDUMP: Foreign = Foreign {
    name: "tcpdump",
    title: "tcpdump -A and -X",
    shows: Shows::ALL,
    content: Content::Shown,
    out: Side::Client,
    // Other protocols are dumped, too, and what a packet holds takes lines: see `score`.
    likeness: |_| Likeness::No,
    reader: || Box::<Tcpdump>::default(),
};

/// Connections between which repeated packets are looked for.
const WAYS: usize = 128;

/// Packets of one direction that are looked at for that.
const SEGMENTS: usize = 64;

/// Bytes of a packet that are kept: none is longer.
const PACKET: usize = 1 << 16;

#[derive(Default)]
struct Tcpdump {
    flows: Flows,
    dump: Dump,
    /// What each direction has sent last: the numbers of its octets.
    last: BTreeMap<(Vec<u8>, bool), VecDeque<Vec<u8>>>,
}

impl ReadLines for Tcpdump {
    fn line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let number = out.number();
        let (is_known, packet) = self.dump.line(line, number);
        if is_known {
            out.aside();
        }
        if let Some(packet) = packet {
            self.take(&packet, out);
            out.of_line(number);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some(packet) = self.dump.packet.take() {
            self.take(&packet, out);
        }
        self.flows.end(out);
    }
}

impl Tcpdump {
    fn take(&mut self, packet: &Packet, out: &mut Out<'_>) {
        let Packet { head: Head { way, flags, seq, .. }, number, time, .. } = packet;
        out.of_line(*number);
        out.at(*time);
        if flags.contains(&b'S') && !flags.contains(&b'.') {
            self.flows.begin(way, out);
            for is_first in [false, true] {
                self.last.remove(&(way.key.clone(), is_first));
            }
        }
        let payload = packet.payload();
        if !payload.is_empty() {
            let name = (way.key.clone(), way.is_first);
            if self.last.len() >= WAYS && !self.last.contains_key(&name) {
                self.last.pop_first();
            }
            let last = self.last.entry(name).or_default();
            if !last.contains(seq) {
                self.flows.push(way, &payload, out);
            }
            if last.len() >= SEGMENTS {
                last.pop_front();
            }
            if !seq.is_empty() {
                last.push_back(seq.clone());
            }
        }
        if flags.contains(&b'R') {
            out.end(&way.key, Some(End::Reset));
            self.flows.forget(way);
        }
    }
}

/// The packets of a dump.
#[derive(Default)]
struct Dump {
    packet: Option<Packet>,
    time: Option<Time>,
}

/// A packet.
struct Packet {
    number: u64,
    time: Option<Time>,
    head: Head,
    /// Its lines behind the first.
    text: Vec<u8>,
    /// Its octets.
    octets: Vec<u8>,
}

/// What the line about a packet says.
struct Head {
    way: Way,
    flags: Vec<u8>,
    /// `1:27`.
    seq: Vec<u8>,
    length: usize,
    /// Octets of TCP's options.
    options: Option<usize>,
    /// The first line of what it holds.
    first: Vec<u8>,
}

impl Dump {
    /// Takes a line: whether it belongs to a dump, and the packet that it ends.
    fn line(&mut self, line: &[u8], number: u64) -> (bool, Option<Packet>) {
        let (time, rest) = match Time::any(line) {
            Some((time, rest)) => (Some(time), rest),
            None => (None, line),
        };
        if let Some(head) = Head::read(rest) {
            // With -v, the time stands in a line of its own.
            let time = time.or_else(|| self.time.take());
            let packet = Packet { number, time, head, text: Vec::new(), octets: Vec::new() };
            return (true, self.packet.replace(packet));
        }
        if time.is_some() && (rest.starts_with(b"IP") || rest.starts_with(b"ARP")) {
            self.time = time;
            return (true, self.packet.take());
        }
        let Some(packet) = &mut self.packet else { return (false, None) };
        if let Some(octets) = hex(line) {
            packet.octets.extend(octets.take(PACKET.saturating_sub(packet.octets.len())));
        } else if !(packet.text.is_empty() && line.starts_with(b"\t")) {
            // With -v, the lines of the protocol stand before the dump.
            let room = PACKET.saturating_sub(packet.text.len());
            packet.text.extend(line.iter().chain(b"\n").take(room));
        }
        (true, None)
    }
}

impl Head {
    fn read(line: &[u8]) -> Option<Self> {
        let flags_at = find(line, b": Flags [")?;
        let (ends, rest) = line.split_at_checked(flags_at)?;
        let arrow = find(ends, b" > ")?;
        let from = ends.get(..arrow)?.rsplit(u8::is_ascii_whitespace).next()?;
        let before = ends.get(..arrow - from.len())?.trim_ascii();
        let is_ip = before.is_empty() || before.ends_with(b"IP") || before.ends_with(b"IP6");
        // A quoted line has its mark taken off before it comes here.
        if !is_ip || before.starts_with(b">") || before.starts_with(b"|") {
            return None;
        }
        let to = ends.get(arrow + 3..)?;
        let flags = between(rest, b"[", b"]")?.to_vec();
        let after = find(rest, b", length ").and_then(|at| rest.get(at + 9..))?;
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = str::from_utf8(after.get(..digits)?).ok()?.parse().ok()?;
        let first = after.get(digits..).and_then(|rest| rest.strip_prefix(b": SMTP: "));
        let options = match between(rest, b"options [", b"]") {
            Some(options) => options_len(options),
            None => Some(0),
        };
        Some(Self {
            way: Way::new(from, to),
            flags,
            seq: between(rest, b", seq ", b",").unwrap_or_default().to_vec(),
            length,
            options,
            first: first.unwrap_or_default().to_vec(),
        })
    }
}

impl Packet {
    /// What it holds, lines with an LF or CRLF at their ends.
    fn payload(&self) -> Cow<'_, [u8]> {
        if self.head.length == 0 {
            return Cow::Borrowed(b"");
        }
        if !self.octets.is_empty() {
            return Cow::Borrowed(payload_of(&self.octets).unwrap_or_default());
        }
        let text = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        let ip = match text.first() {
            Some(b'E') => Some(20),
            Some(b'`') => Some(40),
            _ => None,
        };
        let at = ip.zip(self.head.options).map(|(ip, options)| ip + 20 + options);
        let first = self.head.first.trim_ascii_end();
        let found = at.and_then(|at| text.get(at..)).filter(|text| text.starts_with(first));
        // Where the headers were changed on the way, the first line is searched for.
        let found = found.or_else(|| {
            (!first.is_empty()).then(|| find(text, first).and_then(|at| text.get(at..)))?
        });
        let Some(found) = found else { return Cow::Borrowed(b"") };
        let length = self.head.length;
        // A line end is printed as LF and was CRLF.
        let (mut sum, mut taken) = (0, 0);
        for &byte in found.iter().take_while(|_| found.len() != length) {
            if sum >= length {
                break;
            }
            sum += if byte == b'\n' { 2 } else { 1 };
            taken += 1;
        }
        let text = if taken == 0 { found } else { found.get(..taken).unwrap_or(found) };
        // The last one may be gone, with the empty line that it makes.
        if taken > 0 && sum + 2 == length {
            return Cow::Owned([text, b"\n"].concat());
        }
        Cow::Borrowed(text)
    }
}

/// The octets in a line of `-X`: `0x0010:  4006 4e52 …  @.NR`.
fn hex(line: &[u8]) -> Option<impl Iterator<Item = u8>> {
    let line = line.trim_ascii_start().strip_prefix(b"0x")?;
    let colon = line.iter().take(9).position(|&byte| byte == b':')?;
    let octets = line.get(colon + 1..)?.trim_ascii_start();
    // Two blanks end them.
    let end = octets.windows(2).position(|two| two == b"  ").unwrap_or(octets.len());
    let digits = octets.get(..end.min(48))?.iter().filter_map(|&byte| {
        char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
    });
    let mut digits = digits.collect::<Vec<u8>>().into_iter();
    Some(std::iter::from_fn(move || Some(digits.next()? << 4 | digits.next()?)))
}

/// What a packet of TCP holds; it may have the header of Ethernet.
fn payload_of(octets: &[u8]) -> Option<&[u8]> {
    let ip = |octets: &'_ [u8]| match octets.first()? >> 4 {
        4 => {
            let total = usize::from(u16::from_be_bytes([*octets.get(2)?, *octets.get(3)?]));
            Some((usize::from(octets.first()? & 15) * 4, total))
        }
        6 => {
            let total = usize::from(u16::from_be_bytes([*octets.get(4)?, *octets.get(5)?]));
            Some((40, total + 40))
        }
        _ => None,
    };
    let framed = octets
        .get(14..)
        .filter(|_| matches!(octets.get(12..14), Some([0x08, 0x00] | [0x86, 0xdd])));
    [Some(octets), framed].into_iter().flatten().find_map(|octets| {
        let (header, total) = ip(octets)?;
        let packet = octets.get(header..total.min(octets.len()))?;
        let at = usize::from(packet.get(12)? >> 4) * 4;
        (at >= 20).then(|| packet.get(at..))?
    })
}

/// The octets that TCP's options take, filled up to words of four.
fn options_len(options: &[u8]) -> Option<usize> {
    let mut sum = 0;
    for option in options.split(|&byte| byte == b',') {
        sum += match option.trim_ascii() {
            b"nop" | b"eol" => 1,
            b"sackOK" => 2,
            option if option.starts_with(b"mss ") => 4,
            option if option.starts_with(b"wscale ") => 3,
            option if option.starts_with(b"TS ") => 10,
            option if option.starts_with(b"sack ") => {
                let count = option.get(5..).and_then(|rest| rest.first())?;
                2 + 8 * usize::from(count.checked_sub(b'0').filter(|&count| count <= 4)?)
            }
            _ => return None,
        };
    }
    Some(sum.div_ceil(4) * 4)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

fn between<'a>(text: &'a [u8], before: &[u8], behind: &[u8]) -> Option<&'a [u8]> {
    let text = text.get(find(text, before)? + before.len()..)?;
    text.get(..find(text, behind)?)
}

/// How much lines look like this, once a packet holds what is SMTP's for sure.
pub(super) fn score<'a>(lines: impl Iterator<Item = Cow<'a, [u8]>>) -> u32 {
    let mut dump = Dump::default();
    let (mut sum, mut is_sure) = (0_u32, false);
    for line in lines {
        let (is_known, packet) = dump.line(&line, 0);
        sum += u32::from(is_known);
        is_sure |= packet.is_some_and(|packet| tells(&packet.payload()));
    }
    is_sure |= dump.packet.is_some_and(|packet| tells(&packet.payload()));
    if is_sure { sum } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a packet of `-A` holds whose lines these are.
    fn held(text: &str) -> String {
        let mut dump = Dump::default();
        for line in text.lines() {
            dump.line(line.as_bytes(), 1);
        }
        String::from_utf8_lossy(&dump.packet.unwrap().payload()).into_owned()
    }

    #[test]
    fn what_a_packet_holds_is_found_behind_its_headers() {
        let head = "10:00:00.1 IP a.25 > b.9: Flags [P.], seq 1:27, ack 1, win 5, ";
        let ip = "E..N.\n@.@.NR.3d.....................G...";
        // Without options; padding of Ethernet.
        let held_of = |rest: &str| held(&format!("{head}length 3: SMTP: .\n{ip}{rest}"));
        assert_eq!(held_of(".\n...\n"), ".\n");
        assert_eq!(held_of(".\n\n"), ".\n");
        assert_eq!(held_of("."), ".\n", "pasted without empty lines");
        let options = "options [nop,nop,TS val 2 ecr 1], length 8:";
        assert_eq!(
            held(&format!("{head}{options} SMTP: QUIT\n{ip}...\nkO......QUIT x\n\n")),
            "QUIT x\n"
        );
        let unknown = "options [what 3], length 6: SMTP: QUIT";
        assert_eq!(held(&format!("{head}{unknown}\n{ip}...\nkO......QUIT\n\n")), "QUIT\n");
    }

    #[test]
    fn octets_are_read() {
        let read = |line: &str| hex(line.as_bytes()).map(Iterator::collect::<Vec<u8>>);
        assert_eq!(read("\t0x0010:  4006 4e  @.N").unwrap(), [0x40, 0x06, 0x4e]);
        assert_eq!(read("0x0010:  4006 4"), Some(vec![0x40, 0x06]));
        assert_eq!(read("EHLO 0x0010: 40"), None);
        assert_eq!(payload_of(&[0x45, 0, 0, 1]), None);
        assert_eq!(payload_of(&[0x45; 60]), None);
    }
}
