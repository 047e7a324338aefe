use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ip-fragment-overlap",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Packets],
    rfc: Some("RFC 5722"),
    title: "fragments of an IP datagram contradict each other",
    help: "capture on both sides, and find out who sent the second version",
    explanation: "\
Two fragments claim the same place in a datagram and differ there. No sender does that: RFC 5722
forbids overlaps in IPv6, and in IPv4 they come from broken stacks or from somebody who wants
the receiver and whoever watches to see different things. The version that came first is the one
that is read here.",
    bad: "\
# calm
# fragments 32
# contradict-frame 4
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
# calm
# fragments 32
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
    let found = input.trouble(Trouble::FragmentConflict)?;
    let (fragments, first) = (count(found.times, "IP fragment"), found.first.number);
    let text = format!("{fragments} with other bytes than one before (first: frame {first})");
    Some(Hit::new(text).first_at(first))
}
