use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "param-wrong-command",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §2.2.2"),
    title: "a parameter of MAIL given with RCPT, or the other way round",
    help: "give SIZE, BODY, RET, ENVID, SMTPUTF8 with MAIL; NOTIFY and ORCPT with RCPT",
    explanation: "\
An extension says for which command its parameters are (RFC 5321 §2.2.2): SIZE, BODY, SMTPUTF8,
AUTH, RET and ENVID are for MAIL, NOTIFY, ORCPT and RRVS for RCPT. With the other command they
mean nothing: servers answer 555 or 501, and the recipient or the message is refused. Usual
cause: a program that adds the same parameters to both.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 DSN
c> MAIL FROM:<alice@example.org> NOTIFY=NEVER
s< 555 NOTIFY is not supported here
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 DSN
c> MAIL FROM:<alice@example.org> RET=HDRS
s< 250 OK
c> RCPT TO:<bob@example.net> NOTIFY=NEVER
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    let other = if verb == "RCPT" { "MAIL" } else { "RCPT" };
    Some(Hit::new(format!("{seen} is a parameter of {other}, not of {verb}: servers answer 555")))
}
