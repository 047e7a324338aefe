use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-gap",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[Need::Packets, Need::Content],
    rfc: None,
    title: "octets of a message are missing from the capture",
    help: "capture without loss: a larger buffer, a filter for the port, no snap length",
    explanation: "\
The capture lacks packets that carried a part of this message: the octets were acknowledged or
followed by others, so that they were sent. What is missing is counted, and is neither filled nor
passed over: facts about the content (its size, line ends, NUL and 8-bit octets) are of what is
there. Usual causes: a capture process that is too slow or has too small a buffer, a switch port
that drops copies under load, a snap length, a ring of files from which one is gone.",
    bad: "\
# calm
# drop 9
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# pause 1ms
c> Subject: report
# pause 1ms
c>
c> hello
c> .
s< 250 2.0.0 queued
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
    check: Check::Mail(Fact::LackingContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let missing = message.content.missing;
    if missing == 0 {
        return None;
    }
    let text = format!(
        "{missing} octets are missing from the capture inside the message, or from there on, {} of its \
         octets are there",
        message.content.octets
    );
    let verb = match message.transfer {
        Some(Transfer::Bdat) => Verb::Bdat,
        _ => Verb::Data,
    };
    let own = case.mail(message).and_then(|mail| mail.exchange.message);
    let is_its = |step: &Step<'_>| step.verb() == Some(verb) && step.exchange.message == own;
    let begun = own.and_then(|_| case.steps().find(is_its));
    let hit = Hit::new(text);
    Some(match begun {
        Some(begun) => hit.on(On::Command(begun.index)),
        None => hit,
    })
}
