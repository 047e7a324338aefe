//! A session → its JSON, written as it is read: there are many sessions, so no value stands
//! between the two.
//!
//! In: a session with what was found in it. Out: what serde would write of
//! [`model::Session`](super::model::Session), byte for byte, from after its number. Who adds a
//! field names it there, in [`convert`](super::convert) and here: tests compare the two.

mod out;

#[cfg(test)]
mod tests;

use super::view::{View, Where, offers, reply_text, shown_column, used};
use super::{Entry, names};
use crate::chunk::{Ending, Sides, Transport, Via};
use crate::dialog::session::{
    Auth, Exchange, GapAt, Message, Recipient, Reply, Resync, Session, Timing, Tls, Unsolicited,
};
use crate::rules::{Finding, NotJudged};
use crate::smtp::reply::Offer;
use std::net::SocketAddr;

pub(super) use out::Out;

/// What stands before a session's number.
pub(super) const HEAD: &str = r#"{"type":"session","id":"#;

/// Writes an object: each name, and then what writes its value.
macro_rules! object {
    ($out:ident, $first:literal: $value:expr, $($rest:tt)*) => {{
        $out.raw(concat!("{\"", $first, "\":"));
        $value;
        fields!($out, $($rest)*);
        $out.raw("}");
    }};
}

/// Writes fields after others; what follows `..` writes some by itself. A value that is one of few
/// words is written together with its name.
macro_rules! fields {
    ($out:ident,) => {};
    ($out:ident, $name:literal: null, $($rest:tt)*) => {
        $out.raw(concat!(",\"", $name, "\":null"));
        fields!($out, $($rest)*);
    };
    ($out:ident, $name:literal: bool($yes:expr), $($rest:tt)*) => {
        if $yes {
            $out.raw(concat!(",\"", $name, "\":true"));
        } else {
            $out.raw(concat!(",\"", $name, "\":false"));
        }
        fields!($out, $($rest)*);
    };
    ($out:ident, $name:literal: option($value:expr, $write:expr), $($rest:tt)*) => {
        if let Some(value) = $value {
            $out.raw(concat!(",\"", $name, "\":"));
            $out.value(value, $write);
        } else {
            $out.raw(concat!(",\"", $name, "\":null"));
        }
        fields!($out, $($rest)*);
    };
    ($out:ident, ..$some:expr, $($rest:tt)*) => {
        $some;
        fields!($out, $($rest)*);
    };
    ($out:ident, $name:literal: $value:expr, $($rest:tt)*) => {
        $out.raw(concat!(",\"", $name, "\":"));
        $value;
        fields!($out, $($rest)*);
    };
}

/// Writes the session of `entry`, from after its number; `inputs` are the inputs' paths.
pub(super) fn session(out: &mut Out, entry: &Entry<'_>, inputs: &[String]) {
    let view = &View::new(entry, inputs);
    let Entry { session, findings, not_judged, .. } = *entry;
    let Session { opening, timing, .. } = session;
    out.digits = opening.digits;
    fields!(out,
        "input": out.text(view.input.as_bytes()),
        "client": option(opening.peers, |out, peers| peer(out, peers.client)),
        "server": option(opening.peers, |out, peers| peer(out, peers.server)),
        "via": option(opening.via, via),
        "start": out.time(opening.at),
        "duration_us": out.lapse(session.duration()),
        "protocol": out.name(names::protocol(session.protocol)),
        "greeting": option(session.greeting.as_ref(), |out, reply| greeting(out, view, reply)),
        "helo": option(session.helo, |out, name| out.text(session.bytes(name))),
        "extensions": object!(out,
            "offered": out.list(offers(session), offer),
            "used": out.list(used(session), |out, extension| out.name(extension.keyword)),
        ),
        "tls": option(session.tls.as_ref(), |out, one| tls(out, view, one)),
        "auth": option(session.auth.as_ref(), |out, one| auth(out, session, one)),
        "exchanges": out.list(&session.exchanges, |out, one| exchange(out, view, one)),
        "unsolicited_replies": out.list(&session.unsolicited, |out, one| {
            unsolicited(out, view, one);
        }),
        "messages": out.list(&session.messages, |out, one| message(out, view, one)),
        "elided": elided(out, view),
        "gaps": out.list(&session.gaps, |out, one| gap(out, view, one)),
        "resyncs": out.list(&session.resyncs, |out, one| resync(out, view, one)),
        "end": out.name(session.end.name()),
        "cut": bool(session.ending == Ending::Evicted),
        "transport": option(session.transport.as_ref(), |out, one| {
            transport(out, timing, one);
        }),
        "timing": times(out, timing),
        "findings": out.list(findings, |out, one| finding(out, view, one)),
        "not_judged": out.list(not_judged, judged_not),
    );
    out.raw("}");
}

