use crate::rules::prelude::*;
use crate::smtp::code;

pub(super) const RULE: Rule = Rule {
    id: "reply-code-unregistered",
    category: Category::Reply,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2.3"),
    title: "a reply code that no RFC defines",
    help: "use a code of RFC 5321 §4.2.3, and say the rest in the text or an enhanced code",
    explanation: "\
RFC 5321 §4.2: \"An SMTP server SHOULD send only the reply codes listed in this document\", and
§4.2.1: \"Receiver implementations should not invent new codes for slightly different
situations\". A client must handle such a code by its first digit alone, so mail is rarely lost;
but software that looks codes up (bounce handlers, monitors, some intrusion detection) stumbles
over it. Codes of other RFCs, as 454 of STARTTLS or 535 of AUTH, are not counted. Usual cause: a
mail filter with codes of its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 447 mailbox is being moved
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
s< 450 mailbox is being moved
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::OddCode, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let odd = |answer: &Answer<'_>| {
        let (code, line) = (answer.code()?, answer.first());
        // What is outside of the grammar is told by another rule.
        let is_code = matches!(line, [b'2'..=b'5', b'0'..=b'5', ..]);
        (is_code && !code::is_registered(code)).then_some(code)
    };
    let mut hits = Vec::new();
    for answer in case.answers() {
        if let Some(code) = odd(&answer) {
            let message = format!(
                "code {code} is defined by no RFC: a client can go by its first digit only"
            );
            hits.push(Hit::new(message).on_answer(&answer).at(0..3).once());
        }
    }
    hits
}
