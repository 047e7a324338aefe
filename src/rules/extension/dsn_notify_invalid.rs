use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "dsn-notify-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3461 §4.1"),
    title: "NOTIFY is neither NEVER nor a list of SUCCESS, FAILURE and DELAY",
    help: "send NOTIFY=NEVER, or NOTIFY= with SUCCESS, FAILURE and DELAY and commas between",
    explanation: "\
RFC 3461 §4.1 knows four words for NOTIFY: NEVER by itself, or SUCCESS, FAILURE and DELAY, in
any case, with commas between. A server that reads anything else answers 501 and does not take
the recipient; one that ignores it sends other notifications than the sender asked for, or none
when the mail is lost. Usual causes: words of an API passed through (ON_FAILURE, ALWAYS, NONE),
semicolons instead of commas, or an empty value.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=SUCCESS,ERROR
s< 501 5.5.4 bad NOTIFY parameter syntax
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DSN
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net> NOTIFY=success,Failure
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let hit = plain(flawed)?;
    Some(Hit {
        message: format!("{}; the server may refuse the recipient with 501", hit.message),
        ..hit
    })
}
