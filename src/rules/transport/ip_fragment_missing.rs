use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ip-fragment-missing",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: Some("RFC 791 §3.2"),
    title: "fragments of IP datagrams are missing",
    help: "look for loss on the path; let TCP find out the size of packets (MSS, path MTU discovery)",
    explanation: "\
An IP datagram was sent in fragments, and not all of them are in the capture, so that what it
carried cannot be read. If the receiver lacked the fragment, too, TCP sends the whole segment again,
and the dialog is not harmed; else the capture lost it, and bytes of a session are missing. Only
datagrams are counted that may carry SMTP. Fragments are rare in TCP: a tunnel or a link with
smaller packets on the path breaks them up. Firewalls like to drop all but the first.",
    bad: "\
# calm
# fragments 32
# lose-frame 5
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
    let missing = input.trouble(Trouble::FragmentMissing)?;
    let (datagrams, first) = (count(missing.times, "IP datagram"), missing.first.number);
    let text = format!("{datagrams} without all fragments, not read (first: frame {first})");
    Some(Hit::new(text).first_at(first))
}
