use super::{STARTTLS, begun, behind, is_agreed, is_text};
use crate::rules::prelude::*;
use std::fmt::Write;

pub(super) const RULE: Rule = Rule {
    id: "starttls-injection-client",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3207 §6"),
    title: "commands were sent in clear between STARTTLS and the TLS handshake",
    help: "send nothing after STARTTLS but the TLS handshake; see who else is on the path",
    explanation: "\
RFC 3207 §4: \"After receiving a 220 response to a STARTTLS command, the client MUST start the
TLS negotiation before giving any other SMTP commands\", and STARTTLS \"must be the last command
in a group\". Somebody on the path can add commands behind STARTTLS, in clear. A server that
keeps them in its buffer carries them out after the handshake, as if they had come through TLS
from the true client (CVE-2011-0411 and others): that way mail or a login is stolen although
both sides use TLS. Servers must throw away what they have read in clear (§6: \"MUST discard any
knowledge obtained prior to the start of the TLS handshake\"). Innocent causes: a client that
pipelines over STARTTLS, a test of the server, an empty line too many.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
c> RSET
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> RSET
s< 250 2.0.0 ok
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Step(STARTTLS, Fact::Any, check),
};

/// Commands that are named.
const NAMED: usize = 3;

fn check(step: &Step<'_>) -> Option<Hit> {
    let first = step.next().filter(|_| is_agreed(step))?;
    let one = first.exchange;
    if one.before.inferred || one.cut || !is_text(&first) {
        return None;
    }
    // Where no TLS follows, what was sent in the knowledge of the 220 may be inside TLS that was
    // taken away, or ignore it; and of a transcript nobody knows the order of the bytes.
    let is_tls = begun(step).is_some();
    if !(is_tls || one.pipelined && step.case.is_packets()) {
        return None;
    }
    // Those that were sent later, in the knowledge of the 220, are no part of an early group.
    let until = step.answer().filter(|_| one.pipelined).map(|answer| answer.mark().place);
    let is_part = |next: &Step<'_>| {
        next.index == first.index || until.is_none_or(|until| next.exchange.asked.place < until)
    };
    let behind: Vec<Step<'_>> = behind(step).filter(is_part).collect();
    let named = behind.iter().take(NAMED).map(|one| match one.line().trim_ascii() {
        b"" => "an empty line".to_owned(),
        _ => one.shown(),
    });
    let mut list = named.collect::<Vec<_>>().join(", ");
    if behind.len() > NAMED {
        let _ = write!(list, " and {} more", behind.len() - NAMED);
    }
    let when = if one.pipelined {
        "before the reply to STARTTLS was seen"
    } else {
        "between the 220 to STARTTLS and the TLS handshake"
    };
    let message = format!(
        "{list}: sent in clear {when}; a server that does not throw it away carries it out as \
         if it came through TLS"
    );
    Some(Hit::new(message).on(On::Command(first.index)))
}
