//! What was asked, and what was replied → its JSON.

use super::room::Room;
use super::{Scribe, heads};
use crate::chunk::Side;
use crate::dialog::session::{Exchange, Reply, Request, Span};
use crate::report::story;
use crate::report::view::{enhanced, reply_text};
use crate::time::Lapse;
use crate::timing::ExchangeTimes;

/// Writes an exchange.
pub(super) fn exchange<'r>(
    mut out: Room<'r>,
    s: &mut Scribe<'_>,
    (exchange, times): (&Exchange, &ExchangeTimes),
) -> Room<'r> {
    let Some(reply) = &exchange.reply else {
        let out = asked(out, s, exchange).raw(r#","reply":null"#);
        return measured(out, exchange, times);
    };
    let all = s.bytes(reply.text);
    // What says how the server calls the message does not come again.
    let is_own = exchange.request == Request::EndOfData;
    let known = if is_own { None } else { s.pen.replies.find(reply, all) };
    let is_begun = out.attempt(|out| {
        let &(ref head, len) = heads::of(exchange.request);
        let out = out.block(head, len).span(s.text, exchange.line)?;
        let out = out.kept(s.kept(exchange.asked, Side::Client)?).raw(r#","reply":"#);
        Some(match known {
            Some(place) => {
                let (json, len) = s.pen.replies.json(place);
                out.block(json, len)
            }
            None => out,
        })
    });
    if !is_begun {
        out = asked(out, s, exchange).raw(r#","reply":"#);
    }
    if known.is_none() || !is_begun {
        let text = reply_text(all);
        out = lines(open_reply(out, reply, text), s, reply, (all, text)).raw("]");
    }
    let latency = exchange.latency();
    s.is_calm &= !story::is_error(reply.code) && !story::is_long(latency);
    let is_usual = exchange.masked.is_none() && !exchange.cut && !reply.cut;
    let is_ended = is_usual
        && out.attempt(|out| {
            let out = out.kept(s.kept(reply.begun, Side::Server)?);
            let out = out.raw(r#","cut":false},"latency_us":"#).lapse(latency);
            let none = Some(Lapse::from_nanos(0));
            let out = if times.client.is_none() && times.server == none && times.network == none {
                out.raw(r#","timing":{"server_us":0,"client_us":null,"network_us":0"#)
            } else {
                let out = out.raw(r#","timing":{"server_us":"#).lapse(times.server);
                let out = out.raw(r#","client_us":"#).lapse(times.client);
                out.raw(r#","network_us":"#).lapse(times.network)
            };
            Some(if exchange.pipelined {
                out.raw(r#"},"pipelined":true,"masked":null,"cut":false}"#)
            } else {
                out.raw(r#"},"pipelined":false,"masked":null,"cut":false}"#)
            })
        });
    if is_ended {
        return out;
    }
    measured(close_reply(out, s, reply).raw("}"), exchange, times)
}

/// Writes how an exchange begins.
#[inline(never)]
fn asked<'r>(out: Room<'r>, s: &mut Scribe<'_>, exchange: &Exchange) -> Room<'r> {
    let &(ref head, len) = heads::of(exchange.request);
    let out = out.block(head, len).span(s.text, exchange.line);
    s.mark(out, exchange.asked, Side::Client)
}

/// Writes how an exchange ends.
#[inline(never)]
fn measured<'r>(out: Room<'r>, exchange: &Exchange, times: &ExchangeTimes) -> Room<'r> {
    let latency = exchange.latency();
    let out = out.strip(|out| {
        let out = out.raw(r#","latency_us":"#).lapse(latency);
        let out = out.raw(r#","timing":{"server_us":"#).lapse(times.server);
        let out = out.raw(r#","client_us":"#).lapse(times.client);
        out.raw(r#","network_us":"#).lapse(times.network).raw("}")
    });
    let out = fields!(out,
        "pipelined": bool(exchange.pipelined),
        "masked": option(exchange.masked, Room::number),
        "cut": bool(exchange.cut),
    );
    out.raw("}")
}

/// Writes a reply without the end of its object.
pub(super) fn reply<'r>(out: Room<'r>, s: &mut Scribe<'_>, reply: &Reply) -> Room<'r> {
    let all = s.bytes(reply.text);
    let text = reply_text(all);
    let out = open_reply(out, reply, text);
    let out = lines(out, s, reply, (all, text)).raw("]");
    close_reply(out, s, reply)
}

/// Writes what stands before the lines of a reply.
#[inline(never)]
pub(super) fn open_reply<'r>(mut out: Room<'r>, reply: &Reply, text: &[u8]) -> Room<'r> {
    let is_usual = out.attempt(|out| {
        let out = out.raw(r#"{"code":"#).code(reply.code)?;
        match enhanced(text) {
            None => Some(out.raw(r#","enhanced":null,"lines":["#)),
            Some(&[class, _, subject, _, detail]) => {
                let out = out.raw(r#","enhanced":""#);
                let out = out.block(&[class, b'.', subject, b'.', detail], 5);
                Some(out.raw(r#"","lines":["#))
            }
            Some(_) => None,
        }
    });
    if is_usual {
        return out;
    }
    let out = out.raw(r#"{"code":"#).code(reply.code);
    let out = match enhanced(text) {
        None => out.raw(r#","enhanced":null"#),
        Some(code) => out.raw(r#","enhanced":"#).text(code),
    };
    out.raw(r#","lines":["#)
}

/// Writes what stands behind the lines of a reply, without the end of its object.
#[inline(never)]
fn close_reply<'r>(out: Room<'r>, s: &mut Scribe<'_>, reply: &Reply) -> Room<'r> {
    let out = s.mark(out, reply.begun, Side::Server);
    if reply.cut { out.raw(r#","cut":true"#) } else { out.raw(r#","cut":false"#) }
}

/// Writes the lines of a reply as items of a list: `all` of it, and the `text` of the first and the
/// rest.
// It is short, but for what nearly no reply needs.
#[allow(clippy::inline_always)]
#[inline(always)]
pub(super) fn lines<'r>(
    mut out: Room<'r>,
    s: &mut Scribe<'_>,
    reply: &Reply,
    (all, text): (&[u8], &[u8]),
) -> Room<'r> {
    if reply.lines > 1 {
        return many_lines(out, s, reply, (all, text));
    }
    if out.attempt(|out| out.span(s.text, end_of(reply.text, text.len()))) {
        return out;
    }
    odd_line(out, (all, text))
}

/// The last `len` bytes of `span`.
#[inline]
fn end_of(span: Span, len: usize) -> Span {
    let len = u32::try_from(len).unwrap_or_default();
    Span { at: span.at + span.len - len, len }
}

/// Writes the only line of a reply, of which this is the `text`: it is not plain, or the last of
/// the session.
#[inline(never)]
pub(super) fn odd_line<'r>(mut out: Room<'r>, (all, text): (&[u8], &[u8])) -> Room<'r> {
    if out.try_text(text) {
        return out;
    }
    if text.contains(&b'\n') { reply_lines(out, all) } else { out.text(text) }
}

/// Writes the lines of a reply that has several.
#[inline(never)]
fn many_lines<'r>(
    mut out: Room<'r>,
    s: &mut Scribe<'_>,
    reply: &Reply,
    (all, text): (&[u8], &[u8]),
) -> Room<'r> {
    // The others, if they are known.
    if let Some(others) = s.offered_at
        && others.at + others.len == reply.text.at + reply.text.len
        && let Some(len) = text.len().checked_sub(others.len as usize + 1)
        && out.try_text(text.get(..len).unwrap_or_default())
    {
        s.lacks_lines |= reply.lines as usize > s.offered.kept + 1;
        return out.raw(",").bytes(&s.offered.lines);
    }
    let (out, rest) = out.line(text);
    let kept = memchr::memchr_iter(b'\n', all).count() + 1;
    s.lacks_lines |= reply.lines as usize > kept;
    match rest {
        Some(rest) => reply_lines(out.raw(","), rest),
        None => out,
    }
}

/// Writes `lines` of a reply, which are joined by LF, as items of a list.
pub(in crate::report) fn reply_lines<'r>(out: Room<'r>, lines: &[u8]) -> Room<'r> {
    let (mut out, mut rest) = out.line(reply_text(lines));
    while let Some(lines) = rest {
        (out, rest) = out.raw(",").line(reply_text(lines));
    }
    out
}
