use super::has_code;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "transaction-abandoned",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §4.1.1.5"),
    title: "a transaction was begun and left unfinished",
    help: "end a transaction that is given up with RSET",
    explanation: "\
MAIL was accepted, and so was a recipient if there was one, and then the client left without
DATA and without RSET. It is legal: QUIT aborts what is open (RFC 5321 §4.1.1.10). It is the
mark of address verification by callout, in which another server asks whether an address exists,
of harvesting of addresses, and of clients that fail between RCPT and DATA; in the last case the
mail waits in the client's queue. A transaction that the server refused is not counted.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Unfinished, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(message) = session.messages.last() else { return Vec::new() };
    if message.outcome != Outcome::Aborted || message.transfer.is_some() {
        return Vec::new();
    }
    let has_left = matches!(session.end, End::Quit | End::ClientClosed);
    let Some(mail) = case.mail(message).filter(|mail| has_left && mail.is_accepted()) else {
        return Vec::new();
    };
    let later = session.exchanges.get(mail.index as usize + 1..).unwrap_or_default();
    // DATA shows that the client meant it.
    let goes_on = |one: &Exchange| {
        let request = one.request;
        let is_other = !matches!(request, Request::Command(Verb::Rcpt | Verb::Noop | Verb::Quit));
        is_other || one.before.inferred || one.before.closing && request.name() != "QUIT"
    };
    let accepted =
        message.recipients.iter().filter(|one| one.code.is_some_and(|c| c < 400)).count();
    let is_unsure = message.recipients.iter().any(|one| one.code.is_none());
    if later.iter().any(goes_on) || is_unsure || has_code(case, 421) {
        return Vec::new();
    }
    if accepted == 0 && !message.recipients.is_empty() {
        return Vec::new();
    }
    let text = match accepted {
        0 => "MAIL was accepted, and the client left without RCPT and RSET".to_owned(),
        count => format!(
            "MAIL and {count} RCPT were accepted, and the client left without DATA and RSET"
        ),
    };
    vec![Hit::new(text).on(On::Command(mail.index))]
}
