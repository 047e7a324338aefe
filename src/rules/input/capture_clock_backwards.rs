use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "capture-clock-backwards",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "time stamps go back from one packet to the next",
    help: "keep the clock of the capturing machine steady, and sort the file by time: reordercap",
    explanation: "\
Packets stand in the file with an earlier time than the packet before them. Each interval that
such a step falls into is wrong by as much: response times, and delays that rules judge, are
unknown where they would be negative, and may be too short elsewhere. Steps of seconds come from
a clock that was set during the capture, or from files that were joined; steps of microseconds
are usual where a network card has several receive queues, or where a file holds several
interfaces, and are harmless.",
    bad: "\
# clock-back
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
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
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
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let clock = input.clock;
    let first = clock.back.first;
    (clock.back.times > 0).then(|| {
        Hit::new(format!(
            "the clock goes back {} in {} by up to {} us (first: frame {first}): intervals across \
             that are unknown or too short",
            count(clock.back.times, "time"),
            count(input.packets, "packet"),
            clock.most.micros(),
        ))
        .first_at(first)
    })
}
