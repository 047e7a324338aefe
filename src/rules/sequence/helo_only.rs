use super::is_hello;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-only",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Start],
    rfc: Some("RFC 5321 §2.2.1, §3.2"),
    title: "HELO was sent without trying EHLO first",
    help: "send EHLO first, and HELO only if the server does not know EHLO",
    explanation: "\
RFC 5321 §2.2.1: \"clients SHOULD preferentially utilize EHLO rather than HELO.\" Section 3.2 lets
clients that do not need extensions use HELO. With HELO there is no SIZE, no 8BITMIME, no
STARTTLS, no AUTH and no PIPELINING: mail goes in clear, and eight-bit mail has to be recoded.
Usual causes: very old or very small software (printers, monitoring, scripts), a client that is
set so, and spam engines.",
    bad: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
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
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 502 5.5.1 unknown command
c> HELO client.example.org
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
    check: Check::Step(&[Request::Command(Verb::Helo)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.exchange.before.inferred {
        return None;
    }
    let earlier = step.case.session.exchanges.get(..step.index as usize)?;
    let is_first = !earlier.iter().any(|one| is_hello(one.request) || one.cut);
    is_first.then(|| {
        let mut later = step.case.steps().skip(step.index as usize + 1);
        let is_later = later.any(|one| one.verb() == Some(Verb::Ehlo));
        Hit::new(if is_later {
            "the client introduced itself with HELO first, and tried EHLO only later"
        } else {
            "the client introduced itself with HELO and did not try EHLO"
        })
    })
}
