use super::{COMMAND, attempt_of};
use crate::dialog::session::Initial;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-initial-response-too-long",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "an initial response makes the AUTH command longer than 512 octets",
    help: "send AUTH without the response, and the response in answer to 334",
    explanation: "\
The AUTH command has the line length of other commands, 512 octets with its line end; where the
initial response would make it longer, the client must not send it there, but wait for 334 and send
it then: such lines may have 12288 octets (RFC 4954 §4). Servers with a buffer for commands answer
500 5.5.6 or cut the line, and the login fails for users with long tokens or tickets alone. Usual
causes: tokens of XOAUTH2 and OAUTHBEARER, tickets of GSSAPI, long passwords with PLAIN. Many
servers take longer lines.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH SCRAM-SHA-256
c> AUTH SCRAM-SHA-256 biwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiws
s< 500 5.5.6 line too long
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH SCRAM-SHA-256
c> AUTH SCRAM-SHA-256
s< 334\x20
c> biwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiwsbiws
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::LongLine, check),
};

/// The octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4).
const MOST: u64 = 512;

fn check(step: &Step<'_>) -> Option<Hit> {
    let octets = step.exchange.octets;
    let attempt = attempt_of(step.case, step.index)?;
    let is_first = attempt.exchange == Some(step.index);
    // What a transcript has in place of a secret is not as long as that.
    let is_known = step.exchange.masked != Some(0) || step.case.is_packets();
    if octets <= MOST || attempt.initial != Initial::Given || !is_first || !is_known {
        return None;
    }
    Some(Hit::new(format!(
        "with its initial response this AUTH command has {octets} octets, {MOST} are permitted: the \
         response must wait for 334, where the line may be longer"
    )))
}
