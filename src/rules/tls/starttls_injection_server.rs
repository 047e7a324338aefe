use super::{STARTTLS, begun, is_agreed};
use crate::rules::prelude::*;

// rules.tsv: which reply is that to STARTTLS only the client's commands show.
pub(super) const RULE: Rule = Rule {
    id: "starttls-injection-server",
    category: Category::Tls,
    severity: Severity::Error,
    party: Party::Middlebox,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §6"),
    title: "replies came in clear between the 220 to STARTTLS and the TLS handshake",
    help: "find out who sent them; the client must discard what it has read before the handshake",
    explanation: "\
After the 220 to STARTTLS the next thing that the server sends is its part of the TLS handshake.
Here came more reply lines, in clear, and then the handshake. Somebody on the path can put them
there: a client that keeps them in its buffer takes them, after the handshake, for replies that
came through TLS to its first commands (CVE-2021-38371 and others, \"response injection\"). So
the login or the offers of the server are forged. RFC 3207 §6: \"clients and servers MUST
discard any knowledge obtained prior to the start of the TLS handshake\". Innocent causes: a
server or proxy that answers STARTTLS twice, or that answers a command which was sent together
with it.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
s< 250-mx.example.net
s< 250 AUTH PLAIN LOGIN
# tls client 1024 server 4096
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220-2.0.0 ready to start TLS
s< 220 2.0.0 go ahead
# tls client 1024 server 4096
# end client-closed
",
    check: Check::Step(STARTTLS, Fact::Unsolicited, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let is_followed = begun(step).is_some_and(|tls| tls.bytes.server > 0);
    if !is_agreed(step) || !is_followed {
        return None;
    }
    let unsolicited = &step.case.session.unsolicited;
    let mut found = (0..).zip(unsolicited).filter(|(_, one)| one.after > step.index);
    let (index, _) = found.next()?;
    let answer = step.case.answer(Of::Unsolicited(index))?;
    let more = match found.count() {
        0 => String::new(),
        more => format!(", the first of {} such replies,", more + 1),
    };
    let message = format!(
        "{}{more} came in clear after the 220 to STARTTLS and before the server's TLS handshake: a \
         client that keeps it takes it for the reply to its first command inside TLS",
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer))
}
