use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "mt-priority-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 6710"),
    title: "MT-PRIORITY was sent to a server that does not offer it",
    help: "send MT-PRIORITY only where the last EHLO reply offers it",
    explanation: "\
A client may use what the server's EHLO reply offers, and nothing else (RFC 5321 §2.2.1). A
server that does not know a parameter answers 555 (RFC 5321 §4.1.1.11) or 501, and the mail is
not sent; to a server without the extension, a message with a priority is to be sent without the
parameter (RFC 6710). Usual causes: a parameter set for all servers, or an EHLO reply of another
server that was remembered.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> MT-PRIORITY=3
s< 555 5.5.4 unsupported option: MT-PRIORITY=3
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 MT-PRIORITY MIXER
c> MAIL FROM:<a@example.org> MT-PRIORITY=3
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    unoffered_param(step, "MT-PRIORITY", &step.param(b"MT-PRIORITY")?)
}
