use super::{STARTTLS, is_agreed, is_text};
use crate::rules::prelude::*;

// rules.tsv: a transcript shows what was sent inside TLS in clear as a matter of course.
pub(super) const RULE: Rule = Rule {
    id: "starttls-plaintext-follows",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Client, Need::Server, Need::Packets],
    rfc: Some("RFC 3207 §4"),
    title: "after STARTTLS was agreed, the packets show SMTP in clear",
    help: "find out whether the capture was decrypted; if not, the mail went in clear",
    explanation: "\
The server agreed to STARTTLS, and what follows is readable: commands, and replies to them.
Either the capture was made or rewritten by something that decrypts TLS in place (Arkime and
others know such captures, from interception devices and from test generators), and then all is
well; or client and server both went on in clear as if nothing had been agreed, as honeypots,
simulators and mail filters do that answer 220 to any command. Then nothing in this session is
protected, and it breaks RFC 3207 §4. The packets do not say which it is.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.case.session.tls.is_some() || !is_agreed(step) {
        return None;
    }
    let first = step.next().filter(|next| !next.exchange.pipelined && is_text(next))?;
    let answer = first.answer()?;
    let message = format!(
        "{} and {} follow the 220 to STARTTLS in clear: the capture was decrypted in place, or \
         both sides ignore what they agreed on",
        first.shown(),
        answer.shown()
    );
    Some(Hit::new(message).on(On::Command(first.index)))
}
