use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-code-mismatch",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server],
    rfc: Some("RFC 5321 §4.2.1"),
    title: "the lines of one reply have different codes",
    help: "begin all lines of a reply with the same code",
    explanation: "\
RFC 5321 §4.2.1: \"In a multiline reply, the reply code on each of the lines MUST be the same. It
is reasonable for the client to rely on this\". Clients do, and differ: some go by the first
line, some by the last. If one says 2yz and another 5yz, a message is counted as sent that was
refused, or sent again though it was taken. Usual causes: a policy program that adds lines to
another's reply, a proxy that mixes the replies of two servers, or a reply that was never ended
before the next began.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550-no such user here
s< 450 try again later
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 450-no such user here
s< 450 try again later
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let answer = flawed.answer()?;
    let first = shown(answer.first().get(..3)?);
    Some(Hit::new(format!(
        "code {} in a reply that began with {first}: all lines must have one code, and clients \
         differ on which they go by",
        flawed.seen()
    )))
}
