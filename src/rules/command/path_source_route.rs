use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-source-route",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §3.6.1"),
    title: "a source route in a path",
    help: "give the mailbox alone, and leave the way to the DNS",
    explanation: "\
\"SMTP clients SHOULD NOT generate explicit source routes except under unusual circumstances\"
(RFC 5321 §3.6.1, Appendix C, F.2): the DNS has made them needless. It matches the syntax, and a
server must understand it; but it may refuse to relay, or drop the route and send to the last
address. Whoever sends one today is often looking for an open relay. Innocent: a debugging tool,
a very old gateway.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<@relay.example.net:bob@example.net>
s< 550 relaying denied
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    Some(Hit::new(format!(
        "source route {seen} in {verb}: clients SHOULD NOT send one, and servers may ignore or refuse it"
    )))
}
