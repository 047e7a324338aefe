use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-repeated",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Offers],
    rfc: Some("RFC 5321 §4.1.4"),
    title: "EHLO was sent again without need",
    help: "send EHLO once, and again only after STARTTLS or AUTH; use RSET to begin anew",
    explanation: "\
RFC 5321 §4.1.4 permits EHLO at any time, and it has the effect of RSET: an open transaction is
gone with it. Without STARTTLS or AUTH before it, nothing can have changed, and it costs a round
trip and the server's work: \"RSET will normally be more efficient than reissuing that command\"
(§4.1.1.5). Usual causes: a client library that is opened twice on one connection, or one that
uses EHLO to see whether the connection is still alive (NOOP is for that).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
s< 250 AUTH EXTERNAL
c> AUTH EXTERNAL =
s< 235 2.7.0 ok
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
    check: Check::Session(Fact::HelloAgain, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let mut found = None;
    let mut count = 0;
    for (before, again) in session.hellos.iter().zip(session.hellos.iter().skip(1)) {
        let (from, until) = (before.exchange as usize, again.exchange as usize);
        let Some(between) = session.exchanges.get(from..until) else { continue };
        let changes = |one: &Exchange| {
            let changes = Request::Command;
            [Verb::Starttls, Verb::Auth, Verb::Xclient].map(changes).contains(&one.request)
        };
        if !between.iter().any(changes) {
            found.get_or_insert(again.exchange);
            count += 1;
        }
    }
    let hit = found.map(|exchange| {
        let text = format!(
            "EHLO was accepted and sent again with neither STARTTLS nor AUTH between{}",
            if count > 1 { format!(", {count} times") } else { String::new() }
        );
        Hit::new(text).on(On::Command(exchange))
    });
    hit.into_iter().collect()
}
