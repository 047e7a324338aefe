use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "size-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 1870 §3"),
    title: "SIZE= was used although the server does not offer SIZE",
    help: "send SIZE= only where the last EHLO reply lists SIZE",
    explanation: "\
SIZE is a parameter of an extension: the client may give it only to a server that lists SIZE in
its EHLO reply (RFC 1870 §3, §4). A server that does not know it answers 555, 501 or 503, and
the mail is not sent. Usual causes: the EHLO reply of another server that was remembered, a
script with a fixed MAIL command, or a filter between the two that strikes SIZE out of the EHLO
reply and then is the one to blame.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> SIZE=200
s< 555 5.5.4 unsupported option: SIZE=200
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 size 10240000
c> MAIL FROM:<a@example.org> SIZE=200
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
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
    unoffered_param(step, "SIZE", &step.param(b"SIZE")?)
}
