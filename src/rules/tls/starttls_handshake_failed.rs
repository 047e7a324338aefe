use crate::dialog::session::{Mark, Tls};
use crate::rules::prelude::*;
use crate::tls::Alert;

// rules.tsv: only packets show the handshake; with TLS from the first byte there is no command.
pub(super) const RULE: Rule = Rule {
    id: "starttls-handshake-failed",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 3207 §4.1"),
    title: "the TLS handshake failed",
    help: "act on the alert: its name says what its sender did not like of the other side",
    explanation: "\
TLS was begun, by STARTTLS or from the first byte, and given up before both sides had finished
the handshake: one of them sent a fatal alert, or the client closed the connection. No command
got through it; the mail waits, or goes in clear in another session (RFC 3207 §4.1 and §6 leave
that to the client). The alert's sender complains of the other side, and either may be wrong.
Sent by the client, bad_certificate, certificate_expired and unknown_ca say that it does not
trust the server's certificate: that may be self-signed or expired, or lack the certificate
between it and the issuer, or the client's own list of issuers is too old. handshake_failure,
insufficient_security and protocol_version say that the two have no version or cipher suite in
common. decode_error, unexpected_message and decrypt_error are faults of programs, or of
something on the path that changes the bytes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello
# server-hello 0303
# alert client fatal 48
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# alert server warning 112
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Session(Fact::Tls, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(tls) = case.session.tls.as_deref() else { return Vec::new() };
    let finished = tls.facts.finished;
    if finished.client && finished.server {
        return Vec::new();
    }
    let fatal = tls.facts.alerts.iter().find(|alert| alert.level == 2 && alert.description != 0);
    let hit = match fatal {
        Some(alert) => Some(refused(tls, alert)),
        None => given_up(case, tls),
    };
    hit.into_iter().collect()
}

/// One side has said why.
fn refused(tls: &Tls, alert: &Alert) -> Hit {
    let name = alert.name().map_or_else(|| format!("alert {}", alert.description), str::to_owned);
    let sender = alert.side.name();
    let meaning = meaning(alert, tls).map(|what| format!(": {what}")).unwrap_or_default();
    let message = format!("the {sender} ended the TLS handshake with the alert {name}{meaning}");
    let mark =
        Mark { at: tls.begun.at.filter(|_| alert.place == tls.begun.place), place: alert.place };
    Hit::new(message).on(On::Moment(mark))
}

/// What an alert says of the other side, where that is known (RFC 8446 §6.2).
fn meaning(alert: &Alert, tls: &Tls) -> Option<&'static str> {
    let is_client = alert.side == Side::Client;
    Some(match alert.description {
        42..=46 | 113 if is_client => {
            "it does not accept the server's certificate; either that is at fault, or what the \
             client believes of it"
        }
        42..=46 => "it does not accept the client's certificate",
        48 if is_client => {
            "it does not know the issuer of the server's certificate, which may be self-signed, \
             lack the certificates in between, or be newer than the client's list of issuers"
        }
        48 => "it does not know the issuer of the client's certificate",
        70 if is_client => "it does not accept the version of TLS that the server chose",
        70 => "it does not speak a version of TLS that the client offers",
        40 | 71 if tls.facts.version.is_none() => {
            "the two have no cipher suite, key exchange or signature in common that both accept"
        }
        86 => "the client fell back to an older version than the server's best",
        112 => "it does not know the host that the client asks for",
        116 => "it wants a certificate of the client",
        120 => "it speaks none of the protocols that the client names",
        80 => "it failed itself, for reasons of its own",
        90 => "it was given up on purpose",
        10 | 20 | 22 | 47 | 50 | 51 => "it could not read, or not check, what the other side sent",
        _ => return None,
    })
}

/// Nobody has said why, and the client has left.
fn given_up(case: Case<'_>, tls: &Tls) -> Option<Hit> {
    let closing = case.session.closing.as_deref()?;
    let left = closing.sides.client.filter(|_| closing.first == Side::Client)?;
    let is_answered = tls.facts.version.is_some();
    let is_known = tls.facts.unread.is_none() && tls.facts.completed() == Some(false);
    if !is_known || !is_answered || case.is_damaged() {
        return None;
    }
    let how = if left.reset { "reset" } else { "closed" };
    let message = format!(
        "the client {how} the connection in the middle of the TLS handshake, after the server's \
         hello, with no alert in clear; often it does not accept the certificate"
    );
    Some(Hit::new(message).on(On::Moment(left.mark)).sure(Confidence::Likely))
}
