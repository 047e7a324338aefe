use crate::rules::prelude::*;
use crate::rules::remains::{Owner, owner, remains};

pub(super) const RULE: Rule = Rule {
    id: "data-after-dot-residue",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Content],
    rfc: Some("RFC 5321 §4.1.1.4"),
    title: "text follows the end of data that is no command",
    help: "send nothing between the dot and the next command, and double dots in content",
    explanation: "\
With CRLF, a dot and CRLF the message is over (RFC 5321 §4.1.1.4); what follows in the same breath
is read as commands. Lines that are none were meant as content: a line of the message was a dot
alone, and the client did not double it (§4.5.2). The rest of the message is lost, lines in it that
are commands are obeyed, and the client's next commands get the replies to its text. Usual causes:
no dot stuffing, a trailer that is added behind the dot, binary data. One text typed in answer to
the final reply is no residue.",
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
s< 354 go on
c> Subject: report
c>
c> hello
c> .
c> and more
c> to say
s< 250 2.0.0 queued
s< 500 5.5.2 what?
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
s< 354 go on
c> Subject: report
c>
c> hello
c> ..
c> and more
c> to say
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::EndOfData], Fact::Stray, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if owner(step) != Some(Owner::EndOfData) {
        return None;
    }
    let left = remains(step)?;
    let text = format!(
        "{} octets in {} follow the end of data without waiting for its reply, beginning with {}: the \
         server reads them as commands",
        left.octets,
        if left.lines == 1 { "1 line".to_owned() } else { format!("{} lines", left.lines) },
        left.first.shown()
    );
    Some(Hit::new(text).on(On::Command(left.first.index)))
}
