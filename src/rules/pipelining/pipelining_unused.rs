use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};
use crate::smtp::extension::PIPELINING;
use crate::time::Lapse;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-unused",
    category: Category::Pipelining,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 2920 §1"),
    title: "PIPELINING is offered, but the client waited for each reply",
    help: "send MAIL, all RCPT and DATA in one group",
    explanation: "\
RFC 2920 §1: \"SMTP's intrinsic one command-one response structure is significantly penalized by
high latency links\". With PIPELINING, MAIL, all RCPT and DATA take one round trip
instead of one each. Waiting is legal, and cheap on a short path or for one message to one
recipient; it is noted only where a message has three recipients or more, or a session three
messages or more. The round trips are counted as commands of the envelope less one for each
message. Their time is that of the TCP handshake, as recorded, times their number: an estimate, in
which the server's own work is left out. Without times only the round trips are told, and where
they add up to less than a millisecond nothing is. A client that checks each recipient before it
offers the next (a proxy, a list server, a call-out) waits for good reason.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<d@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Unpipelined, check),
};

/// From so many recipients of a message on it costs something to wait, or messages of a session.
const MANY: usize = 3;

/// Nanoseconds in all that are worth a word.
const LEAST: i64 = 1_000_000;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let is_many = |one: &Message| one.recipients.len() >= MANY;
    let all = &session.messages;
    if session.used.has(PIPELINING) || all.len() < MANY && !all.iter().any(is_many) {
        return Vec::new();
    }
    let mut trips = 0;
    let mut first = None;
    for message in all {
        let Some(mail) = case.mail(message).filter(Step::is_accepted) else { continue };
        if message.recipients.is_empty() || message.cut {
            continue;
        }
        if first.is_none() && !matches!(standing(&mail, "PIPELINING"), Standing::Offered(_)) {
            return Vec::new();
        }
        first.get_or_insert(mail.index);
        // The first of them needs its round trip in any case.
        trips += message.recipients.len() + usize::from(message.transfer.is_some());
    }
    let Some(first) = first.filter(|_| trips > MANY) else { return Vec::new() };
    let connect = session.timing.connect.map(Lapse::nanos).filter(|&time| time > 0);
    let count = i64::try_from(trips).unwrap_or(i64::MAX);
    let cost = connect.map(|time| time.saturating_mul(count));
    if cost.is_some_and(|cost| cost < LEAST) {
        return Vec::new();
    }
    let time = cost.zip(connect).map_or(String::new(), |(cost, connect)| {
        format!(
            ", or about {} ms, as the TCP handshake took {} us",
            cost / 1_000_000,
            connect / 1000
        )
    });
    let text = format!(
        "the client waited for each reply although PIPELINING is offered: that cost {trips} round \
         trips{time}"
    );
    vec![Hit::new(text).on(On::Command(first))]
}
