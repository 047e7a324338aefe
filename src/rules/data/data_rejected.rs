use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-rejected",
    category: Category::Data,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "DATA was refused",
    help: "read the reply: it says why the server does not want the message",
    explanation: "\
The server refused to take mail data after it had accepted sender and recipients. It may (RFC 5321
§3.3, §4.3.2): 503 or 554 where there is no recipient, 451 or 452 for want of resources, 450 or 550
by policy. With 4yz the client tries again later, with 5yz it gives the message back; in neither
case may it send the content. Usual causes: greylisting and filters that decide at DATA, a full
disk, a limit for this client. What is refused because the client's order of commands is wrong is
not counted here.",
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
s< 451 4.7.1 try again later
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
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    // Without a recipient it is right, and with an argument, or mixed with BDAT.
    let is_valid = before.mail && before.rcpt_accepted > 0 && !before.bdat;
    let is_plain = step.command().argument.trim_ascii().is_empty();
    if !step.is_refused() || !is_valid || !is_plain || before.inferred {
        return None;
    }
    let answer = step.answer()?;
    let then = match step.class() {
        Some(Class::Transient) => "the client is to try again later",
        _ => "the client is to give the message back",
    };
    let text = format!(
        "DATA was refused with {} after {} of {} recipients were accepted: {then}",
        answer.shown(),
        before.rcpt_accepted,
        before.rcpt_sent
    );
    Some(Hit::new(text).on_answer(&answer).once())
}
