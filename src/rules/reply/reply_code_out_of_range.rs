use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-code-out-of-range",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2"),
    title: "a reply code outside 200 to 559",
    help: "use a code of RFC 5321 §4.2.3 with the same first digit, such as 250, 450 or 550",
    explanation: "\
RFC 5321 §4.2 lets the first digit be 2 to 5, the second 0 to 5, and the third any: \"SMTP
servers MUST NOT send reply codes whose first digits are other than 2, 3, 4, or 5. Clients that
receive such out-of-range codes SHOULD normally treat them as fatal errors and terminate the
mail transaction.\" A code like 571 or 260 has a first digit that clients understand, but the
grammar has no such second digit, and a strict client takes the line for garbage. Usual cause: a
filter's own \"570\" or \"571\" for mail that it blocks, or FTP's 1yz codes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 571 blocked by policy
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
s< 550 blocked by policy
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let code = flawed.seen();
    let what = match flawed.line.first() {
        Some(b'2'..=b'5') => {
            "the second digit of a reply code is 0 to 5, and a strict client takes this for garbage"
        }
        _ => "the first digit of a reply code is 2 to 5, and clients should give up on any other",
    };
    Some(Hit::new(format!("code {code}: {what}")))
}
