use super::{is_informed, is_paired};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-after-421",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Order],
    rfc: Some("RFC 5321 §3.8"),
    title: "the client went on after 421",
    help: "after 421 close the connection (with QUIT or without), and try again later",
    explanation: "\
421 says that the server is \"closing transmission channel\" (RFC 5321 §4.2.3); a client that gets
it should treat the transaction as if it had got 451 (§3.8) and connect anew later. Commands
after it are lost with the connection, or answered with 421 again. The client had read the 421
here, as it was the reply to a command for which it waited. QUIT after 421 is not blamed. Some
servers send 421 for one recipient and go on serving: then the server has chosen the wrong code.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 421 4.3.2 mx.example.net shutting down
c> RCPT TO:<b@example.net>
s< 421 4.3.2 mx.example.net shutting down
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 421 4.3.2 mx.example.net shutting down
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Reply(Fact::Refused, check),
};

fn check(answer: &Answer<'_>) -> Option<Hit> {
    if answer.code() != Some(421) {
        return None;
    }
    let case = answer.case;
    let next = match answer.of {
        Of::Greeting => 0,
        Of::Exchange(index) => index + 1,
        // One that came unasked is read with the reply to the next command (RFC 5321 §3.8).
        Of::Delivery(..) | Of::Unsolicited(_) => return None,
    };
    let step = case.step(next).filter(is_informed)?;
    let goes_on = match step.exchange.request {
        Request::Command(verb) => verb != Verb::Quit && !step.line().trim_ascii().is_empty(),
        Request::EndOfData => false,
        Request::AuthLine => true,
    };
    if !goes_on || step.exchange.before.inferred || !is_paired(case.session) {
        return None;
    }
    // Only the first of a session.
    let earlier = case.session.exchanges.get(..next.saturating_sub(1) as usize)?;
    let is_same = |one: &Exchange| one.reply.is_some_and(|reply| reply.code == Some(421));
    (!earlier.iter().any(is_same)).then(|| {
        let text = format!(
            "{} was sent after the 421 by which the server ended the session",
            step.exchange.request.name()
        );
        Hit::new(text).on(On::Command(next))
    })
}
