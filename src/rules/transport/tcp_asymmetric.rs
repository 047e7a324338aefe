use crate::rules::input::session_one_sided::told;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-asymmetric",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "only one direction of sessions is in the capture",
    help: "capture where both directions pass: at the client, at the server, or on both links of a pair",
    explanation: "\
Only what the client sent, or only what the server sent, is in the capture; the other side's bytes
are acknowledged, so they were sent. That is what a capture sees where packets take another way
back (asymmetric routing, one link of a bonded pair, a mirror port for one direction). Rules about
the other side, and about how the two fit together, are not judged; the sessions' not_judged lists
which.",
    bad: "\
# only client
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
s< 554 mx.example.net no mail here
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    told(input)
}
