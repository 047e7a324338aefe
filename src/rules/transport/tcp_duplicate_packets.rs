use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-duplicate-packets",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "the capture has packets twice",
    help: "mirror each link once, or remove the copies: editcap -d",
    explanation: "\
The same packet is in the capture twice within 2 ms, sooner than any sender would send it again.
That is how a mirror port looks that copies what comes in and what goes out, or one that sees a
packet before and behind a router or on two VLANs. The copies are not used, and are not counted as
segments sent again; other programs take them for retransmissions.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire duplicate
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
# end server-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire again 30ms
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
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some((said, all, first)) = case.tell(|odd| odd.duplicates) else { return Vec::new() };
    let packets = count(all, "packet");
    let text = format!("{packets} with data, SYN or FIN in the capture twice ({said})");
    vec![Hit::new(text).on(On::Moment(first))]
}
