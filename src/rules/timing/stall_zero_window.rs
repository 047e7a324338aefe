use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "stall-zero-window",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Times, Need::Packets],
    rfc: Some("RFC 9293 §3.8.6"),
    title: "a side read nothing for a long time and closed its window",
    help: "find out what the program of that side was busy with",
    explanation: "\
A side announced a receive window of 0 for ten seconds and more: its program did not read, and the
other side could send nothing (RFC 9293 §3.8.6). Of a server while a message is sent that is mostly
a scanner or a disk that cannot keep up; of a client it is one that does not read replies. The
other side gives up after some minutes, and the message has to be sent again.",
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
# wire zero-window server 40s
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
# wire zero-window server 2s
c> more
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let hits = SIDES.into_iter().filter_map(|side| {
        let closed = case.closed_windows().filter(|(stall, _)| stall.side == side);
        let (stall, lapse, times, sum) = longest(closed)?;
        let more = if times > 1 {
            format!(", {} so, {} in all", often(times), lasting(sum))
        } else {
            String::new()
        };
        let over = if stall.until.is_none() { ", up to the end" } else { "" };
        let (name, long, during) = (side.name(), lasting(lapse), case.during(stall.from));
        let text = format!(
            "the {name} read nothing and kept its receive window closed for {long}{over}{more}, {during}"
        );
        Some(Hit::new(text).on(On::Moment(stall.from)).by(side))
    });
    hits.collect()
}
