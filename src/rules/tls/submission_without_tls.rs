use super::{is_local, port};
use crate::rules::case::push_shown;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "submission-without-tls",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 8314 §3"),
    title: "mail was submitted in clear on port 587",
    help: "use STARTTLS on port 587, or TLS from the first byte on port 465",
    explanation: "\
RFC 8314 §3 asks of mail programs and submission servers that all traffic between them,
\"including mail submission\", is inside TLS, and calls access in clear obsolete. Here MAIL was
sent on port 587 without it: the mail can be read on the way, and the password, too, if the
client logs in. Usual causes: devices and scripts whose TLS was never switched on, a server that
does not offer STARTTLS on this port. Between programs of one machine it does no harm, and is
not told.",
    bad: "\
# session 1 192.0.2.1:50000 > 192.0.2.2:587
# port 587
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# session 1 192.0.2.1:4242 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::Submission, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let mail = case.mail(message)?;
    let before = mail.exchange.before;
    let is_clear = !before.tls && !before.inferred && case.session.tls.is_none();
    if port(case.session) != Some(587) || !is_clear || is_local(case) {
        return None;
    }
    // Who was turned away until he comes with TLS has submitted nothing.
    if mail.code() == Some(530) {
        return None;
    }
    let mut text = String::with_capacity(128);
    push_shown(&mut text, mail.line());
    text.push_str(" was sent in clear on port 587, which is for submission");
    Some(Hit::new(text).once())
}
