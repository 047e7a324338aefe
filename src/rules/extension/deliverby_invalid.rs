use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "deliverby-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 2852 §4"),
    title: "the value of BY is malformed, or asks for a return at once",
    help: "send BY=seconds;N or BY=seconds;R, with a positive time for R",
    explanation: "\
RFC 2852 §4: BY is a number of seconds (1 to 9 digits, perhaps with a sign), a semicolon, N to
be told of a delay or R to have the message returned, and perhaps T to trace relays. With R the
time must be positive: a message whose time is over is to be returned, not sent. A server that
checks the value answers 501; one that misreads it returns mail too early or keeps it when it is
of no use any more. Usual causes: a time of day instead of seconds, no mode, or a relay that
subtracts the time that has passed and sends what is left although it is negative.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DELIVERBY 240
c> MAIL FROM:<a@example.org> BY=-5;R
s< 501 5.5.4 bad BY parameter syntax
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
s< 250 DELIVERBY 240
c> MAIL FROM:<a@example.org> BY=-5;N
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
    Some(Hit { message: format!("{}; the server may answer 501", hit.message), ..hit })
}
