//! TLS and AUTH of a session.

use super::room::Room;
use super::{Scribe, by_side, names, sasl};
use crate::dialog::session::{Attempt, Auth, Mark, Tls};
use crate::tls::{Alert, Certificate, Facts, Unread};

pub(super) fn tls<'r>(out: Room<'r>, s: &Scribe<'_>, tls: &Tls) -> Room<'r> {
    object!(out,
        "how": out.name(if tls.implicit { "implicit" } else { "starttls" }),
        "at_frame": option(s.view.place(tls.begun).frame, Room::number),
        ..clear(out, s, &tls.facts),
        "decrypted": bool(false),
        "bytes": by_side(out, tls.bytes),
    )
}

/// Writes what TLS shows in clear.
fn clear<'r>(out: Room<'r>, s: &Scribe<'_>, facts: &Facts) -> Room<'r> {
    let hello = facts.hello.as_deref();
    let sni = hello.and_then(|hello| hello.server_name.as_deref());
    fields!(out,
        "version": option(facts.version_name(), text),
        "cipher": option(facts.cipher(), text),
        "sni": option(sni, Room::text),
        "alpn": out.list(hello.iter().flat_map(|hello| hello.protocols.iter()), Room::text),
        "alpn_chosen": option(facts.protocol.as_deref(), Room::text),
        "ja3": option(facts.ja3.as_deref(), text),
        "ja4": option(facts.ja4.as_deref(), text),
        "certificate": option(facts.certificate.as_deref(), certificate),
        "alerts": out.list(&facts.alerts, |out, one| alert(out, s, one)),
        "completed": option(facts.completed(), |out: Room<'r>, yes: bool| {
            out.raw(if yes { "true" } else { "false" })
        }),
        "unread": option(facts.unread, |out: Room<'r>, why: Unread| out.name(why.name())),
    )
}

/// Writes text of our own.
fn text(out: Room<'_>, text: impl AsRef<str>) -> Room<'_> {
    out.text(text.as_ref().as_bytes())
}

fn certificate<'r>(out: Room<'r>, certificate: &Certificate) -> Room<'r> {
    object!(out,
        "subject": out.text(&certificate.subject),
        "names": out.list(certificate.names.iter(), Room::text),
        "not_before": option(certificate.not_before.as_deref(), text),
        "not_after": option(certificate.not_after.as_deref(), text),
    )
}

fn alert<'r>(out: Room<'r>, s: &Scribe<'_>, alert: &Alert) -> Room<'r> {
    let place = s.view.place(Mark { at: None, place: alert.place });
    object!(out,
        "side": out.name(alert.side.name()),
        "level": text(out, names::alert_level(alert)),
        "description": text(out, names::alert(alert)),
        "frame": option(place.frame, Room::number),
    )
}

pub(super) fn auth<'r>(out: Room<'r>, s: &Scribe<'_>, auth: &Auth) -> Room<'r> {
    object!(out,
        "mechanism": out.span(s.text, auth.mechanism),
        "identity": option(auth.identity, |out: Room<'r>, span| out.span(s.text, span)),
        "outcome": out.name(names::auth_outcome(auth.outcome)),
        "attempts": out.number(auth.attempts),
        "attempts_list": out.list(&auth.list, |out, one| attempt(out, s, auth, one)),
    )
}

fn attempt<'r>(out: Room<'r>, s: &Scribe<'_>, auth: &Auth, attempt: &Attempt) -> Room<'r> {
    let steps = sasl::steps(s.session, auth, attempt);
    object!(out,
        "mechanism": out.span(s.text, attempt.mechanism),
        "initial_response": out.name(names::initial(attempt.initial)),
        "identity": option(attempt.identity, |out: Room<'r>, span| out.span(s.text, span)),
        "outcome": out.name(names::auth_outcome(attempt.outcome)),
        "code": out.code(attempt.code),
        "exchange": option(attempt.exchange, Room::number),
        "steps": out.list(&steps, |out, one| auth_step(out, s, one)),
    )
}

fn auth_step<'r>(out: Room<'r>, s: &Scribe<'_>, step: &sasl::Step) -> Room<'r> {
    let place = s.view.place(step.mark);
    object!(out,
        "name": out.name(step.name),
        "side": out.name(step.side.name()),
        "exchange": out.number(step.exchange),
        "frame": option(place.frame, Room::number),
        "line_no": option(place.line_no, Room::number),
        "octets": option(step.octets, Room::number),
        "decoded": option(step.decoded.as_deref(), Room::text),
    )
}
