use super::DAY;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "stall-in-data",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Times, Need::Packets, Need::Content],
    rfc: Some("RFC 5321 §4.5.3.2.5"),
    title: "for a long time nothing came of a message that was being sent",
    help: "find out what held the client up: its own reading of the message, or the path",
    explanation: "\
For half a minute and more no new octet of the message came, and TCP shows no reason: the server's
window was open, and nothing was sent again. Then the client itself had nothing to send (it reads
the message from somewhere slow, waits for a filter, or hangs), or all that it sent was lost
before the place of the capture. RFC 5321 §4.5.3.2.5 lets a client wait three minutes for each
block; servers hang up after some minutes, and the whole message has to be sent again. Where TCP
shows the reason, stall-zero-window or stall-retransmission-timeout speaks instead.",
    bad: "\
# calm
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
c> hello
# pause 60s
c> more
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
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
c> hello
# wire zero-window server 60s
c> more
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Paused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let pauses = session.pauses.iter().filter(|pause| pause.content);
    let hits = pauses.filter_map(|pause| {
        let until = pause.until.at?;
        let all = case.stalls(Cause::ZeroWindow).chain(case.stalls(Cause::Timeout));
        // What TCP says of that time is said by rules of their own.
        let is_explained = all.into_iter().any(|(stall, _)| {
            let ends = stall.until.unwrap_or(case.end()).at;
            stall.from.at.is_some_and(|from| from < until)
                && ends.is_some_and(|end| end > pause.from)
        });
        if is_explained || until.since(pause.from) >= DAY {
            return None;
        }
        let hole = case.stalls(Cause::Hole).find(|(stall, _)| {
            stall.side == Side::Client
                && stall.from.at.is_some_and(|from| from >= pause.from && from <= until)
        });
        let why = match hole {
            Some(_) => "bytes before were lost, and came again only then",
            None => {
                "TCP shows no reason: the client had nothing to send, or it was lost on the way"
            }
        };
        let text =
            format!("nothing of the message came for {}: {why}", lasting(until.since(pause.from)));
        Some(Hit::new(text).on(On::Moment(pause.until)))
    });
    hits.take(1).collect()
}
