use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-keepalive",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 1122 §4.2.3.6"),
    title: "keep-alives were sent in an idle connection",
    help: "find out why nothing was said for so long",
    explanation: "\
A side that had heard nothing for a while asked with a keep-alive whether the other one is still
there (RFC 1122 §4.2.3.6). The connection was idle: the message says which part of the dialog had
to wait. RFC 1122 wants at least two hours before the first keep-alive; programs and load
balancers ask for less to keep NATs and firewalls from forgetting the connection. Probes of a
closed receive window look alike and are not counted here.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# wire keep-alive client 75s
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
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# pause 75s
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
    let Some((said, all, first)) = case.tell(|odd| odd.keep_alives) else { return Vec::new() };
    let (asked, during) = (count(all, "keep-alive"), case.during(first));
    let text = format!("{asked} ({said}): the connection was idle, first {during}");
    vec![Hit::new(text).on(On::Moment(first)).by(case.first_of(|odd| odd.keep_alives))]
}
