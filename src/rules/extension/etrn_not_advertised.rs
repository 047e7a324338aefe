use crate::rules::offers::unoffered_verb;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "etrn-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 1985"),
    title: "ETRN was sent to a server that does not offer it",
    help: "send ETRN only where the last EHLO reply offers it",
    explanation: "\
ETRN asks the server to begin delivery of the mail that it holds for a domain (RFC 1985); a
client may use what the server's EHLO reply offers, and nothing else (RFC 5321 §2.2.1). A server
without it answers 500 or 502, and the mail stays where it is. Usual causes: a fixed script that
fetches mail from a server that was replaced, or that sends HELO, which offers nothing. Some
servers take ETRN without offering it.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> ETRN example.org
s< 502 5.5.2 command not recognized
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 ETRN
c> ETRN example.org
s< 250 2.0.0 queuing started
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Etrn)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    unoffered_verb(step, "ETRN")
}
