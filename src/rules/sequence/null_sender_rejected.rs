use super::{is_paired, mentions};
use crate::rules::prelude::*;
use crate::smtp::command::envelope;

pub(super) const RULE: Rule = Rule {
    id: "null-sender-rejected",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.5.5, §6.1"),
    title: "MAIL FROM:<> was refused because its path is empty",
    help: "accept MAIL FROM:<>: it is how reports of failed mail come",
    explanation: "\
Reports of failed delivery \"MUST be sent using a null (\"<>\") reverse-path\" (RFC 5321 §6.1), so
that no report is ever answered with another. A server that refuses them never hears that mail
which it sent was lost, and its users do not, either. Only replies that say that the empty path
is the reason are counted; servers may refuse a client, or a session that should authenticate
first, for other reasons. Usual causes: filters against backscatter that are too simple, checks
that expect a domain in each sender's address.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<>
s< 553 5.1.7 empty sender address not permitted
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<>
s< 550 5.7.1 your host is on a block list
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Refused, check),
};

/// What servers say when the empty path is the reason.
const REASONS: [&str; 14] = [
    "null sender",
    "null reverse",
    "null return",
    "null address",
    "null envelope",
    "empty sender",
    "empty reverse",
    "empty return",
    "empty address",
    "empty envelope",
    "empty from",
    "5.1.7",
    "5.1.8",
    "bounces not",
];

fn check(step: &Step<'_>) -> Option<Hit> {
    // 501 and 555 may be about parameters, 503 and 530 are about what came before.
    if !matches!(step.code()?, 501 | 550 | 551 | 553 | 554) || !step.mailbox()?.is_empty() {
        return None;
    }
    let before = step.exchange.before;
    let command = step.command();
    // Whoever has authenticated is to send under his own name.
    let is_plain = envelope(&command)?.path.whole == b"<>" && !before.authenticated;
    let answer = step.answer()?;
    let is_why = mentions(&answer, &REASONS) && !mentions(&answer, &["authent", "5.7."]);
    (is_plain && is_why && !before.inferred && is_paired(step.case.session)).then(|| {
        let text = format!(
            "MAIL FROM:<> was refused with {}: reports of failed mail cannot be delivered here",
            answer.shown()
        );
        Hit::new(text).on_answer(&answer)
    })
}
