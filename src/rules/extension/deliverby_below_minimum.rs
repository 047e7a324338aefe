use crate::rules::offers::is_known;
use crate::rules::prelude::*;
use crate::smtp::grammar::param::value;
use crate::smtp::grammar::params::{By, Value};

pub(super) const RULE: Rule = Rule {
    id: "deliverby-below-minimum",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 2852 §4.1"),
    title: "BY asks for a return sooner than the server's minimum",
    help: "return the message, or ask for no less than the minimum that DELIVERBY offers",
    explanation: "\
The number behind DELIVERBY in an EHLO reply is the least time, in seconds, that the server
accepts with mode R (RFC 2852 §4.1): in less time it cannot promise to return a message that was
not delivered. It refuses such a MAIL. The client has to read the minimum and return the message
itself, or ask for more time. Usual causes: a client that does not look at the number, and time
that a message lost in queues on its way here. Mode N, which asks only to be told of a delay,
has no minimum.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 DELIVERBY 240
c> MAIL FROM:<a@example.org> BY=120;R
s< 501 5.5.4 the time is below the minimum
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
c> MAIL FROM:<a@example.org> BY=120;N
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
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Uncommon, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let given = step.param(b"BY")?;
    let Some(Value::By(By { seconds, is_return: true, .. })) = value(Verb::Mail, &given) else {
        return None;
    };
    if step.exchange.before.inferred || !is_known(step) {
        return None;
    }
    // The digits end at a comma: words of later extensions may follow.
    let least = step.offered().offer("DELIVERBY")?.params().next()?;
    let least = least.split(|&octet| octet == b',').next()?;
    let least: i32 = str::from_utf8(least).ok()?.parse().ok()?;
    (seconds < least).then(|| {
        Hit::new(format!(
            "a return within {seconds} seconds is asked for, the server's minimum is {least}: it \
             refuses what it cannot promise"
        ))
        .at(given.range)
    })
}
