//! A session → its JSON, written as it is read: there are many sessions, so no value stands
//! between the two.
//!
//! In: a session with what was found in it. Out: what serde would write of
//! [`model::Session`](super::model::Session), byte for byte, from after its number. Who adds a
//! field names it there, in [`convert`](super::convert) and here: tests compare the two.

mod digits;
mod heads;
mod replies;
mod room;
mod spent;

#[cfg(test)]
mod tests;

use super::model;
use super::offered::Offered;
use super::view::{View, Where, reply_text, shown_column, used};
use super::{Entry, names, sasl};
use crate::chunk::{Ending, Side, Sides, Stall, Transport, Via};
use crate::dialog::chunks::Chunks;
use crate::dialog::session::{
    Elided, GapAt, Mark, Message, Recipient, Reply, Resync, Session, Span, Unsolicited,
};
use crate::rules::{Finding, NotJudged};
use crate::smtp::reply::Offer;
use crate::time::{Calendar, Lapse, Stamp};
use crate::timing::{self, Timings};
use std::net::SocketAddr;

pub(super) use replied::reply_lines;
use replied::{exchange, lines, reply};
use replies::Replies;
use room::{Kept, Strip};
pub(super) use room::{Room, fill, try_fill};
use secured::{auth, tls};

/// What stands before a session's number.
pub(super) const HEAD: &str = r#"{"type":"session","id":"#;

/// Writes an object: each name, and then what writes its value.
macro_rules! object {
    ($out:ident, $first:literal: $value:expr, $($rest:tt)*) => {{
        let $out = $out.raw(concat!("{\"", $first, "\":"));
        let $out = $value;
        fields!($out, $($rest)*).raw("}")
    }};
}

/// Writes fields after others; what follows `..` writes some by itself. A value that is one of few
/// words is written together with its name.
macro_rules! fields {
    ($out:ident,) => { $out };
    ($out:ident, $name:literal: null, $($rest:tt)*) => {{
        let $out = $out.raw(concat!(",\"", $name, "\":null"));
        fields!($out, $($rest)*)
    }};
    ($out:ident, $name:literal: bool($yes:expr), $($rest:tt)*) => {{
        let $out = if $yes {
            $out.raw(concat!(",\"", $name, "\":true"))
        } else {
            $out.raw(concat!(",\"", $name, "\":false"))
        };
        fields!($out, $($rest)*)
    }};
    ($out:ident, $name:literal: option($value:expr, $write:expr), $($rest:tt)*) => {{
        let $out = match $value {
            Some(value) => $write($out.raw(concat!(",\"", $name, "\":")), value),
            None => $out.raw(concat!(",\"", $name, "\":null")),
        };
        fields!($out, $($rest)*)
    }};
    ($out:ident, ..$some:expr, $($rest:tt)*) => {{
        let $out = $some;
        fields!($out, $($rest)*)
    }};
    ($out:ident, $name:literal: $value:expr, $($rest:tt)*) => {{
        let $out = $out.raw(concat!(",\"", $name, "\":"));
        let $out = $value;
        fields!($out, $($rest)*)
    }};
}

mod secured;

// Behind the macros, which they use.
mod replied;
mod told;

/// What texts of sessions have in common, one after the other.
#[derive(Debug, Default)]
pub(super) struct Pen {
    calendar: Calendar,
    marks: Marks,
    replies: Replies,
    /// The story of the session.
    story: String,
    unjudged: told::Unjudged,
}

/// The text of the last mark of each side in the session.
#[derive(Debug, Default)]
struct Marks(Sides<Kept>);

impl Marks {
    #[inline]
    fn of(&mut self, side: Side) -> &mut Kept {
        match side {
            Side::Client => &mut self.0.client,
            Side::Server => &mut self.0.server,
        }
    }
}

/// What the parts of a session's text need to know of it.
struct Scribe<'a> {
    view: View<'a>,
    session: &'a Session,
    /// What was said in it.
    text: &'a [u8],
    pen: &'a mut Pen,
    /// Bytes of a time.
    time_len: usize,
    timings: &'a Timings,
    offered: &'a Offered,
    /// Where the text of the session has the lines of `offered`.
    offered_at: Option<Span>,
    /// A reply had more lines than were kept.
    lacks_lines: bool,
    /// So far no command was refused, and no reply took [long](super::story::is_long).
    is_calm: bool,
}

