use crate::rules::offers::unoffered_verb;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "burl-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 4468"),
    title: "BURL was sent to a server that does not offer it",
    help: "send BURL only where the last EHLO reply offers it, else DATA or BDAT",
    explanation: "\
BURL has the server fetch the message, or a part of it, from an IMAP server (RFC 4468); a client
may use what the server's EHLO reply offers, and nothing else (RFC 5321 §2.2.1). Many servers
offer it only after AUTH, in the reply to another EHLO. A server without it answers 500 or 502,
and the mail is not sent. Usual causes: an EHLO reply of another server that was remembered, or
one before AUTH that is still trusted.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BURL imap://imap.example.org/Drafts/;UID=7 LAST
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
s< 250-SIZE 10240000
s< 250-CHUNKING
s< 250 BURL imap
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BURL imap://imap.example.org/Drafts/;UID=7 LAST
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Burl)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    unoffered_verb(step, "BURL")
}
