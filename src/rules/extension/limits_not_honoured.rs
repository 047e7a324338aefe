use crate::rules::offers::Limits;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "limits-not-honoured",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 9422 §3"),
    title: "the server applies a lower limit than it announced with LIMITS",
    help: "announce with LIMITS what the server really applies, or raise that",
    explanation: "\
LIMITS is there \"to inform the client of limits the server intends to apply to the protocol
during the current session\" (RFC 9422); clients divide their mail by it. This server says in a
reply that there are too many recipients, or too many messages in this session, though fewer
than it announced were sent. Mail that the client divided rightly is delayed, or returned if the
client takes the refusal for a final one. Usual causes: a limit changed in one place of the
configuration and not in the other, or a filter before the server with a limit of its own. A
server may reckon in a policy of its own (so many an hour): where the reply speaks of one, it is
not accused.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTMAX=50
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 452 4.5.3 too many recipients
c> DATA
s< 354 go on
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
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTMAX=50
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 452 4.5.3 too many recipients this hour
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Limits, check),
};

/// What a reply says if another limit than the announced one is meant: one of time, of a sender,
/// or of errors.
const POLICY: &[&str] = &[
    "hour",
    "minute",
    "second",
    "day",
    "daily",
    "week",
    "month",
    "rate",
    "quota",
    "recent",
    "time",
    "unknown",
    "invalid",
    "bad",
    "fail",
    "error count",
    "user",
    "sender",
    "account",
    "your ip",
    "domain",
    "concurrent",
    "connections",
];

/// What it says if there are too many transactions.
const MANY: &[&str] =
    &["too many messages", "too many transactions", "too many mails", "too many emails"];

fn check(case: Case<'_>) -> Vec<Hit> {
    if !case.steps().any(|step| step.is_refused() && is_limited(step.verb())) {
        return Vec::new();
    }
    let mut mails = 0_u32;
    let below = |step: Step<'_>| {
        let before = step.exchange.before;
        let verb = step.verb().filter(|&verb| is_limited(Some(verb)))?;
        mails += u32::from(verb == Verb::Mail);
        if !step.is_refused() {
            return None;
        }
        let limits = Limits::known(&step)?;
        let answer = step.answer()?;
        let text: Vec<u8> = answer.texts().collect::<Vec<_>>().join(&b' ').to_ascii_lowercase();
        let says = |words: &str| text.windows(words.len()).any(|window| window == words.as_bytes());
        if POLICY.iter().any(|words| says(words)) {
            return None;
        }
        let (name, most, sent) = match verb {
            Verb::Rcpt if matches!(step.code()?, 452 | 552) && says("too many recipients") => {
                ("RCPTMAX", limits.rcptmax?, before.rcpt_sent + 1)
            }
            Verb::Mail
                if MANY.iter().any(|words| says(words))
                    && (says("session") || says("connection")) =>
            {
                ("MAILMAX", limits.mailmax?, mails)
            }
            _ => return None,
        };
        (sent <= most).then(|| {
            Hit::new(format!(
                "{} in answer to number {sent}, where the server announced {name}={most}",
                answer.shown()
            ))
            .on_answer(&answer)
        })
    };
    case.steps().filter_map(below).collect()
}

/// Whether a limit is about commands with this verb.
fn is_limited(verb: Option<Verb>) -> bool {
    matches!(verb, Some(Verb::Rcpt | Verb::Mail))
}
