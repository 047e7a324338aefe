use crate::rules::offers::is_known;
use crate::rules::prelude::*;
use crate::smtp::command::Param;
use crate::smtp::grammar::param::value;
use crate::smtp::grammar::params::Value;

pub(super) const RULE: Rule = Rule {
    id: "futurerelease-out-of-range",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 4865 §4"),
    title: "HOLDFOR or HOLDUNTIL is beyond what the server offers",
    help: "ask for no later release than the two limits behind FUTURERELEASE allow",
    explanation: "\
Behind FUTURERELEASE in an EHLO reply stand the longest time, in seconds, and the latest date
for which the server holds a message (RFC 4865 §4). A MAIL that asks for more is refused, with
501 for example, and the mail is not sent at all. The client has to read both limits, and keep
the message itself until the server takes it. Usual cause: a client that does not look at the
limits, or that remembers those of another server.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 FUTURERELEASE 86400 2030-01-01T00:00:00Z
c> MAIL FROM:<a@example.org> HOLDFOR=172800
s< 501 5.5.4 beyond the maximum
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
s< 250 FUTURERELEASE 86400 2030-01-01T00:00:00Z
c> MAIL FROM:<a@example.org> HOLDFOR=86400
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
    let given = step.param(b"HOLDFOR").or_else(|| step.param(b"HOLDUNTIL"))?;
    if step.exchange.before.inferred || !is_known(step) {
        return None;
    }
    let mut limits = step.offered().offer("FUTURERELEASE")?.params();
    let (longest, latest) = (limits.next()?, limits.next());
    // A limit that is no number, or no date, is none that a client could keep to.
    let limit =
        |keyword, text| value(Verb::Mail, &Param { keyword, value: Some(text), range: 0..0 });
    let (is_beyond, most) = match value(Verb::Mail, &given)? {
        Value::HoldFor(seconds) => match limit(b"HOLDFOR", longest)? {
            Value::HoldFor(most) => (seconds > most, longest),
            _ => return None,
        },
        Value::HoldUntil(date) => match limit(b"HOLDUNTIL", latest?)? {
            Value::HoldUntil(most) => (date > most, latest?),
            _ => return None,
        },
        _ => return None,
    };
    is_beyond.then(|| {
        let (asked, most) = (shown(given.value.unwrap_or_default()), shown(most));
        Hit::new(format!("{asked} is beyond {most}, the most that the server offers to hold it"))
            .at(given.range)
    })
}
