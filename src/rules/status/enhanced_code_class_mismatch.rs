use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-class-mismatch",
    category: Category::Status,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 2034 §4; RFC 3463 §2"),
    title: "the enhanced status code contradicts the reply code",
    help: "let the enhanced code begin with the first digit of the reply code",
    explanation: "\
RFC 2034 §4: \"a 2xx response must incorporate a 2.X.X code, a 4xx response must incorporate a
4.X.X code, and a 5xx response must incorporate a 5.X.X code.\" A client acts on the reply code,
but bounce handlers, lists and statistics go by the enhanced one: mail that is only delayed
counts as refused, an address that is good is struck off a list. Usual causes: a reply code
changed in the configuration and its text left as it was (450 5.1.1), or a policy program that
sets only one of the two.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 450 5.1.1 no such user
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
s< 450 4.1.1 no such user
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let code = shown(flawed.line.get(..3)?);
    let text = flawed.line.get(4..)?;
    let end = text.iter().position(|octet| matches!(octet, b' ' | b'\t')).unwrap_or(text.len());
    let (enhanced, _) = text.split_at(end);
    Some(Hit::new(format!(
        "code {code} with the enhanced code {}: their first digits must agree, or one reader takes \
         for final what another takes for temporary or for success",
        shown(enhanced)
    )))
}
