use crate::rules::limit::says;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "recipient-limit-too-low",
    category: Category::Limit,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 5321 §4.5.3.1.8"),
    title: "a recipient was refused as one too many before there were 100",
    help: "let a message have at least 100 recipients",
    explanation: "\
RFC 5321 §4.5.3.1.8: \"Rejection of messages (for excessive recipients) with fewer than 100 RCPT
commands is a violation of this specification.\" The client must send the message once more for
the rest, so delivery takes longer; one that takes the refusal as final bounces them. Only 452
and 552 with a text that says so are counted: a 5yz of the site's policy may be lower
(§4.5.3.1.10), and so may a limit for an hour or a day, or one that the server has announced
with LIMITS.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> RCPT TO:<c@example.net>
s< 452 too many recipients
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 250 ok
c> RCPT TO:<c@example.net>
s< 452 too many recipients this hour
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Rcpt)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    if !matches!(step.code(), Some(452 | 552)) || !before.mail || before.inferred {
        return None;
    }
    // The first of all would be refused for another reason.
    if before.rcpt_accepted == 0 || before.rcpt_sent >= LEAST || is_announced(step.offered()) {
        return None;
    }
    let answer = step.answer()?;
    let is_why = says(&answer, &["too many recipients", "too many rcpt", "too many addresses"])
        && !says(&answer, RATES);
    if !is_why {
        return None;
    }
    let message = format!(
        "recipient {} was refused as one too many, where {LEAST} must be taken: {}",
        before.rcpt_sent + 1,
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer).once())
}

/// Recipients that a message can always have.
const LEAST: u32 = 100;

/// Words of limits that are not those of one message.
const RATES: &[&str] = &[
    "hour",
    "day",
    "minute",
    "second",
    "rate",
    "recently",
    "session",
    "connection",
    "domain",
    "sender",
    "for you",
    "your ",
    "quota",
    "throttl",
    "slow",
    "policy",
    "invalid",
    "unknown",
    "bad ",
    "failed",
    "nonexist",
    "non-exist",
];

/// Whether the server has told its limit (RFC 9422).
fn is_announced(offered: Offered<'_>) -> bool {
    offered.has("LIMITS") != Some(false)
}
