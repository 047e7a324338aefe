use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-too-long",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.5.3.1.3"),
    title: "a path of more than 256 octets",
    help: "use shorter addresses, and no source routes",
    explanation: "\
\"The maximum total length of a reverse-path or forward-path is 256 octets (including the
punctuation and element separators)\" (RFC 5321 §4.5.3.1.3). A client may try more, \"but MUST be
prepared for a server to reject them\" (§4.5.3.1); middleboxes drop the connection over it. Each
part of this path is within its own limit; together, or with a source route, they are not. The
line still matches its ABNF.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh@abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdef.net>
s< 501 path too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<abcdefghabcdefghabcdefghabcdefgh@abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.abcdef.net>
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
        "a path of {octets} octets in {verb}: every server must take 256, more it may refuse"
    )))
}
