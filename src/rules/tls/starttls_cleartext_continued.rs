use super::STARTTLS;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "starttls-cleartext-continued",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §4.1, §6"),
    title: "mail was sent in clear after STARTTLS had failed",
    help: "require TLS for servers that are known to have it (MTA-STS, DANE, or a list)",
    explanation: "\
The client asked for TLS, the server refused it, and the client sent its mail in clear all the
same. RFC 3207 §6 leaves that to the client: \"go ahead with the rest of the SMTP session, retry
TLS at a later time, or give up and return the mail\". Between servers that do not know each
other it is usual, and better than no mail; but all can read it, and who can write the refusal
into the connection decides about it. Where TLS is a matter of contract or law, the client must
be set to require it. It costs the mail's secrecy, not the mail.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 454 4.7.0 TLS not available due to temporary reason
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(STARTTLS, Fact::Content, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if !step.is_refused() || step.exchange.before.tls {
        return None;
    }
    let messages = step.case.session.messages.iter().filter(|one| one.transfer.is_some());
    let mails = messages.filter_map(|one| step.case.mail(one));
    let mut clear = mails.filter(|mail| mail.index > step.index && !mail.exchange.before.tls);
    let (mail, answer) = (clear.next()?, step.answer()?);
    let more = clear.count();
    let more = if more > 0 {
        format!(", the first of {} such messages,", more + 1)
    } else {
        String::new()
    };
    let message =
        format!("{}{more} was sent in clear after {} to STARTTLS", mail.shown(), answer.shown());
    Some(Hit::new(message).on(On::Command(mail.index)).once())
}
