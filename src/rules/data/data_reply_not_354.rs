use crate::rules::prelude::*;
use crate::rules::sequence::is_paired;

pub(super) const RULE: Rule = Rule {
    id: "data-reply-not-354",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.4, §4.3.2"),
    title: "DATA was answered with neither 354 nor a refusal",
    help: "answer DATA with 354, or refuse it with 4yz or 5yz",
    explanation: "\
The reply to DATA is 354, or 4yz or 5yz (RFC 5321 §4.3.2), and \"message data MUST NOT be sent
unless a 354 reply is received\" (§3.3). With 250 the client can take the transaction for finished
though nothing was sent, and the message is lost; or it sends the content, and nobody knows whether
the server reads it as commands. Usual causes: a filter that answers each command with 250, a
server whose replies are one step behind, scripts that test clients.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 250 2.0.0 ok
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
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
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
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Unusual, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let code = step.code().filter(|code| (200..400).contains(code) && *code != 354)?;
    // Codes that no reply has are of another rule, and it may be QUIT that this 221 answers.
    let answer = step.answer().filter(|_| code != 221 && is_paired(step.case.session))?;
    if !matches!(answer.first(), [b'2'..=b'3', b'0'..=b'5', ..]) || step.exchange.before.inferred {
        return None;
    }
    let text = format!(
        "{} was given to DATA: only 354 asks for the message, and without it the client must not send \
         any",
        answer.shown()
    );
    Some(Hit::new(text).on_answer(&answer).at(0..3).once())
}
