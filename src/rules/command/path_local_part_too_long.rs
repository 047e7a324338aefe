use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-local-part-too-long",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.5.3.1.1"),
    title: "a local part of more than 64 octets",
    help: "use a shorter address; for bounce addresses, a shorter key",
    explanation: "\
\"The maximum total length of a user name or other local-part is 64 octets\" (RFC 5321
§4.5.3.1.1). Larger ones \"SHOULD be avoided when possible\"; a client may try, \"but MUST be
prepared for a server to reject them\" (§4.5.3.1). Some do, with 501 or 553, and then this
recipient gets nothing; of a MAIL, the whole message is refused. Usual causes: bounce addresses
that hold the recipient's whole address (VERP, SRS), generated addresses of ticket and
notification systems. The line still matches its ABNF.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<bounce-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f@example.org>
s< 501 address too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<bounce-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b@example.org>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (octets, verb) = (flawed.flaw.range.len(), super::verb(flawed));
    Some(Hit::new(format!(
        "a local part of {octets} octets in {verb}: every server must take 64, more it may refuse"
    )))
}
