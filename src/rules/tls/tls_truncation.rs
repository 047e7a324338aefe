use crate::dialog::session::{Parting, Tls};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tls-truncation",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Packets, Need::Whole],
    rfc: Some("RFC 8446 §6.1; RFC 5246 §7.2.1"),
    title: "the connection ended in the middle of a TLS record",
    help: "find out which side or device ended the connection, and why",
    explanation: "\
A side that has no more to send says close_notify before it closes (RFC 8446 §6.1), so that
nobody on the path can cut the end off unseen. That alert is encrypted, and in TLS 1.3 looks
like any data; so this rule is about what shows outside: the side's stream ended inside a
record, whose rest never came. The other side cannot read such a record at all. Inside a message
the mail is then still with the client, which sends it again; a reply that was cut off may have
been an acceptance, and the message arrives twice. Usual causes: a process that was killed, a
timeout while it was sending, a firewall that resets connections.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# record client 1000 of 4096
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# tls client 1024 server 4096
# record client 4096 of 4096
# end client-closed
",
    check: Check::Session(Fact::Tls, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let (Some(tls), Some(closing)) = (session.tls.as_deref(), session.closing.as_deref()) else {
        return Vec::new();
    };
    let is_lost = session.transport.as_deref().is_none_or(|transport| {
        transport.midstream
            || transport.missing_bytes.client > 0
            || transport.missing_bytes.server > 0
    });
    if is_lost {
        return Vec::new();
    }
    let ended = |side: Side| closing.sides.of(side).and_then(|left| cut(tls, side, &left));
    let hit = [Side::Client, Side::Server].into_iter().find_map(ended);
    hit.into_iter().collect()
}

/// What to say of the stream of `side`, which ended it with `left`, if a record in it is not whole.
fn cut(tls: &Tls, side: Side, left: &Parting) -> Option<Hit> {
    let cut = tls.framing.of(side).cut()?;
    let how = if left.reset { "was reset" } else { "ended" };
    let what = match cut.octets {
        Some(octets) => format!("after {} of {octets} octets of a TLS record", cut.sent),
        None => "in the header of a TLS record".to_owned(),
    };
    let name = side.name();
    let message = format!("the {name}'s stream {how} {what}: the other side cannot read it");
    // Before a reset, packets may be lost of which nobody learns.
    let sure = if left.reset { Confidence::Likely } else { Confidence::Certain };
    Some(Hit::new(message).on(On::Moment(left.mark)).sure(sure))
}
