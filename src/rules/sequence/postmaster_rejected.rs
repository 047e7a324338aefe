use super::{is_paired, mentions};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "postmaster-rejected",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.5.1"),
    title: "mail to postmaster was refused",
    help: "accept mail for postmaster, with and without each domain that is served",
    explanation: "\
RFC 5321 §4.5.1: a server that relays or delivers \"MUST support the reserved mailbox
\"postmaster\"\", at each domain for which it serves mail and without a domain (RCPT
TO:<Postmaster>). It is how others report that something is wrong with this server's mail. Only
refusals that say that there is no such mailbox or address are counted, and only for a domain of
which the server accepted another recipient in the same session; refusals by policy are not.
Usual causes: a table of recipients without that entry, servers that refuse addresses without a
domain.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<postmaster>
s< 550 5.1.1 no such user
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<postmaster@example.net>
s< 550 5.7.1 relaying denied
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Rcpt)], Fact::Refused, check),
};

/// What servers say of a mailbox that is not there.
const UNKNOWN: [&str; 12] = [
    "unknown",
    "no such",
    "not found",
    "does not exist",
    "doesn't exist",
    "not exist",
    "invalid",
    "no mailbox",
    "fully-qualified",
    "fully qualified",
    "domain missing",
    "5.1.1",
];

/// What they say when it is a matter of policy.
const POLICY: [&str; 10] = [
    "relay",
    "5.7.",
    "block",
    "denied by",
    "policy",
    "authent",
    "spam",
    "blacklist",
    "spf",
    "access",
];

fn check(step: &Step<'_>) -> Option<Hit> {
    if !matches!(step.code()?, 501 | 504 | 550 | 551 | 553 | 554) {
        return None;
    }
    let mailbox = step.mailbox()?;
    let (local, domain) = match mailbox.iter().rposition(|&octet| octet == b'@') {
        Some(at) => (mailbox.get(..at)?, mailbox.get(at + 1..)?),
        None => (mailbox, &[] as &[u8]),
    };
    if !local.eq_ignore_ascii_case(b"postmaster") {
        return None;
    }
    let (case, before) = (step.case, step.exchange.before);
    let answer = step.answer()?;
    let is_clear = mentions(&answer, &UNKNOWN) && !mentions(&answer, &POLICY);
    if !before.mail || before.inferred || !is_clear || !is_paired(case.session) {
        return None;
    }
    (domain.is_empty() || is_served(case, domain)).then(|| {
        let text = format!(
            "{} was refused with {}: each server must take mail for postmaster",
            shown(mailbox),
            answer.shown()
        );
        Hit::new(text).on_answer(&answer)
    })
}

/// Whether the server accepted another recipient of this domain.
fn is_served(case: Case<'_>, domain: &[u8]) -> bool {
    let mut recipients = case.session.messages.iter().flat_map(|message| message.recipients.iter());
    recipients.any(|one| {
        let address = case.session.bytes(one.address);
        let at = address.iter().rposition(|&octet| octet == b'@');
        let own = at.and_then(|at| address.get(at + 1..)).unwrap_or_default();
        one.code.is_some_and(|code| code / 100 == 2) && own.eq_ignore_ascii_case(domain)
    })
}
