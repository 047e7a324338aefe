use super::{Misfit, chunk, misfit, octets};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "bdat-chunk-length-wrong",
    category: Category::Bdat,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "the size of a chunk is not the number of octets that were sent",
    help: "count the octets as they are sent: after line ends were made CRLF",
    explanation: "\
The octets behind the chunk are no command, or the chunk has taken in the next command: where the
stream makes sense again shows by how much the size is wrong. RFC 3030 §2: \"Correct byte counting
is essential.\" With a size too small \"the receiver-SMTP will interpret the remainder of the message
data as invalid commands\", or as valid ones, if whoever wrote the message knows that; with one too
large the next command becomes part of the message, and the dialog stands still. Usual causes:
lines counted with LF and sent with CRLF (the size is too small by the number of lines), a last
CRLF or a dot that is added after counting, characters counted instead of octets.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 24 LAST
c> Subject: report
c>
c> hello
c> more
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
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 32 LAST
c> Subject: report
c>
c> hello
c> more
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Bdat)], Fact::OddChunks, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let announced = chunk(step)?.octets;
    let text = match misfit(step)? {
        Misfit::Small(left) => {
            let next = match &left.next {
                Some(next) => format!("{} is the next command", next.shown()),
                None => "no command follows".to_owned(),
            };
            format!(
                "{announced} octets were announced, {} more follow, beginning with {}, before {next}: \
                 the server reads them as commands",
                left.octets,
                left.first.shown()
            )
        }
        Misfit::Large(by, command) => format!(
            "{announced} octets were announced, which is {} too many: the command {} stands in the \
             last of them and becomes part of the message",
            octets(by),
            shown(&command)
        ),
    };
    Some(Hit::new(text))
}
