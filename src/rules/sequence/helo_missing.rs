use super::is_hello;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-missing",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Start],
    rfc: Some("RFC 5321 §4.1.4"),
    title: "MAIL was sent before any EHLO or HELO",
    help: "send EHLO, and read its reply, before MAIL",
    explanation: "\
RFC 5321 §4.1.4: \"A session that will contain mail transactions MUST first be initialized by the
use of the EHLO command\" (or HELO). Without it the client cannot know which extensions it may
use, and the server does not know who it is: Postfix (smtpd_helo_required), Exim and others
answer 503. A server that takes such a MAIL is not at fault. Usual causes: scripts, and clients
that went on after a reply to EHLO that they did not understand.",
    bad: "\
s< 220 mx.example.net ESMTP
c> MAIL FROM:<a@example.org>
s< 503 5.5.1 send EHLO first
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> NOOP
s< 250 2.0.0 ok
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Disorder, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    if before.hello != Protocol::Unknown || before.inferred {
        return None;
    }
    let earlier = step.case.session.exchanges.get(..step.index as usize)?;
    let is_other = |one: &Exchange| {
        is_hello(one.request) || one.request == Request::Command(Verb::Mail) || one.cut
    };
    let is_first = !earlier.iter().any(is_other);
    is_first.then(|| {
        Hit::new("MAIL without EHLO or HELO before it: a session with mail must begin with one")
    })
}