fn peer(out: &mut Out, addr: SocketAddr) {
    object!(out,
        "addr": out.address(addr.ip()),
        "port": out.number(addr.port()),
    );
}

fn via(out: &mut Out, via: Via) {
    object!(out,
        "kind": out.name(names::via(via.kind)),
        "addr": option(via.addr, Out::address),
        "port": out.number(via.port),
    );
}

fn greeting(out: &mut Out, view: &View<'_>, reply: &Reply) {
    object!(out,
        "code": out.option(reply.code, Out::number),
        "lines": lines(out, view, reply),
        "delay_us": out.lapse(view.session.timing.greeting),
    );
}

fn offer(out: &mut Out, offer: Offer<'_>) {
    object!(out,
        "keyword": out.upper_case(offer.keyword),
        "params": out.list(offer.params(), Out::text),
    );
}

fn tls(out: &mut Out, view: &View<'_>, tls: &Tls) {
    object!(out,
        "how": out.name(if tls.implicit { "implicit" } else { "starttls" }),
        "at_frame": option(view.place(tls.begun).frame, Out::number),
        "version": null,
        "cipher": null,
        "sni": null,
        "decrypted": bool(false),
        "bytes": by_side(out, tls.bytes),
    );
}

fn auth(out: &mut Out, session: &Session, auth: &Auth) {
    object!(out,
        "mechanism": out.text(session.bytes(auth.mechanism)),
        "identity": option(auth.identity, |out, span| out.text(session.bytes(span))),
        "outcome": out.name(names::auth_outcome(auth.outcome)),
        "attempts": out.number(auth.attempts),
    );
}

fn exchange(out: &mut Out, view: &View<'_>, exchange: &Exchange) {
    object!(out,
        "verb": out.name(exchange.request.name()),
        "line": out.text(view.session.bytes(exchange.line)),
        "at": out.time(exchange.asked.at),
        ..place(out, view.place(exchange.asked)),
        "reply": option(exchange.reply.as_ref(), |out, one| reply(out, view, one)),
        "latency_us": out.lapse(exchange.latency()),
        "pipelined": bool(exchange.pipelined),
        "masked": option(exchange.masked, Out::number),
        "cut": bool(exchange.cut),
    );
}

fn reply(out: &mut Out, view: &View<'_>, reply: &Reply) {
    open_reply(out, view, reply);
    out.raw("}");
}

