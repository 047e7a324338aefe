use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "bdat-not-advertised",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start],
    rfc: Some("RFC 3030 §2"),
    title: "BDAT was sent to a server that does not offer CHUNKING",
    help: "send BDAT only where the last EHLO reply offers CHUNKING, else DATA",
    explanation: "\
BDAT sends the octets right behind its line, without waiting for a reply. RFC 3030 §2: \"it is
important to send the BDAT only to systems that have declared their capability to accept BDAT
commands\"; another will parse the message \"as if it were a potentially very long, ESMTP command
line containing binary data\". Lines of the message are then obeyed as commands, and whoever wrote
it can send others with it. Usual causes: an EHLO reply of another server or from before
STARTTLS that was remembered, or a filter between the two that strikes CHUNKING out.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 502 5.5.2 command not recognized
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26 LAST
c> Subject: report
c>
c> hello
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let Standing::Lacking(why) = standing(step, "CHUNKING") else { return None };
    let then = match step.code() {
        Some(500..) => "the server does not know it, and may read the message as commands",
        Some(_) => "this server took it all the same, another reads the message as commands",
        None => "a server that does not know it reads the message as commands",
    };
    Some(Hit::new(format!("BDAT needs CHUNKING, but {why}: {then}")).at(0..4).once())
}
