use crate::rules::prelude::*;
use crate::smtp::grammar::reply::Kind;
use crate::smtp::status;

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-unregistered",
    category: Category::Status,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5248"),
    title: "an enhanced status code that IANA's registry does not have",
    help: "use a code of the registry, as X.7.1 for policy, and say the rest in the text",
    explanation: "\
RFC 5248 keeps a registry of enhanced status codes, and new ones come by review. Software that
looks a code up finds nothing here and goes by its first two numbers, if at all. It harms
nobody's mail. Usual causes: a provider with codes of its own (5.7.509 and others of the kind),
or a number picked by hand.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.7.606 access denied
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.7.26 access denied
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::EnhancedOdd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for answer in case.answers() {
        let Some(code) = answer.enhanced() else { continue };
        // What contradicts the reply's code is told by another rule, and may be no such code.
        let is_one = code.first() == answer.first().first() && answer.kind() == Kind::Any;
        if is_one && !is_known(code) {
            let message = format!("the enhanced code {} is not in IANA's registry", shown(code));
            hits.push(Hit::new(message).on_answer(&answer).at(4..4 + code.len()).once());
        }
    }
    hits
}

/// Whether the registry has `code`.
fn is_known(code: &[u8]) -> bool {
    let number = |part: &[u8]| {
        part.iter().fold(0_u16, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u16::from(digit.saturating_sub(b'0')))
        })
    };
    let mut parts = code.split(|&octet| octet == b'.').skip(1).map(number);
    let (subject, detail) = (parts.next(), parts.next());
    subject.zip(detail).is_some_and(|(subject, detail)| status::is_registered(subject, detail))
}