/// Writes a reply without the end of its object.
fn open_reply(out: &mut Out, view: &View<'_>, reply: &Reply) {
    out.raw(r#"{"code":"#);
    out.option(reply.code, Out::number);
    fields!(out,
        "enhanced": option(view.enhanced(reply), Out::text),
        "lines": lines(out, view, reply),
        "at": out.time(reply.begun.at),
        ..place(out, view.place(reply.begun)),
        "cut": bool(reply.cut),
    );
}

fn lines(out: &mut Out, view: &View<'_>, reply: &Reply) {
    out.raw("[");
    let mut rest = out.line(reply_text(view.session.bytes(reply.text)));
    while let Some(lines) = rest {
        out.raw(",");
        rest = out.line(reply_text(lines));
    }
    out.raw("]");
}

fn unsolicited(out: &mut Out, view: &View<'_>, unsolicited: &Unsolicited) {
    open_reply(out, view, &unsolicited.reply);
    fields!(out, "after": out.number(unsolicited.after),);
    out.raw("}");
}

/// Writes where something stands, as fields after others.
fn place(out: &mut Out, place: Where<'_>) {
    if let Some(input) = place.input {
        fields!(out, "input": out.text(input.as_bytes()),);
    }
    fields!(out,
        "frame": option(place.frame, Out::number),
        "line_no": option(place.line_no, Out::number),
    );
}

fn message(out: &mut Out, view: &View<'_>, message: &Message) {
    object!(out,
        "from": out.option(message.from, |out, span| out.text(view.session.bytes(span))),
        "recipients": out.list(&message.recipients, |out, one| recipient(out, view, one)),
        "transfer": option(message.transfer.map(names::transfer), Out::name),
        "size": out.number(message.size()),
        "outcome": out.name(names::outcome(message.outcome)),
        "code": option(message.code, Out::number),
        "complete": bool(message.is_complete()),
    );
}

fn recipient(out: &mut Out, view: &View<'_>, recipient: &Recipient) {
    object!(out,
        "address": out.text(view.session.bytes(recipient.address)),
        "code": option(recipient.code, Out::number),
        "delivery": option(recipient.delivery.as_ref(), |out, one| reply(out, view, one)),
    );
}

fn elided(out: &mut Out, view: &View<'_>) {
    out.option(view.elided(), |out, elided| {
        object!(out,
            "exchanges": out.number(elided.exchanges),
            "messages": out.number(elided.messages),
            "recipients": out.number(elided.recipients),
            "reply_lines": out.number(elided.reply_lines),
            "unsolicited_replies": out.number(elided.unsolicited_replies),
            "gaps": out.number(elided.gaps),
            "resyncs": out.number(elided.resyncs),
            "unread_lines": out.number(elided.unread_lines),
        );
    });
}

fn gap(out: &mut Out, view: &View<'_>, gap: &GapAt) {
    object!(out,
        "side": out.name(gap.side.name()),
        "bytes": out.number(gap.gap.bytes),
        "acked": bool(gap.gap.acked),
        "at": out.time(gap.mark.at),
        ..place(out, view.place(gap.mark)),
    );
}

fn resync(out: &mut Out, view: &View<'_>, resync: &Resync) {
    object!(out,
        "side": out.name(resync.side.name()),
        "why": out.name(names::why(resync.why)),
        "at": out.time(resync.mark.at),
        ..place(out, view.place(resync.mark)),
    );
}

fn transport(out: &mut Out, timing: &Timing, transport: &Transport) {
    object!(out,
        "connect_us": out.lapse(timing.connect),
        "bytes": by_side(out, transport.bytes),
        "missing_bytes": by_side(out, transport.missing_bytes),
        "retransmitted_bytes": by_side(out, transport.retransmitted_bytes),
        "out_of_order": by_side(out, transport.out_of_order),
        "conflicting_bytes": by_side(out, transport.conflicting_bytes),
        "midstream": bool(transport.midstream),
    );
}

fn by_side(out: &mut Out, sides: Sides<u64>) {
    object!(out,
        "client": out.number(sides.client),
        "server": out.number(sides.server),
    );
}

fn times(out: &mut Out, timing: &Timing) {
    object!(out,
        "connect_us": out.lapse(timing.connect),
        "greeting_us": out.lapse(timing.greeting),
        "envelope_us": out.lapse(timing.envelope),
        "data_us": out.lapse(timing.data),
        "client_us": out.lapse(timing.client),
        "server_us": out.lapse(timing.server),
        "idle_us": out.lapse(timing.idle),
    );
}

fn finding(out: &mut Out, view: &View<'_>, finding: &Finding) {
    object!(out,
        "rule": out.name(finding.rule.id),
        "severity": out.name(finding.severity.name()),
        "confidence": out.name(finding.confidence.name()),
        "category": out.name(finding.rule.category.name()),
        "party": out.name(finding.party.name()),
        "violates_abnf": bool(finding.violates_abnf),
        "message": out.text(finding.message.as_bytes()),
        "rfc": option(finding.rule.rfc, Out::name),
        ..place(out, view.place(finding.mark)),
        "at": out.time(finding.mark.at),
        "exchange": option(finding.exchange, Out::number),
        "evidence": out.text(&finding.evidence),
        "column": option(finding.column, |out, column| {
            out.number(shown_column(&finding.evidence, column));
        }),
    );
}

fn judged_not(out: &mut Out, one: &NotJudged) {
    object!(out,
        "rule": out.name(one.rule),
        "why": out.text(one.why.as_bytes()),
    );
}
