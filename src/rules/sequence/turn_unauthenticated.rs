use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "turn-unauthenticated",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 App. F.1"),
    title: "TURN or ATRN was sent without authentication",
    help: "authenticate with AUTH before ATRN; do not use TURN",
    explanation: "\
TURN and ATRN ask the server to hand over the mail that waits for a domain. Whoever can do that
without proof of who he is can take mail that is not his. RFC 5321 Appendix F.1 says that TURN
must not be used unless the server can authenticate the client; RFC 2645 §5 makes AUTH a
condition of ATRN. A server that gives in to it hands out mail to anybody; one that refuses
answers 530 or 502. Authentication by other means (a private line, a certificate) is not seen
here.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ATRN
c> ATRN example.org
s< 530 5.7.0 authentication required
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-AUTH EXTERNAL
s< 250 ATRN
c> AUTH EXTERNAL =
s< 235 2.7.0 ok
c> ATRN example.org
s< 453 4.3.0 you have no mail
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(
        &[Request::Command(Verb::Turn), Request::Command(Verb::Atrn)],
        Fact::Any,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (one, before) = (step.exchange, step.exchange.before);
    let is_known = one.reply.is_some() && !before.inferred && !before.tls;
    (is_known && !before.authenticated).then(|| {
        let text = format!(
            "{} asks for the mail of a domain, and the client has not authenticated itself",
            step.shown()
        );
        Hit::new(text)
    })
}
