use crate::rules::pipelining::is_sent_blindly;
use crate::rules::prelude::*;
use crate::rules::remains::{Owner, owner, remains};

pub(super) const RULE: Rule = Rule {
    id: "data-sent-after-rejection",
    category: Category::Data,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "the message was sent although DATA was refused",
    help: "read the reply to DATA, and send the message only after 354",
    explanation: "\
\"Message data MUST NOT be sent unless a 354 reply is received\" (RFC 5321 §3.3, on the DATA command
of §4.1.1.4). The server refused DATA and reads what follows as commands: each line gets an error,
and lines of the message that are commands are obeyed, so that whoever wrote it can send other
mail in the client's name. The message itself is lost if the client takes one of those replies for
success. Usual causes: scripts that do not look at replies, a client that sends its message in one
go, a fallback after the wrong code.",
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
c> Subject: report
s< 500 5.5.2 what?
c> hello
s< 500 5.5.2 what?
c> .
s< 500 5.5.2 what?
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
s< 451 4.7.1 try again later
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Stray, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // Of what was sent before the refusal was seen, another rule speaks.
    if owner(step) != Some(Owner::Rejected) || is_sent_blindly(step) {
        return None;
    }
    let left = remains(step)?;
    let text = format!(
        "after {} to DATA the client sent {} of content ({}, beginning with {}): the server reads them \
         as commands",
        step.answer()?.shown(),
        if left.lines == 1 { "1 line".to_owned() } else { format!("{} lines", left.lines) },
        if left.octets == 1 { "1 octet".to_owned() } else { format!("{} octets", left.octets) },
        left.first.shown()
    );
    Some(Hit::new(text).on(On::Command(left.first.index)))
}