/// Writes the session of `entry`, which has these `timings`, from after its number; `inputs` are the
/// inputs' paths, `offered` is what it was offered last and where. Its events are only told if they are asked for.
pub(super) fn session<'r>(
    out: Room<'r>,
    (entry, timings): (&Entry<'_>, &Timings),
    inputs: &[String],
    pen: &mut Pen,
    (offered, offered_at): (&Offered, Option<Span>),
    with_events: bool,
) -> Room<'r> {
    let Entry { session, findings, not_judged, .. } = *entry;
    let opening = &session.opening;
    let view = View::new(entry, inputs);
    // They are in other inputs, perhaps.
    pen.marks.0.client.clear();
    pen.marks.0.server.clear();
    let s = &mut Scribe {
        view,
        session,
        text: session.text.as_slice(),
        pen,
        time_len: Calendar::len(opening.digits),
        timings,
        offered,
        offered_at,
        lacks_lines: false,
        is_calm: true,
    };
    let text = s.text;
    let mut out = out.raw(r#","input":"#).text(s.view.input.as_bytes());
    let duration = session.duration();
    if !out.attempt(|out| usual_head(out, s, duration)) {
        out = head(out, s, duration);
    }
    let out = fields!(out,
        "greeting": option(session.greeting.as_ref(), |out, reply| greeting(out, s, reply)),
        "helo": option(session.helo, |out: Room<'r>, name| out.span(text, name)),
    );
    let out = out.raw(r#","extensions":{"offered":["#).bytes(&offered.offers);
    let out = out.raw(r#"],"used":["#);
    let out =
        out.items(used(session), |out, extension| out.strip(|out| out.name(extension.keyword)));
    let out = if session.tls.is_none() && session.auth.is_none() {
        out.raw(r#"]},"tls":null,"auth":null,"exchanges":["#)
    } else {
        secured(out.raw("]}"), s).raw(r#","exchanges":["#)
    };
    let timed = session.exchanges.iter().zip(&timings.exchanges);
    let out = out.items(timed, |out, one| exchange(out, s, one));
    let out = if session.unsolicited.is_empty() {
        out.raw(r#"],"unsolicited_replies":[],"messages":["#)
    } else {
        let out = out.raw(r#"],"unsolicited_replies":"#);
        let out = out.list(&session.unsolicited, |out, one| unsolicited(out, s, one));
        out.raw(r#","messages":["#)
    };
    let mut number = 0;
    let out = out.items(&session.messages, |out, one| {
        number += 1;
        message(out, s, number - 1, one)
    });
    let out = if is_whole(s) {
        out.raw(r#"],"elided":null,"gaps":[],"resyncs":[]"#)
    } else {
        lacking(out.raw("]"), s)
    };
    let is_cut = session.ending == Ending::Evicted;
    let out = out.strip(|out| {
        let out = out.raw(r#","end":"#).name(session.end.name());
        out.raw(if is_cut { r#","cut":true"# } else { r#","cut":false"# })
    });
    let out = fields!(out,
        "transport": option(session.transport.as_ref(), |out, one| transport(out, s, one)),
        "timing": spent::times(out, &session.timing, timings),
        "story": told::story(out, s),
    );
    let out = if with_events { told::events(out, s) } else { out };
    if findings.is_empty() && not_judged.is_empty() {
        return out.raw(r#","findings":[],"not_judged":[]}"#);
    }
    judged(out, s, findings, not_judged)
}

/// Writes who spoke with whom and when, if that is as it is in nearly all captures.
#[inline]
fn usual_head<'r>(
    out: Strip<'r>,
    s: &mut Scribe<'_>,
    duration: Option<Lapse>,
) -> Option<Strip<'r>> {
    let opening = &s.session.opening;
    let (Some(peers), None, Some(at)) = (opening.peers, opening.via, opening.dated(opening.at))
    else {
        return None;
    };
    let (SocketAddr::V4(client), SocketAddr::V4(server)) = (peers.client, peers.server) else {
        return None;
    };
    let out = out.raw(r#","client":{"addr":"#).address(*client.ip());
    let out = out.raw(r#","port":"#).number(client.port())?;
    let out = out.raw(r#"},"server":{"addr":"#).address(*server.ip());
    let out = out.raw(r#","port":"#).number(server.port())?;
    let out = out.raw(r#"},"via":null,"start":""#).time(&mut s.pen.calendar, at, s.time_len);
    let out = out.raw(r#"","duration_us":"#).lapse(duration);
    Some(out.raw(r#","protocol":"#).name(names::protocol(s.session.protocol)))
}

/// Writes who spoke with whom and when.
#[cold]
fn head<'r>(out: Room<'r>, s: &mut Scribe<'_>, duration: Option<Lapse>) -> Room<'r> {
    let opening = &s.session.opening;
    fields!(out,
        "client": option(opening.peers, |out: Room<'r>, peers: Sides<_>| peer(out, peers.client)),
        "server": option(opening.peers, |out: Room<'r>, peers: Sides<_>| peer(out, peers.server)),
        "via": option(opening.via, via),
        ..s.time(out, "start", opening.at),
        "duration_us": out.lapse(duration),
        "protocol": out.name(names::protocol(s.session.protocol)),
    )
}

fn peer(out: Room<'_>, addr: SocketAddr) -> Room<'_> {
    object!(out,
        "addr": out.address(addr.ip()),
        "port": out.number(addr.port()),
    )
}

fn via(out: Room<'_>, via: Via) -> Room<'_> {
    object!(out,
        "kind": out.name(names::via(via.kind)),
        "addr": option(via.addr, Room::address),
        "port": out.number(via.port),
    )
}

fn greeting<'r>(out: Room<'r>, s: &mut Scribe<'_>, reply: &Reply) -> Room<'r> {
    let out = out.raw(r#"{"code":"#).code(reply.code).raw(r#","lines":["#);
    let all = s.bytes(reply.text);
    let out = lines(out, s, reply, (all, reply_text(all))).raw(r#"],"delay_us":"#);
    out.lapse(s.session.timing.greeting).raw("}")
}

/// Writes an offer.
pub(super) fn offer<'r>(out: Room<'r>, offer: Offer<'_>) -> Room<'r> {
    object!(out,
        "keyword": out.upper_case(offer.keyword),
        "params": out.list(offer.params(), Room::text),
    )
}

/// Writes what there is of TLS and AUTH.
#[cold]
fn secured<'r>(out: Room<'r>, s: &Scribe<'_>) -> Room<'r> {
    fields!(out,
        "tls": option(s.session.tls.as_deref(), |out, one| tls(out, s, one)),
        "auth": option(s.session.auth.as_deref(), |out, one| auth(out, s, one)),
    )
}

#[cold]
fn unsolicited<'r>(out: Room<'r>, s: &mut Scribe<'_>, unsolicited: &Unsolicited) -> Room<'r> {
    let out = reply(out, s, &unsolicited.reply);
    fields!(out, "after": out.number(unsolicited.after),).raw("}")
}

impl<'a> Scribe<'a> {
    /// Bytes of the wire, which lie in the text of the session.
    #[inline]
    fn bytes(&self, span: Span) -> &'a [u8] {
        let start = span.at as usize;
        self.text.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// Writes a time as a field after others.
    #[inline]
    fn time<'r>(&mut self, out: Room<'r>, name: &str, at: Option<Stamp>) -> Room<'r> {
        let out = out.raw(",").name(name).raw(":");
        match self.session.opening.dated(at) {
            Some(at) => out.raw("\"").time(&mut self.pen.calendar, at, self.time_len).raw("\""),
            None => out.null(),
        }
    }

    /// Writes when and where something stands, as fields after others: as [`Self::kept`].
    #[inline(never)]
    fn mark<'r>(&mut self, out: Room<'r>, mark: Mark, of: Side) -> Room<'r> {
        match self.kept(mark, of) {
            Some(kept) => out.kept(kept),
            None => place(self.time(out, "at", mark.at), self.view.place(mark)),
        }
    }

    /// Says when and where something stands, as fields after others, if that is easily told. What
    /// one side sent at once stands at one place: `of` says whose text of that may be used again.
    // Nearly all marks are those of exchanges and replies.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn kept(&mut self, mark: Mark, of: Side) -> Option<&Kept> {
        let Pen { calendar, marks, .. } = &mut *self.pen;
        let kept = marks.of(of);
        if !kept.is_of(mark) {
            let (at, frame) = (mark.at?, self.view.frame(mark.place)?);
            kept.mark(calendar, (at, self.time_len), (mark.place, frame));
        }
        Some(kept)
    }
}

/// Writes where something stands, as fields after others.
#[cold]
fn place<'r>(out: Room<'r>, place: Where<'_>) -> Room<'r> {
    let out = match place.input {
        Some(input) => fields!(out, "input": out.text(input.as_bytes()),),
        None => out,
    };
    fields!(out,
        "frame": option(place.frame, Room::number),
        "line_no": option(place.line_no, Room::number),
    )
}

fn message<'r>(mut out: Room<'r>, s: &mut Scribe<'_>, number: u32, message: &Message) -> Room<'r> {
    let data = timing::transfer(s.session, number, message);
    let throughput = data.and_then(|it| timing::throughput(message, it));
    out = out.raw(r#"{"from":"#);
    out = out.option(message.from, |out, span| out.span(s.text, span));
    out = out.raw(r#","recipients":["#);
    out = out.items(&message.recipients, |out, one| recipient(out, s, one)).raw("]");
    let is_usual = out.attempt(|out| {
        let (Some(transfer), Some(size), None, Some(throughput)) =
            (message.transfer, message.known_size(), &message.chunks, throughput)
        else {
            return None;
        };
        let out = out.raw(r#","transfer":"#).name(names::transfer(transfer));
        let out = out.raw(r#","size":"#).number(size)?;
        let out = out.raw(r#","outcome":"#).name(names::outcome(message.outcome));
        let out = out.raw(r#","code":"#).code(message.code)?;
        let out = out.raw(if message.is_complete() {
            r#","complete":true,"chunks":null,"data_us":"#
        } else {
            r#","complete":false,"chunks":null,"data_us":"#
        });
        let out = out.lapse(data).raw(r#","throughput":"#).number(throughput)?;
        Some(out.raw("}"))
    });
    if is_usual {
        return out;
    }
    fields!(out,
        "transfer": option(message.transfer.map(names::transfer), Room::name),
        "size": option(message.known_size(), Room::number),
        "outcome": out.name(names::outcome(message.outcome)),
        "code": out.code(message.code),
        "complete": bool(message.is_complete()),
        "chunks": option(message.chunks.as_deref(), chunks),
        "data_us": out.lapse(data),
        "throughput": option(throughput, Room::number),
    )
    .raw("}")
}

fn chunks<'r>(out: Room<'r>, chunks: &Chunks) -> Room<'r> {
    object!(out,
        "count": out.number(u64::from(chunks.count)),
        "announced": out.number(chunks.announced),
        "seen": out.number(chunks.seen),
        "last": bool(chunks.last),
    )
}

#[inline]
fn recipient<'r>(mut out: Room<'r>, s: &mut Scribe<'_>, recipient: &Recipient) -> Room<'r> {
    let delivery = recipient.delivery.as_deref();
    let is_usual = delivery.is_none()
        && out.attempt(|out| {
            let out = out.raw(r#"{"address":"#).span(s.text, recipient.address)?;
            Some(out.raw(r#","code":"#).code(recipient.code)?.raw(r#","delivery":null}"#))
        });
    if is_usual {
        return out;
    }
    let out = out.raw(r#"{"address":"#).span(s.text, recipient.address);
    let out = out.raw(r#","code":"#).code(recipient.code);
    match delivery {
        None => out.raw(r#","delivery":null}"#),
        Some(one) => reply(out.raw(r#","delivery":"#), s, one).raw("}}"),
    }
}

/// Whether all of the session was seen, understood and kept.
fn is_whole(s: &Scribe<'_>) -> bool {
    let session = s.session;
    !s.lacks_lines
        && session.gaps.is_empty()
        && session.resyncs.is_empty()
        && session.elided == Elided::default()
        && session.elided_exchanges + session.elided_messages == 0
        && session.messages.iter().all(|message| message.elided_recipients == 0)
}

/// Writes what was not seen, understood or kept.
#[cold]
fn lacking<'r>(out: Room<'r>, s: &mut Scribe<'_>) -> Room<'r> {
    let session = s.session;
    fields!(out,
        "elided": option(s.view.elided(), |out, one| elided(out, &one)),
        "gaps": out.list(&session.gaps, |out, one| gap(out, s, one)),
        "resyncs": out.list(&session.resyncs, |out, one| resync(out, s, one)),
    )
}

fn elided<'r>(out: Room<'r>, elided: &model::Elided) -> Room<'r> {
    object!(out,
        "exchanges": out.number(elided.exchanges),
        "messages": out.number(elided.messages),
        "recipients": out.number(elided.recipients),
        "reply_lines": out.number(elided.reply_lines),
        "unsolicited_replies": out.number(elided.unsolicited_replies),
        "gaps": out.number(elided.gaps),
        "resyncs": out.number(elided.resyncs),
        "unread_lines": out.number(elided.unread_lines),
    )
}

fn gap<'r>(out: Room<'r>, s: &mut Scribe<'_>, gap: &GapAt) -> Room<'r> {
    object!(out,
        "side": out.name(gap.side.name()),
        "bytes": out.number(gap.gap.bytes),
        "acked": bool(gap.gap.acked),
        ..s.mark(out, gap.mark, gap.side),
    )
}

fn resync<'r>(out: Room<'r>, s: &mut Scribe<'_>, resync: &Resync) -> Room<'r> {
    object!(out,
        "side": out.name(resync.side.name()),
        "why": out.name(names::why(resync.why)),
        ..s.mark(out, resync.mark, resync.side),
    )
}

fn transport<'r>(mut out: Room<'r>, s: &mut Scribe<'_>, transport: &Transport) -> Room<'r> {
    let Transport { bytes, round_trip, .. } = *transport;
    let is_usual = is_smooth(transport)
        && out.attempt(|out| {
            let out = out.raw(r#"{"connect_us":"#).lapse(s.session.timing.connect);
            let out = out.raw(r#","bytes":{"client":"#).number(bytes.client)?;
            let out = out.raw(r#","server":"#).number(bytes.server)?;
            let zeros =
                r#"},"missing_bytes":{"client":0,"server":0},"retransmitted_bytes":{"client":0,"#;
            let out = out.raw(zeros).raw(r#""server":0},"out_of_order":{"client":0,"server":0},"#);
            let out = out.raw(r#""conflicting_bytes":{"client":0,"server":0},"midstream":false,"#);
            let out = out.raw(r#""round_trip_us":{"client":"#).lapse(round_trip.client);
            let out = out.raw(r#","server":"#).lapse(round_trip.server);
            Some(out.raw(r#"},"odd":null,"stalls":[]}"#))
        });
    if is_usual { out } else { rough(out, s, transport) }
}

/// Whether there is nothing to tell of it but how many bytes it brought and how long it took.
#[inline]
fn is_smooth(transport: &Transport) -> bool {
    let none = Sides::default();
    let Transport { missing_bytes, retransmitted_bytes, out_of_order, .. } = *transport;
    [missing_bytes, retransmitted_bytes, out_of_order, transport.conflicting_bytes] == [none; 4]
        && !transport.midstream
        && !transport.is_odd()
        && transport.stalls.is_empty()
}

/// Writes a transport of which there is more to tell.
#[cold]
fn rough<'r>(out: Room<'r>, s: &mut Scribe<'_>, transport: &Transport) -> Room<'r> {
    let is_odd = transport.is_odd().then_some(transport);
    object!(out,
        "connect_us": out.lapse(s.session.timing.connect),
        "bytes": by_side(out, transport.bytes),
        "missing_bytes": by_side(out, transport.missing_bytes),
        "retransmitted_bytes": by_side(out, transport.retransmitted_bytes),
        "out_of_order": by_side(out, transport.out_of_order),
        "conflicting_bytes": by_side(out, transport.conflicting_bytes),
        "midstream": bool(transport.midstream),
        "round_trip_us": object!(out,
            "client": out.lapse(transport.round_trip.client),
            "server": out.lapse(transport.round_trip.server),
        ),
        "odd": option(is_odd, |out, one| odd(out, one)),
        "stalls": out.list(&transport.stalls, |out, one| stall(out, s, one)),
    )
}

fn odd<'r>(out: Room<'r>, transport: &Transport) -> Room<'r> {
    object!(out,
        "retransmissions": by_side(out, transport.times(|odd| odd.retransmissions)),
        "timeouts": by_side(out, transport.times(|odd| odd.timeouts)),
        "spurious": by_side(out, transport.times(|odd| odd.spurious)),
        "duplicates": by_side(out, transport.times(|odd| odd.duplicates)),
        "reordered": by_side(out, transport.times(|odd| odd.reordered)),
        "zero_windows": by_side(out, transport.times(|odd| odd.zero_windows)),
        "keep_alives": by_side(out, transport.times(|odd| odd.keep_alives)),
        "syns": by_side(out, transport.times(|odd| odd.syns)),
    )
}

fn stall<'r>(out: Room<'r>, s: &mut Scribe<'_>, stall: &Stall) -> Room<'r> {
    object!(out,
        "cause": out.name(stall.cause.name()),
        "side": out.name(stall.side.name()),
        "duration_us": out.lapse(stall.duration()),
        "times": out.number(u64::from(stall.times)),
        ..s.mark(out, stall.from, stall.side),
    )
}

fn by_side(out: Room<'_>, sides: Sides<u64>) -> Room<'_> {
    object!(out,
        "client": out.number(sides.client),
        "server": out.number(sides.server),
    )
}

/// Writes what was found and what could not be judged, and ends the session.
#[cold]
fn judged<'r>(
    out: Room<'r>,
    s: &mut Scribe<'_>,
    findings: &[Finding],
    not_judged: &[NotJudged],
) -> Room<'r> {
    let out = fields!(out,
        "findings": out.list(findings, |out, one| finding(out, s, one)),
        "not_judged": told::unjudged(out, &mut s.pen.unjudged, not_judged),
    );
    out.raw("}")
}

fn finding<'r>(mut out: Room<'r>, s: &mut Scribe<'_>, finding: &Finding) -> Room<'r> {
    let rule = finding.rule;
    out = out.strip(|out| {
        let out = out.raw(r#"{"rule":"#).name(rule.id);
        let out = out.raw(r#","severity":"#).name(rule.severity.name());
        let out = out.raw(r#","confidence":"#).name(finding.confidence.name());
        let out = out.raw(r#","category":"#).name(rule.category.name());
        let out = out.raw(r#","party":"#).name(finding.party.name());
        out.raw(if finding.violates_abnf {
            r#","violates_abnf":true,"message":"#
        } else {
            r#","violates_abnf":false,"message":"#
        })
    });
    out = out.text(finding.message.as_bytes());
    out = fields!(out, "rfc": option(rule.rfc, Room::name),);
    let is_placed = out.attempt(|out| {
        let (at, frame) = (finding.mark.at?, s.view.frame(finding.mark.place)?);
        let out = out.raw(r#","frame":"#).number(frame)?.raw(r#","line_no":null,"at":""#);
        Some(out.time(&mut s.pen.calendar, at, s.time_len).raw("\""))
    });
    if !is_placed {
        out = place(out, s.view.place(finding.mark));
        out = s.time(out, "at", finding.mark.at);
    }
    out = fields!(out,
        "exchange": option(finding.exchange, Room::number),
        "evidence": out.text(&finding.evidence),
    );
    out = match &finding.range {
        None => out.raw(r#","column":null,"end_column":null"#),
        Some(range) => fields!(out,
            "column": out.number(shown_column(&finding.evidence, range.start)),
            "end_column": out.number(shown_column(&finding.evidence, range.end)),
        ),
    };
    fields!(out, "help": out.own(rule.help),).raw("}")
}

fn judged_not<'r>(out: Room<'r>, one: &NotJudged) -> Room<'r> {
    object!(out,
        "rule": out.name(one.rule),
        "why": out.name(one.why),
    )
}
