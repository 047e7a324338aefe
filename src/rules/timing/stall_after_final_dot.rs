use super::{FINAL, STALL, duration, ends_message, gave_up, is_long, is_steady, sure, wait};
use crate::rules::prelude::*;

// rules.tsv: that the server had received it all, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "stall-after-final-dot",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::Whole],
    rfc: Some("RFC 5321 §4.5.3.2.6; RFC 1047"),
    title: "the server had the whole message and did not answer for a minute or more",
    help: "queue the message and answer, and do slow work after that",
    explanation: "\
RFC 1047 is about just this: between the final period and its reply both sides hold the message, and
if the client gives up there, or the connection breaks, it is delivered twice. The receiver should make
that time short. RFC 5321 §4.5.3.2.6 gives the server 10 minutes, but many clients wait for less.
Here the server took more than a minute over a message that it had received to the last octet: its
own reply shows that it had, or that it closed the connection with the message unanswered. Usual
causes: a content filter, a virus scanner or a delivery that is done before the reply. Where the
network lost packets of the client, the time may be the network's, and the finding is less sure.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> text
c> .
# pause 75s
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> text
c> .
# pause 45s
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::EndOfData, Request::Command(Verb::Bdat)], Fact::SlowReply, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let case = step.case;
    if !ends_message(step) {
        return None;
    }
    if let Some(took) = wait(step) {
        let is_so = is_long(took, STALL) && !is_long(took, FINAL) && is_steady(case.session);
        let answer = step.answer().filter(|_| is_so)?;
        let text = format!(
            "the server had the whole message and answered {} after the end of the data; a client \
             that gives up before sends the message again",
            duration(took)
        );
        return Some(Hit::new(text).on_answer(&answer).sure(sure(case)));
    }
    // Only the first that has none is waited for.
    let is_open = |step: &Step<'_>| step.exchange.reply.is_none();
    if !is_open(step) || step.previous().is_some_and(|before| is_open(&before)) {
        return None;
    }
    // That it had received the end and not answered it, its own end shows.
    let gave_up = gave_up(case).filter(|one| one.index == Some(step.index))?;
    let has_it = case.session.closing.as_ref()?.sides.server?.open;
    if !has_it || !is_long(gave_up.waited, STALL) || is_long(gave_up.waited, FINAL) {
        return None;
    }
    let text = format!(
        "the server had the whole message and did not answer in {}; then the client gave up",
        duration(gave_up.waited)
    );
    Some(Hit::new(text).sure(sure(case)))
}
