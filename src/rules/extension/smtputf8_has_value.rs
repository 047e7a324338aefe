use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smtputf8-has-value",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 6531 §3.4"),
    title: "the parameter SMTPUTF8 was given a value",
    help: "send SMTPUTF8 alone, without = and a value",
    explanation: "\
RFC 6531 §3.4: \"If this parameter is provided, it MUST not accept a value.\" SMTPUTF8 stands
alone; a server that reads it to the letter answers 501 or 555, and the mail is not sent. Usual
cause: a library that writes each parameter as name=value, or a setting such as \"SMTPUTF8=yes\"
that was passed on as it is.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8=yes
s< 501 5.5.4 SMTPUTF8 takes no value
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# escaped
c> Subject: gr\\xc3\\xbc\\xc3\\x9fe
c>
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
    Some(Hit::new(format!(
        "{}: SMTPUTF8 takes no value, and the server may refuse the command",
        flawed.seen()
    )))
}
